"""Where a site's files stand: folders, buckets, servers, branches, hosts, behind one interface."""

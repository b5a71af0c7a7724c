"""The local web app: proofs in a browser, on this machine alone."""

"""What we say: the article, its renditions, and the checks on them. No network, no Prefect, no database."""

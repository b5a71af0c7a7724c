"""When, in what order, and what was done: Prefect flows, the ledger, the settings."""

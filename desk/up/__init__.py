"""Runs the press: a Prefect server, a worker, a tender, the desk; on one machine, or a worker beside."""

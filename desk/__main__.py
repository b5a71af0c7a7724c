"""`python -m desk` is `pressroom`."""

from desk.cli import main

main()

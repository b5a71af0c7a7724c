"""Ports for servers that must be told theirs."""

import random
import socket


def free() -> int:
    """A port that nobody listens at, below those that the system gives to anybody who asks for any."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port

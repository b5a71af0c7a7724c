"""Ports for servers that must be told theirs."""

import random
import socket
import time


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


def listens(port: int, seconds: float = 40) -> None:
    """Wait until somebody listens there."""
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < until, f"nothing listens at {port}"
            time.sleep(0.1)
        else:
            return

"""A real personal data server of Bluesky's, and a relay that may kill whoever speaks to it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests.ports import free
from tests.tools import PDS, pds_node, pds_packages

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, kw_only=True)
class Account:
    """Somebody with a repository on the server."""

    server: str
    handle: str
    did: str

    def records(self, collection: str = "app.bsky.feed.post") -> list[dict]:
        """What stands in the repository now, oldest first."""
        asked = {"repo": self.did, "collection": collection, "limit": 100, "reverse": "true"}
        found = httpx.get(f"{self.server}/xrpc/com.atproto.repo.listRecords", params=asked, timeout=20)
        return found.raise_for_status().json()["records"]

    def blob(self, cid: str) -> bytes:
        """A picture's bytes."""
        asked = {"did": self.did, "cid": cid}
        return httpx.get(f"{self.server}/xrpc/com.atproto.sync.getBlob", params=asked, timeout=20).content


@contextmanager
def serving() -> Iterator[str]:
    """The server's address, while it runs."""
    packages, port = pds_packages(), free()
    with tempfile.TemporaryDirectory() as folder:
        script = packages / "server.mjs"
        shutil.copy(PDS / "server.mjs", script)  # it finds its packages beside itself
        command = [pds_node(), str(script), str(port), str(free()), str(Path(folder) / "data")]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE)
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"ready\n"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait(20)
            process.stdout.close()


def account(server: str, name: str) -> Account:
    """Sign somebody up."""
    body = {"handle": f"{name}.test", "email": f"{name}@example.org", "password": PASSWORD}
    made = httpx.post(f"{server}/xrpc/com.atproto.server.createAccount", json=body, timeout=30)
    return Account(server=server, handle=f"{name}.test", did=made.raise_for_status().json()["did"])


@contextmanager
def relay(server: str, deadly: int) -> Iterator[tuple[str, list[int]]]:
    """An address that passes everything on. Whoever writes is killed instead of getting answer number `deadly`.

    The second thing is a list, for the process to be killed.
    """
    victims: list[int] = []
    writes = [0]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Be quiet."""

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            answer = httpx.request(self.command, server + self.path, content=body, headers=kept, timeout=20)
            writes[0] += self.path.endswith("repo.putRecord")
            if victims and self.path.endswith("repo.putRecord") and writes[0] == deadly:
                os.kill(victims.pop(), signal.SIGKILL)
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("content-type", "application/json"))
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = _pass_on  # noqa: N815 - names that http.server looks for

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as passing:
        thread = threading.Thread(target=passing.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{passing.server_port}", victims
        passing.shutdown()
        thread.join()

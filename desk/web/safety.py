"""Who may ask: this machine's own browser, on the desk's own pages, and nobody through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
READING = {"GET", "HEAD"}
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
    b"cache-control": b"no-store",
}


class Doorkeeper:
    """Lets in requests that name this host, and that no other site has caused; says to browsers what pages may do.

    A foreign name in `Host` is DNS rebinding; a foreign `Origin` or `Sec-Fetch-Site` is another site's page. Following
    a link to the desk from elsewhere is fine: it is a navigation, and reads nothing.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        why = refusal(scope)
        app = PlainTextResponse(why, status_code=403) if why else self._app

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *((n, v) for n, v in HEADERS.items() if n not in own)]
            await send(message)

        await app(scope, receive, marked)


def own(scope: Scope) -> bool:
    """Whether the browser itself says that a page of the desk has asked: needed where something is to be changed.

    For what the doorkeeper has let in: an `Origin` that is there is the desk's.
    """
    headers = dict(scope["headers"])
    return b"origin" in headers or headers.get(b"sec-fetch-site") == b"same-origin"


def refusal(scope: Scope) -> str:
    """Why a request is not let in; empty where it is."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    port = scope["server"][1] if scope.get("server") else ""
    hosts = {f"{name}:{port}" for name in LOOPBACK}
    if headers.get("host") not in hosts:
        return "This address is not the desk's. Open it as it was printed.\n"
    origin = headers.get("origin")
    if origin is not None and origin.removeprefix("http://") not in hosts:
        return "Another site's page asked for this.\n"
    navigates = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    # another port of this machine is another site to us, though browsers call it the same
    foreign = headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}
    if foreign and not (navigates and scope["method"] in READING):
        return "Another site's page asked for this.\n"
    return ""

"""The only place that turns HTTP into channel errors."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable, Uncertain

if TYPE_CHECKING:
    import httpx

    Peculiar = Callable[[httpx.Response, str], ChannelError | None]

# seconds; httpx itself is imported where a request is made, for a render makes none
PATIENCE, CONNECT = 30.0, 10.0
SAFE = {"GET", "HEAD", "OPTIONS"}
LOOKED_AT, SHOWN = 100_000, 300  # characters of an answer: read for what must not be shown, worth repeating
# they log every address, and the secrets of Telegram, Discord and what Apprise knows stand in theirs
for chatty in ("httpx", "httpcore", "urllib3"):
    logging.getLogger(chatty).setLevel(logging.WARNING)
ADDRESS = re.compile(r"[^\s@<>()\[\]{},;:\"']{1,64}@[^\s@<>()\[\]{},;:\"']{1,255}")


def client() -> httpx.Client:
    """A client as every adapter wants it: patient, no redirects (they would turn a POST into a GET)."""
    import httpx  # noqa: PLC0415

    return httpx.Client(
        timeout=httpx.Timeout(PATIENCE, connect=CONNECT), follow_redirects=False, headers={"User-Agent": "pressroom"}
    )


def send(
    channel: str,
    http: httpx.Client,
    method: str,
    url: str,
    *,
    secrets: tuple[str, ...] = (),
    peculiar: Peculiar = lambda _response, _detail: None,
    **request: Any,
) -> httpx.Response:
    """Send one request. Anything but success is raised as a `ChannelError`, with no secret in its words.

    `peculiar` knows the answers that mean something else on one platform than elsewhere.
    """
    import httpx  # noqa: PLC0415

    no_request = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeEncodeError)
    no_connection = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    try:
        response = http.request(method, url, **request)
    except no_request as error:
        # a token with a line break, an address without its https://
        raise Misconfigured(channel, f"the settings make no request ({type(error).__name__})") from None
    except no_connection as error:
        raise Unavailable(channel, clean(f"no connection: {error}", secrets)) from None
    except httpx.RequestError as error:
        raise Uncertain(channel, clean(f"the answer was lost: {error}", secrets)) from None
    if response.is_success:
        return response
    said = ADDRESS.sub("…", clean(" ".join(response.text[:LOOKED_AT].split()), secrets))
    detail = f"{response.status_code} {said[:SHOWN]}"
    raise peculiar(response, detail) or failure(channel, response, detail)


def failure(channel: str, response: httpx.Response, detail: str) -> ChannelError:
    """The error that an answer means everywhere."""
    match response.status_code:
        case 401 | 403 | 426:
            return Misconfigured(channel, detail)
        case 429:
            return Unavailable(channel, detail, retry_after=retry_after(response.headers))
        # a proxy says 503 as well when the answer to what it has passed on is lost; with a time to come back it is
        # the service itself that has not begun
        case 503 if "Retry-After" in response.headers or response.request.method in SAFE:
            return Unavailable(channel, detail, retry_after=retry_after(response.headers))
        case status if 300 <= status < 500:
            return Rejected(channel, detail)
        case _:
            return Uncertain(channel, detail)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `Retry-After` in either of its forms (RFC 9110 10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def clean(text: str, secrets: tuple[str, ...]) -> str:
    """Text without secrets, for platforms that echo them."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    return text

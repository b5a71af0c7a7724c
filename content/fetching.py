"""A web page from an address that somebody typed: never from a machine that only this one can reach."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import httpx

from content.findings import Finding, Refused

HOPS = 5
PER_STEP = 3600.0  # seconds; `fetch` ends the whole before any step of it
READ_AT_ONCE = 64 * 1024  # bytes; also the most that one step of unpacking may add
HEADERS = {
    "accept": "text/html, application/xhtml+xml, text/markdown, text/plain;q=0.9, */*;q=0.5",
    "accept-encoding": "gzip",
    "user-agent": "Pressroom",
}
# "": a server that names no type; the importer looks for itself
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TYPES = {"text/html", "application/xhtml+xml", "text/plain", "text/markdown", "text/x-markdown", WORD, ""}
PRIVATE_MEND = "Use --allow-private if you trust this address."

# What `ipaddress` may call global although it leads inside: clouds' metadata (Azure, Oracle), relays,
# and IPv4 in the clothes of IPv6 (NAT64, 6to4, Teredo)
INWARD = tuple(
    ipaddress.ip_network(net)
    for net in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16",
                "2001::/32", "::/96", "fec0::/10")
)  # fmt: skip

T = TypeVar("T")
Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What an address answered with; `url` is where the redirects ended."""

    url: str
    media_type: str  # as the server says it, with its charset
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    allow_private: bool
    max_bytes: int
    resolve: Resolve


def addresses_of(host: str, port: int) -> tuple[str, ...]:
    """The addresses that the system knows for a host. Raises `OSError` where there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def fetch(
    url: str,
    *,
    allow_private: bool = False,
    timeout: float = 20.0,
    max_bytes: int = 5 * 1024 * 1024,
    resolve: Resolve = addresses_of,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Fetched:
    """Read one page within `timeout` seconds in all and `max_bytes` unpacked. Raises `Refused`.

    Call it from a thread without a running event loop.
    """
    rules = _Rules(allow_private=allow_private, max_bytes=max_bytes, resolve=resolve)
    try:
        return asyncio.run(asyncio.wait_for(_follow(url, rules, transport, _page), timeout))
    except TimeoutError as error:
        why = f"The page did not arrive whole within {timeout:g} seconds."
        raise _refused("timeout", url, why, "Try again later, or save the page and import the file.") from error


def probe(url: str, *, allow_private: bool = False, timeout: float = 15.0, resolve: Resolve = addresses_of) -> int:
    """The status with which an address answers in the end; its body is not read. Raises `Refused` where none comes."""
    rules = _Rules(allow_private=allow_private, max_bytes=0, resolve=resolve)
    try:
        return asyncio.run(asyncio.wait_for(_follow(url, rules, None, _status), timeout))
    except TimeoutError as error:
        raise _refused("timeout", url, f"No answer came within {timeout:g} seconds.") from error


def is_private(address: str) -> bool:
    """Whether an address leads to this machine, its network, or a service of its cloud."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    inward = any(ip.version == net.version and ip in net for net in INWARD)
    return inward or ip.is_multicast or ip.is_reserved or not ip.is_global


async def _follow(
    start: str, rules: _Rules, transport: httpx.AsyncBaseTransport | None, take: Callable[..., Awaitable[T]]
) -> T:
    # the proxy that the environment names would connect for us, to wherever it likes
    # nor may a second name at the first one's address share its TLS connection, checked for the first name
    limits = httpx.Limits(max_keepalive_connections=0)
    client = httpx.AsyncClient(trust_env=False, transport=transport, timeout=PER_STEP, headers=HEADERS, limits=limits)
    url = start
    async with client:
        for _ in range(HOPS + 1):
            here = _checked(url)
            answer = await _ask(client, here, rules)
            try:
                if not answer.has_redirect_location:
                    return await take(answer, here, rules)
                url = _next(here, answer.headers["location"])
                # httpx knows a site by the address alone: another name there would be shown its cookies
                client.cookies.clear()
            finally:
                await answer.aclose()
    raise _refused("redirects", start, f"The page redirects more than {HOPS} times.")


def _checked(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url.strip())
        _check_port(parsed.port)
    except (httpx.InvalidURL, ValueError) as error:
        raise _refused("invalid", "", "The web address can't be read.", "Write https://example.org/page.") from error
    if parsed.userinfo:
        why = "The web address holds a user name or a password."
        raise _refused("credentials", "", why, "Leave out what stands before the @.")
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        why = "Only addresses that begin with http:// or https:// are fetched."
        # `http:me:secret@host` has no host, and still a password
        raise _refused("scheme", "" if "@" in url else url, why, "Give a file by its path.")
    return parsed.copy_with(fragment=None)


def _check_port(port: int | None) -> None:
    if port is not None and not 0 < port < 65536:
        raise ValueError("no such port")


def _next(here: httpx.URL, location: str) -> str:
    try:
        return str(here.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        why = "The page redirects to an address that can't be read."
        raise _refused("invalid", str(here), why) from error


async def _ask(client: httpx.AsyncClient, url: httpx.URL, rules: _Rules) -> httpx.Response:
    """Connect to the very address that was checked: asked a second time, a name could say another."""
    failure: httpx.TransportError | None = None
    for address in await _addresses(url, rules):
        request = client.build_request(
            "GET",
            url.copy_with(host=address),
            headers={"host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )
        try:
            return await client.send(request, stream=True)
        except httpx.ConnectError as error:
            failure = error
        except httpx.TransportError as error:
            raise _unreachable(url, error) from error
    raise _unreachable(url, failure) from failure


async def _addresses(url: httpx.URL, rules: _Rules) -> Sequence[str]:
    host, port = url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)
    try:
        found = await _resolved(rules.resolve, host, port)
        private = [address for address in found if is_private(address)]
    except (OSError, ValueError) as error:
        why, mend = f"The host '{url.host}' is not known.", "Look for a typing mistake in the address."
        raise _refused("host", str(url), why, mend) from error
    if private and not rules.allow_private:
        why = f"'{url.host}' is an address of this machine or of a private network ({private[0]})."
        raise _refused("private", str(url), why, PRIVATE_MEND)
    return found


async def _resolved(resolve: Resolve, host: str, port: int) -> Sequence[str]:
    # a pool's thread would be waited for when the program ends, and a dead name server answers after minutes
    answer: Future[Sequence[str]] = Future()
    answer.set_running_or_notify_cancel()  # nobody may cancel it, or there would be nowhere to put a late answer

    def ask() -> None:
        try:
            answer.set_result(resolve(host, port))
        except (OSError, ValueError) as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()
    return await asyncio.wrap_future(answer)


async def _status(answer: httpx.Response, _url: httpx.URL, _rules: _Rules) -> int:
    return answer.status_code


async def _page(answer: httpx.Response, url: httpx.URL, rules: _Rules) -> Fetched:
    if answer.status_code != httpx.codes.OK:
        said = f"{answer.status_code} {answer.reason_phrase}".strip()
        raise _refused("status", str(url), f"The server answered {said}.", "Open the address in a browser first.")
    encoding = _encoding(answer, url)
    _check_type(answer, url)
    data = bytearray()
    try:
        async for piece in _pieces(answer, packed=encoding != "identity"):
            data += piece
            if len(data) > rules.max_bytes:
                raise _too_large(url, rules.max_bytes)
    except (httpx.TransportError, zlib.error) as error:
        raise _refused("broken", str(url), "The page broke off, or is packed wrongly.", "Try again.") from error
    return Fetched(url=str(url), media_type=answer.headers.get("content-type", ""), data=bytes(data))


def _check_type(answer: httpx.Response, url: httpx.URL) -> None:
    named = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if named not in TYPES:
        why = f"The address leads to {named[:60]!r}, not to a text."
        raise _refused("type", str(url), why, "Web pages, Markdown, plain text and Word files (.docx) can be imported.")


def _encoding(answer: httpx.Response, url: httpx.URL) -> str:
    encoding: str = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        why = f"The page is packed as {encoding[:40]!r}, which was not asked for."
        raise _refused("encoding", str(url), why, "Save the page and import the file.")
    return encoding


async def _pieces(answer: httpx.Response, *, packed: bool) -> AsyncIterator[bytes]:
    """The page unpacked in small steps: httpx would unpack a kilobyte to a megabyte before it could be counted."""
    unpack = zlib.decompressobj(wbits=31)
    async for raw in answer.aiter_raw(READ_AT_ONCE):
        rest = raw if packed else b""
        if not packed:
            yield raw
        while rest and not unpack.eof:
            yield unpack.decompress(rest, READ_AT_ONCE)
            rest = unpack.unconsumed_tail
    if packed and not unpack.eof:
        raise zlib.error("the packed page ends too early")


def _unreachable(url: httpx.URL, error: httpx.TransportError | None) -> Refused:
    why = f"No connection to '{url.host}': {error or 'it has no address'}."
    return _refused("unreachable", str(url), why, "Try again later, or save the page and import the file.")


def _too_large(url: httpx.URL, limit: int) -> Refused:
    why = f"The page has more than {limit:,} bytes."
    return _refused("size", str(url), why, "Save the text of the page and import the file.")


def _refused(rule: str, url: str, why: str, mend: str = "") -> Refused:
    finding = Finding(rule=f"import.url.{rule}", severity="block", why=why, mend=mend, file=url or "the address")
    return Refused([finding])

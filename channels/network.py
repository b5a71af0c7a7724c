"""What social networks share: a thread is sent part by part, each answering the one before."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from channels.base import Channel, Parcel, Receipt
from channels.errors import ChannelError, Misconfigured, Rejected, Uncertain, Unsupported
from channels.http import client, send
from content.findings import Finding
from content.post import Post

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One request of a network's API, without its credentials."""

    method: str
    url: str
    body: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Remote:
    """One part as the network knows it."""

    id: str
    url: str


class Network(Channel[Post]):
    """A channel whose posts go out one request a part."""

    form = Post

    def __init__(self, account: str = "", http: httpx.Client | None = None) -> None:
        super().__init__(account)
        self._http = http

    @property
    @abstractmethod
    def configured(self) -> bool:
        """Whether the account has what it needs to send."""

    @abstractmethod
    def message(self, post: Post, number: int, earlier: tuple[str, ...], key: str) -> Message:
        """The request for part `number` (from 0), answering those with the ids `earlier`. Pure."""

    @abstractmethod
    def deliver(self, message: Message) -> Remote:
        """Send one request. Raises `ChannelError`."""

    def publish(self, rendition: Post, key: str) -> Receipt:
        """Send every part. An error in the middle of a thread carries what was sent so far."""
        if not self.configured:
            raise Misconfigured(self.account, "no account is set up; `pressroom doctor` says what is missing")
        if len(rendition.parts) > self.can.limits.parts:
            raise Unsupported(self.account, f"can't send a thread of {len(rendition.parts)} parts")
        sent: list[Remote] = []
        for number in range(len(rendition.parts)):
            try:
                message = self.message(rendition, number, tuple(remote.id for remote in sent), key)
                sent.append(self.deliver(message))
            except ChannelError as error:
                if sent:
                    error.sent = self.receipt(rendition, sent)
                raise
        return self.receipt(rendition, sent)

    def call(self, method: str, url: str, **request: Any) -> httpx.Response:
        """One request with the account's credentials. Raises `ChannelError`, free of secrets."""
        self._http = self._http or client()
        headers = {**self.credentials(), **request.pop("headers", {})}
        request |= {"headers": headers, "secrets": self.secrets(), "peculiar": self.failure}
        return send(self.account, self._http, method, url, **request)

    def close(self) -> None:
        """Close the client; the next call makes another."""
        if self._http:
            self._http.close()
            self._http = None

    def told(self, response: httpx.Response, *names: str) -> str:
        """A value of an answer's JSON. Raises `Uncertain` where it is not there: what was done?"""
        value = self.read(response)
        with self.understood(".".join(names)):
            for name in names:
                value = value[name]
        return str(value)

    @contextmanager
    def understood(self, wanted: str) -> Iterator[None]:
        """Where an answer is taken apart: one of another shape is raised as `Uncertain`."""
        try:
            yield
        except (AttributeError, LookupError, TypeError):
            raise Uncertain(self.account, f"the answer has no {wanted}") from None

    def read(self, response: httpx.Response) -> Any:
        """An answer's JSON. Raises `Uncertain` for anything else: a proxy's page says nothing."""
        try:
            return response.json()
        except ValueError:
            raise Uncertain(self.account, "the answer is no JSON") from None

    def secrets(self) -> tuple[str, ...]:
        """What no message may repeat."""
        return tuple(value.removeprefix("Bearer ") for value in self.credentials().values())

    def failure(self, _response: httpx.Response, _detail: str) -> ChannelError | None:
        """The error of an answer that means something else here; None where it does not."""
        return None

    @abstractmethod
    def credentials(self) -> dict[str, str]:
        """The headers that open the account."""

    def found(self, rendition: Post, there: list[Remote]) -> Receipt | None:
        """What a read-back means. Raises `Uncertain`, with what is there, if some parts lack."""
        if not there:
            return None
        receipt = self.receipt(rendition, there)
        if len(there) == len(rendition.parts):
            return receipt
        seen = f"{len(there)} of {len(rendition.parts)} parts are there"
        raise Uncertain(self.account, seen, sent=receipt)

    def same_parts(self, receipt: Receipt, rendition: Post) -> None:
        """An edit can't add or drop a part of a thread. Raises `Unsupported`."""
        if len(receipt.remote_ids) != len(rendition.parts):
            change = f"it has {len(receipt.remote_ids)} parts, not {len(rendition.parts)}"
            raise Unsupported(self.account, f"can't correct the thread: {change}")

    def gone_is_fine(self, delete: Callable[[], object]) -> None:
        """Deleting what is gone is no error."""
        try:
            delete()
        except Rejected as error:
            if not error.detail.startswith(("404", "410")):
                raise

    def examined(self, ask: Callable[[], object]) -> list[Finding]:
        """What a question to the platform says of the account."""
        try:
            ask()
        except ChannelError as error:
            why = f"The account does not answer as it should: {error.detail}."
            return [Finding(rule="account.refused", severity="block", why=why, channel=self.account)]
        return []

    def missing(self, *fields: str) -> list[Finding]:
        """No account is set up: which variables would do so."""
        prefix = "PRESSROOM_" + re.sub(r"\W+", "_", self.account).upper() + "_"
        names = ", ".join(prefix + field.upper() for field in fields)
        why = f"{self.title} goes to the outbox: no account is set up."
        return [
            Finding(
                rule="account.missing",
                severity="info",
                why=why,
                mend=f"Set {names}.",
                channel=self.account,
            )
        ]

    def receipt(self, rendition: Post, sent: list[Remote]) -> Receipt:
        """Proof of what was sent."""
        return Receipt(
            channel=self.account,
            remote_ids=tuple(remote.id for remote in sent),
            url=sent[0].url,
            digest=rendition.digest,
            sent_at=datetime.now(UTC),
        )

    def parcel(self, rendition: Post, key: str) -> Parcel:
        """The requests as JSON, the words as text, the pictures as files."""
        earlier = tuple(f"(id of part {number})" for number in range(1, len(rendition.parts) + 1))
        messages = [self.message(rendition, n, earlier[:n], key) for n in range(len(rendition.parts))]
        requests = [{"method": m.method, "url": m.url, "headers": dict(m.headers), "json": m.body} for m in messages]
        text = "\n\n---\n\n".join(part.text for part in rendition.parts) + "\n"
        pictures = [image for part in rendition.parts for image in part.images]
        if rendition.card.image:
            pictures.append(rendition.card.image)
        files = {
            "post.txt": text.encode(),
            "request.json": json.dumps(requests, ensure_ascii=False, indent=2).encode() + b"\n",
            **{f"images/{image.path}": image.data for image in pictures},
        }
        return Parcel(files=tuple(files.items()), opens="post.txt")


def bears(text: str, link: str) -> bool:
    """Whether a text carries a delivery's own link, and not one that only begins like it."""
    # networks rewrite host and path (Punycode, a slash more); what we track by stands in the query
    mark = urlsplit(link).query or link
    return re.search(re.escape(mark) + r"(?![\w%&=~+-]|\.\w)", text) is not None

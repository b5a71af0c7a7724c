"""What social networks share: a thread is sent part by part, each answering the one before."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from channels.base import Parcel, Receipt
from channels.errors import ChannelError, Misconfigured, Uncertain, Unsupported
from channels.service import Service
from content.post import Post


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


class Network(Service[Post]):
    """A channel whose posts go out one request a part."""

    form = Post

    @abstractmethod
    def message(self, post: Post, number: int, earlier: tuple[str, ...], key: str) -> Message:
        """The request for part `number` (from 0), answering those with the ids `earlier`. Pure."""

    @abstractmethod
    def deliver(self, message: Message) -> Remote:
        """Send one request. Raises `ChannelError`."""

    def publish(self, rendition: Post, key: str, prepared: str = "") -> Receipt:
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

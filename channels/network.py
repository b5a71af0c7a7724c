"""What social networks share: a thread is sent part by part, each answering the one before."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from channels.base import Parcel, Receipt
from channels.errors import ChannelError, Duplicate, Rejected, Unavailable, Uncertain, Unsupported
from channels.service import Service
from content.measures import LINK
from content.post import Post

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from content.rendition import Asset

PAGES = 20  # that a read-back turns before it leaves the question to a person
LIKENESS = 0.6  # of two texts' letters and figures, from 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One request of a network's API, without its credentials. With `files`, the body goes as a form beside them."""

    method: str
    url: str
    body: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, Asset], ...] = ()  # the form's field, and the picture in it


@dataclass(frozen=True, slots=True)
class Remote:
    """One part as the network knows it."""

    id: str
    url: str


class Network(Service[Post]):
    """A channel whose posts go out one request a part, their pictures before them."""

    form = Post

    @abstractmethod
    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """The request for part `number` (from 0), answering those with the ids `earlier`. Pure.

        `pictures` are what `upload` gave for each of `carried`.
        """

    @abstractmethod
    def deliver(self, message: Message) -> Remote:
        """Send one request. Raises `ChannelError`."""

    def carried(self, post: Post, number: int) -> tuple[Asset, ...]:
        """The pictures of a part that are uploaded before it. Pure."""
        return ()

    def upload(self, picture: Asset) -> str:
        """Bring one picture to the network, where nobody sees it yet. Raises `ChannelError`."""
        raise Unsupported(self.account, "takes no pictures")

    def publish(self, rendition: Post, key: str, prepared: str = "") -> Receipt:
        """Send every part. An error in the middle of a thread carries what was sent so far."""
        return self._send(rendition, key, [])

    def resume(self, rendition: Post, key: str, sent: Receipt) -> Receipt:
        """Send the parts that a broken thread lacks. Raises `ChannelError`."""
        return self._send(rendition, key, [Remote(remote_id, sent.url) for remote_id in sent.remote_ids])

    def _send(self, rendition: Post, key: str, sent: list[Remote]) -> Receipt:
        self.must_be_set_up()
        if len(rendition.parts) > self.can.limits.parts:
            raise Unsupported(self.account, f"can't send a thread of {len(rendition.parts)} parts")
        for number in range(len(sent), len(rendition.parts)):
            try:
                earlier = tuple(remote.id for remote in sent)
                sent.append(self.deliver(self.prepared(rendition, number, earlier, key)))
            except ChannelError as error:
                if sent and not isinstance(error, Duplicate):  # which names what it knows itself
                    error.sent = self.receipt(rendition, sent)
                raise
        return self.receipt(rendition, sent)

    def prepared(self, post: Post, number: int, earlier: tuple[str, ...], key: str) -> Message:
        """The request for a part whose pictures are at the network. Raises `ChannelError`; nothing was posted then."""
        pictures = tuple(map(self._uploaded, self.carried(post, number)))
        return self.message(post, number, earlier, pictures, key)

    def _uploaded(self, picture: Asset) -> str:
        """A picture more than wanted harms nobody: whatever became of it, nothing was posted."""
        try:
            return self.upload(picture)
        except Uncertain as error:
            raise Unavailable(self.account, f"the picture '{picture.path}' was not taken: {error.detail}") from error
        except Rejected as error:
            raise Rejected(self.account, f"the picture '{picture.path}' was refused: {error.detail}") from error

    def put(self, message: Message) -> httpx.Response:
        """The request as it goes over the wire: JSON, or a form with its files. Raises `ChannelError`."""
        headers = dict(message.headers)
        if not message.files:
            return self.call(message.method, message.url, json=message.body, headers=headers)
        form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in message.body.items()}
        files = [(field, (picture.path, picture.data, picture.media_type)) for field, picture in message.files]
        return self.call(message.method, message.url, data=form, files=files, headers=headers)

    def found(self, rendition: Post, there: list[Remote]) -> Receipt | None:
        """What a read-back means. Raises `Uncertain`, with what is there, if some parts lack."""
        if not there:
            return None
        receipt = self.receipt(rendition, there)
        if len(there) == len(rendition.parts):
            return receipt
        seen = f"{len(there)} of {len(rendition.parts)} parts are there"
        raise Uncertain(self.account, seen, sent=receipt)

    def paged(self, ask: Callable[[str], tuple[list[dict[str, Any]], str]]) -> list[dict[str, Any]]:
        """A list, page by page. `ask` gives the page at a mark and the mark of the next one, "" after the last.

        Raises `Unsupported` where the list goes on and on: what was not seen there might be there yet.
        """
        found: list[dict[str, Any]] = []
        mark = ""
        for _ in range(PAGES):
            page, mark = ask(mark)
            found += page
            if not mark:
                return found
        raise Unsupported(self.account, f"can't look through more than {len(found)} posts")

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
        requests = [_shown(self._drafted(rendition, n, earlier[:n], key)) for n in range(len(rendition.parts))]
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

    def _drafted(self, rendition: Post, number: int, earlier: tuple[str, ...], key: str) -> Message:
        pictures = tuple(f"(id of {picture.path})" for picture in self.carried(rendition, number))
        return self.message(rendition, number, earlier, pictures, key)


def _shown(message: Message) -> dict[str, Any]:
    shown = {"method": message.method, "url": message.url, "headers": dict(message.headers), "json": message.body}
    files = [{"field": field, "file": f"images/{picture.path}"} for field, picture in message.files]
    return {**shown, "files": files} if files else shown


def bears(text: str, link: str) -> bool:
    """Whether a text carries a delivery's own link, and not one that only begins like it."""
    # networks rewrite host and path (Punycode, a slash more); what we track by stands in the query
    mark = urlsplit(link).query or link
    return re.search(re.escape(mark) + r"(?![\w%&=~+-]|\.\w)", text) is not None


def follow(
    first: list[dict[str, Any]],
    replies: list[dict[str, Any]],
    post: Post,
    *,
    parent: Callable[[dict[str, Any]], Any],
    said: Callable[[dict[str, Any]], str],
) -> list[dict[str, Any]]:
    """A thread from its first part on: what answers the one before in the words of the next part. Others answer too."""
    there = [*first]
    for part in post.parts[1:] if there else ():
        answers = [reply for reply in replies if parent(reply) == there[-1]["id"] and alike(said(reply), part.text)]
        if not answers:
            break
        there.append(answers[-1])
    return there


def alike(said: str, text: str) -> bool:
    """Whether a network shows a text, whatever it makes of mentions, links and emoji."""
    bare = (LINK.sub("", words).casefold() for words in (said, text))
    one, other = ("".join(filter(str.isalnum, words)) for words in bare)
    return SequenceMatcher(None, one, other, autojunk=False).ratio() > LIKENESS

"""A post as Bluesky's lexicon has it: records, the keys they stand under, facets, embeds.

https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import regex

from content.measures import link_spans

if TYPE_CHECKING:
    from content.post import Part, Post
    from content.rendition import Asset

POST = "app.bsky.feed.post"
BASE32 = "234567abcdefghijklmnopqrstuvwxyz"  # the TID alphabet, in sorting order
HASHTAG = regex.compile(r"(?<![\w#/&])#(\w*[^\W\d_]\w*)")
MENTION = regex.compile(
    r"(?<![\w@/.])@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9])"
)
EPOCH = datetime(2023, 1, 1, tzinfo=UTC)
SPREAD = timedelta(days=730)  # record keys lie in 2023 and 2024: servers may refuse keys from the future
MENTIONED = ("(did of ", ")")  # stands around a handle until it is resolved
# kind of facet, what it looks like, its field, and what stands around the name in it
NAMED = (("tag", HASHTAG, "tag", ("", "")), ("mention", MENTION, "did", MENTIONED))
YOUR_DID, YOUR_CID, NOW = "(did of the account)", "(cid of that part)", "(time of sending)"


def record_key(key: str, number: int) -> str:
    """A TID (13 sortable characters) made of the delivery's key and the part's number alone.

    https://atproto.com/specs/tid: 53 bits of microseconds, 10 bits of a clock id.
    """
    drawn = int(sha256(key.encode()).hexdigest(), 16)
    microseconds = int(EPOCH.timestamp()) * 1_000_000 + drawn % (SPREAD // timedelta(microseconds=1)) + number
    value = microseconds << 10 | drawn >> 64 & 1023
    return "".join(BASE32[value >> shift & 31] for shift in range(60, -1, -5))


def facets(part: Part) -> list[dict[str, Any]]:
    """Links, hashtags and mentions with their offsets in UTF-8 bytes."""
    text = part.text
    found = [(_link(mark.url), mark.start, mark.end) for mark in part.marks]
    taken = [range(start, end) for _, start, end in found]
    found += [(_link(text[a:b]), a, b) for a, b in link_spans(text) if not any(a in link for link in taken)]
    links = [range(start, end) for _, start, end in found]
    # the anchor of a link is no hashtag, and a mail address no mention
    for kind, pattern, field, (start, end) in NAMED:
        for name in pattern.finditer(text):
            if not any(name.start() in link for link in links):
                feature = {"$type": f"app.bsky.richtext.facet#{kind}", field: start + name[1] + end}
                found.append((feature, *name.span()))
    return [
        {
            "index": {"byteStart": len(text[:start].encode()), "byteEnd": len(text[:end].encode())},
            "features": [feature],
        }
        for feature, start, end in sorted(found, key=lambda item: item[1])
    ]


def _link(address: str) -> dict[str, str]:
    return {"$type": "app.bsky.richtext.facet#link", "uri": address}


def blob(cid: str, picture: Asset) -> dict[str, Any]:
    return {
        "$type": "blob",
        "ref": {"$link": cid},
        "mimeType": picture.media_type,
        "size": len(picture.data),
    }


def embed(post: Post, number: int, blobs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Pictures where the part has some; else the link's card below the first part."""
    if own := post.parts[number].images:
        shown = [
            {"alt": picture.alt, "image": blob, "aspectRatio": {"width": picture.width, "height": picture.height}}
            for picture, blob in zip(own, blobs, strict=True)
        ]
        return {"$type": "app.bsky.embed.images", "images": shown}
    if number:
        return None
    card = post.card
    thumb = {"thumb": blobs[0]} if blobs else {}
    external = {"uri": card.url, "title": card.title, "description": card.description, **thumb}
    return {"$type": "app.bsky.embed.external", "external": external}


def place(rkey: str) -> dict[str, str]:
    return {"collection": POST, "rkey": rkey}


def reference(remote_id: str) -> dict[str, str]:
    uri, _, cid = remote_id.partition(" ")
    return {"uri": uri, "cid": cid or YOUR_CID}


def key_of(remote_id: str) -> str:
    return remote_id.split(maxsplit=1)[0].rpartition("/")[2]

"""A PDS as far as a post record goes, strict as the lexicon is, and with a PDS's own error answers."""

from __future__ import annotations

import json
import re
from datetime import datetime
from hashlib import sha256
from typing import Any

from pydantic import SecretStr

from channels.bluesky import BlueskySettings
from content.measures import graphemes
from tests.channels.fakes.server import Answer, Fake, Request

PASSWORD = "abcd-efgh-ijkl-mnop"
DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
FRIEND = "did:plc:friend7nxzyoun6zhxrhs64o"
TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
POST = "app.bsky.feed.post"
FIELDS = {"$type", "text", "langs", "createdAt", "facets", "embed", "reply"}


class Platform(Fake):
    """One account on its PDS."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, dict[str, Any]] = {}
        self.blobs: dict[str, bytes] = {}
        self.token = ""  # a session's, where the numbered one won't do
        self.session = 0
        self.expired = 0  # sessions up to this one have run out

    @property
    def secrets(self) -> tuple[str, ...]:
        return (PASSWORD, f"access-jwt-{self.session}", f"refresh-jwt-{self.session}")

    def settings(self) -> BlueskySettings:
        return BlueskySettings(server=self.url, handle="clinic.test", password=SecretStr(PASSWORD))

    def texts(self) -> list[str]:
        return [record["text"] for record in self.records.values()]

    def pictures(self) -> list[tuple[bytes, str]]:
        shown = [i for record in self.records.values() for i in record.get("embed", {}).get("images", [])]
        return [(self.blobs[image["image"]["ref"]["$link"]], image["alt"]) for image in shown]

    def uploads(self, request: Request) -> bool:
        return request.path == "/xrpc/com.atproto.repo.uploadBlob"

    def creates(self, request: Request) -> bool:
        return request.path == "/xrpc/com.atproto.repo.putRecord"

    def handle(self, request: Request) -> Answer:  # noqa: C901 - one branch a call
        name = request.path.removeprefix("/xrpc/com.atproto.")
        if name == "server.createSession":
            return self._log_in(request.json)
        if name == "repo.getRecord":
            return self._get(request.query)
        if name == "identity.resolveHandle":
            known = request.query["handle"] == "friend.test"
            return Answer(json={"did": FRIEND}) if known else _no("InvalidRequest", "Unable to resolve handle")
        token = request.headers.get("authorization", "").removeprefix("Bearer access-jwt-")
        if not token.isdigit() or int(token) > self.session:
            return _no("InvalidToken", "Token could not be verified")
        if int(token) <= self.expired:
            return _no("ExpiredToken", "Token has expired")
        if request.json is not None and request.json["repo"] != DID:
            return _no("InvalidRequest", f"Could not find repo: {request.json['repo']}")
        if name == "repo.uploadBlob":
            return self._upload(request)
        if name == "repo.deleteRecord":
            self.records.pop(request.json["rkey"], None)
            return Answer(json={})
        return self._put(request.json)

    def _log_in(self, body: dict[str, str]) -> Answer:
        if body != {"identifier": "clinic.test", "password": PASSWORD}:
            message = f"Invalid identifier or password {body['password']}"
            return Answer(status=401, json={"error": "AuthenticationRequired", "message": message})
        self.session += 1
        _, access, refresh = self.secrets
        tokens = {"accessJwt": self.token or access, "refreshJwt": refresh}
        return Answer(json={"did": DID, "handle": "clinic.test", **tokens})

    def _get(self, query: dict[str, str]) -> Answer:
        if query["rkey"] not in self.records:
            return _no("RecordNotFound", f"Could not locate record: {query['rkey']}")
        return Answer(json=self._named(query["rkey"], value=self.records[query["rkey"]]))

    def _upload(self, request: Request) -> Answer:
        media_type = request.headers.get("content-type", "")
        if not media_type.startswith("image/"):
            self.faults.append(f"a picture of the type {media_type}")
        cid = "bafkrei" + sha256(request.data).hexdigest()[:52]
        self.blobs[cid] = request.data
        blob = {"$type": "blob", "ref": {"$link": cid}, "mimeType": media_type, "size": len(request.data)}
        return Answer(json={"blob": blob})

    def _put(self, body: dict[str, Any]) -> Answer:
        wrong = [*_faults(body["record"]), *self._blob_faults(body["record"].get("embed", {}))]
        if body["collection"] != POST or not TID.fullmatch(body["rkey"]):
            wrong.append(f"no TID: {body['rkey']}")
        if wrong:
            self.faults += wrong
            return _no("InvalidRequest", "; ".join(wrong))
        self.records[body["rkey"]] = body["record"]
        return Answer(json=self._named(body["rkey"], validationStatus="valid"))

    def _blob_faults(self, embed: dict[str, Any]) -> list[str]:
        blobs = [shown["image"] for shown in embed.get("images", [])]
        blobs += [embed["external"]["thumb"]] if "thumb" in embed.get("external", {}) else []
        kept = [len(self.blobs.get(blob["ref"]["$link"], b"")) for blob in blobs]
        return ["not the blob that was uploaded"] if kept != [blob["size"] for blob in blobs] else []

    def _named(self, rkey: str, **more: Any) -> dict[str, Any]:
        bytes_ = json.dumps(self.records[rkey], sort_keys=True).encode()
        cid = "bafyrei" + sha256(bytes_).hexdigest()[:52]
        return {"uri": f"at://{DID}/{POST}/{rkey}", "cid": cid, **more}


def _no(error: str, message: str) -> Answer:
    return Answer(status=400, json={"error": error, "message": message})


def _faults(record: dict[str, Any]) -> list[str]:
    """What the lexicon has against a post."""
    text, size = record["text"], len(record["text"].encode())
    found = [f"unknown field {name}" for name in set(record) - FIELDS]
    if record["$type"] != POST or len(record["langs"]) > 3:
        found.append("type or languages")
    if graphemes(text) > 300 or size > 3000:
        found.append("text too long")
    if not record["createdAt"].endswith("Z") or not datetime.fromisoformat(record["createdAt"]):
        found.append("createdAt is no time")
    for facet in record.get("facets", []):
        found += _facet_faults(facet, text.encode())
    for end in record.get("reply", {}).values():
        if set(end) != {"uri", "cid"} or not end["cid"].startswith("bafyrei"):
            found.append(f"no reference: {end}")
    return found


def _facet_faults(facet: dict[str, Any], text: bytes) -> list[str]:
    """A facet must cover just the words that it stands for. (A PDS would take any range.)"""
    covered = text[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(errors="replace")
    [feature] = facet["features"]
    if "did" in feature:
        return [] if (covered, feature["did"]) == ("@friend.test", FRIEND) else [f"{covered} is not {feature}"]
    if "uri" in feature and "://" not in covered and covered.strip() == covered != "":
        return []  # words that lead somewhere
    meant = feature.get("uri") or f"#{feature['tag']}"
    return [] if covered == meant else [f"the facet of {meant} covers {covered}"]

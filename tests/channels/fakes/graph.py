"""What the fakes of Meta's networks share: errors in Meta's envelope."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.channels.fakes.server import Answer, Request

# by HTTP status, the code that Meta gives with it
CODES = {400: 100, 401: 190, 403: 200, 404: 100, 422: 100, 429: 4, 500: 1, 503: 2}


def turned(request: Request, newest: list[dict[str, Any]], *, endless: bool = False) -> Answer:
    """A page of an edge. The address of the next one holds the token, as Meta's does."""
    begin = int(request.query.get("after", "0"))
    following = begin + int(request.query.get("limit", "25"))
    asked = {**request.query, "after": str(following), "access_token": "the-token-in-an-address"}
    paging: dict[str, Any] = {"cursors": {"after": str(following)}}
    if endless or following < len(newest):
        paging["next"] = f"https://graph.example.org{request.path}?{urlencode(asked)}"
    return Answer(json={"data": newest[begin:following], "paging": paging})


def refusal(
    status: int, code: int, message: str, headers: dict[str, str] | None = None, *, subcode: int = 0, **more: Any
) -> Answer:
    """An error in Meta's envelope."""
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbCdEf", **more}
    if subcode:
        error["error_subcode"] = subcode
    return Answer(status=status, json={"error": error}, headers=headers or {})


def missing(node: str) -> Answer:
    """What Meta says of an object that is not there, or not for this token."""
    words = f"Unsupported request. Object with ID '{node}' does not exist, cannot be loaded due to missing permissions"
    return refusal(400, 100, words, subcode=33)

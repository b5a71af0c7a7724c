"""What Meta's networks share: how the Graph API says no, which versions it serves, what an account has used up."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import SKEW, Lapse, Receipt
from channels.errors import ChannelError, Duplicate, Misconfigured, Rejected, Unavailable, Uncertain
from channels.http import ADDRESS, SAFE, SHOWN, clean, retry_after
from channels.network import Network
from content.findings import Finding

if TYPE_CHECKING:
    import httpx

# codes: developers.facebook.com/docs/graph-api/guides/error-handling and /overview/rate-limiting; subcodes have seven
# digits, stand in no list of Meta's, and are those that programs in use have met
SETTINGS = (3, 10, 102, 190, *range(200, 300), 2500, 2635, 1404078, 4854002)
BUSY = (4, 17, 32, 341, 613, *range(80000, 80015), 1390008, 2207042)
PASSING = (1, 2)
RULES = (368, 1346003, 1404006, 1404102, 1404112, 2207051, 4279013)
MEANINGS: dict[int, type[ChannelError]] = {
    100: Rejected,
    506: Duplicate,
    **dict.fromkeys(SETTINGS, Misconfigured),
    **dict.fromkeys(BUSY, Unavailable),
    **dict.fromkeys(PASSING, Uncertain),
    **dict.fromkeys(RULES, Rejected),
}
NOTHING_THERE = {(100, 33), (24, 4279009)}  # code and subcode
HOUR = 3600.0  # seconds; calls are counted over one
# the ends that Meta has announced: developers.facebook.com/docs/graph-api/changelog/versions, as of August 2026; each
# version lives until about two years after the next one's release, and v26.0, the newest, is of 2026-07-29
ENDS = {
    "v19.0": date(2026, 5, 21),
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
}
NOTICE = timedelta(days=90)
USAGE = ("X-App-Usage", "X-Page-Usage", "X-Business-Use-Case-Usage")
SHARES = ("call_count", "total_time", "total_cputime")  # per cent of what is allowed
MUCH = 80


class Gone(Rejected):
    """There is no such object, or none that the token may see: Meta does not say which."""


class GraphSettings(BaseModel):
    """What an account of Meta's needs beside its number."""

    model_config = ConfigDict(frozen=True)

    token: SecretStr = SecretStr("")
    version: str = ""
    api: str = ""


class Graph(Network):
    """An account that speaks the Graph API. The token goes in a header: addresses reach logs."""

    def __init__(self, account: str, settings: GraphSettings, http: httpx.Client | None) -> None:
        super().__init__(account, http)
        self._token = settings.token.get_secret_value()
        self._version = settings.version
        self._graph = f"{settings.api.rstrip('/')}/{settings.version}"

    @abstractmethod
    def recent(self, since: datetime | None) -> list[dict[str, Any]]:
        """The account's posts since then, newest first. Raises `ChannelError`."""

    def credentials(self) -> dict[str, str]:
        """The token."""
        return {"Authorization": f"Bearer {self._token}"}

    def listed(self, edge: str, **params: Any) -> list[dict[str, Any]]:
        """What an edge such as `/123/feed` holds. Raises `ChannelError`."""
        return self.paged(lambda mark: self._turned(edge, {**params, **dict(parse_qsl(mark))}))

    def _turned(self, edge: str, params: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
        """A page of an edge, and what Meta's own address of the next one asks, but for the token in it."""
        told = self.read(self.call("GET", f"{self._graph}/{edge}", params=params))
        with self.understood("list"):
            asked = parse_qsl(urlsplit((told.get("paging") or {}).get("next", "")).query)
            following = urlencode([(name, value) for name, value in asked if name != "access_token"])
            return [{**entry} for entry in told["data"]], following

    def retract(self, receipt: Receipt) -> None:
        """Delete the posts, the last one first. Raises `Gone` for one that is there, but not for this token."""
        for remote_id in reversed(receipt.remote_ids):
            try:
                self.call("DELETE", f"{self._graph}/{remote_id}")
            except Gone:
                if remote_id in [post.get("id") for post in self.recent(receipt.sent_at - SKEW)]:
                    raise

    def failure(self, response: httpx.Response, _detail: str) -> ChannelError | None:
        """Meta's own codes tell more than the status, which is mostly 400."""
        told = self.said(response).get("error")
        if not isinstance(told, dict):
            return None
        code, subcode = _number(told, "code"), _number(told, "error_subcode")
        said = self._said(response, told, code, subcode)
        if (code, subcode) in NOTHING_THERE:
            return Gone(self.account, said)
        passing = Uncertain if told.get("is_transient") is True else None
        kind = MEANINGS.get(subcode) or MEANINGS.get(code) or passing
        return self._error(kind, said, response) if kind else None

    def _said(self, response: httpx.Response, told: dict[str, Any], code: int, subcode: int) -> str:
        words = " ".join(str(told.get("error_user_msg") or told.get("message") or "").split())
        shown = ADDRESS.sub("…", clean(words, self.secrets()))[:SHOWN]
        rules = "the platform refuses it by its rules: " if {code, subcode} & {*RULES} else ""
        number = f"{code}.{subcode}" if subcode else f"{code}"
        return f"{response.status_code} {rules}{shown} (code {number})"

    def _error(self, kind: type[ChannelError], said: str, response: httpx.Response) -> ChannelError:
        wait = regained(response.headers)
        if kind is Unavailable:
            return Unavailable(self.account, said, retry_after=HOUR if wait is None else wait)
        if kind is Uncertain and (wait is not None or response.request.method in SAFE):
            return Unavailable(self.account, said, retry_after=wait)
        return kind(self.account, said)

    def ends(self) -> list[Lapse]:
        """The version, where Meta has announced its end. Posts go out after it too, in ways nobody has tried."""
        end = ENDS.get(self._version)
        if end is None:
            return []
        lapse = Lapse(
            what=f"Graph API {self._version}",
            at=datetime.combine(end, time.min, UTC),
            # https://developers.facebook.com/docs/graph-api/guides/versioning
            because="Meta answers as a later version then",
            mend=self._mend,
            rule="account.version",
            notice=NOTICE,
            severity="warn",
        )
        return [lapse]

    def lapsing(self, answer: httpx.Response) -> list[Finding]:
        """Whether the version in the settings is served, and for how long yet."""
        served = answer.headers.get("facebook-api-version", self._version)
        if served == self._version:
            return self.ending(datetime.now(UTC))
        why = f"Graph API {self._version} is not served: Meta answers as {served}."
        return [Finding(rule="account.version", severity="warn", why=why, mend=self._mend, channel=self.account)]

    @property
    def _mend(self) -> str:
        return f"Set {self.variable('version')} to a newer one, and try it."

    def used(self, answer: httpx.Response) -> list[Finding]:
        """Whether most of the calls that are allowed have been made."""
        shares = [use.get(name) for use in usage(answer.headers) for name in SHARES]
        most = max((share for share in shares if isinstance(share, int | float)), default=0)
        if most <= MUCH:
            return []
        why = f"{most:g} % of the calls that Meta allows are used up; at 100 % it refuses posts for a while."
        return [Finding(rule="account.usage", severity="warn", why=why, channel=self.account)]


def begun(since: datetime | None) -> dict[str, int]:
    """How an edge is asked for what is new since then."""
    return {"since": int(since.timestamp())} if since else {}


def _number(told: dict[str, Any], name: str) -> int:
    number = told.get(name)
    return number if isinstance(number, int) else 0


def regained(headers: Mapping[str, str]) -> float | None:
    """Seconds until calls are taken again, as far as an answer tells."""
    minutes = [use.get("estimated_time_to_regain_access") for use in usage(headers)]
    longest = max((wait for wait in minutes if isinstance(wait, int | float)), default=0)
    wait = retry_after(headers)
    return longest * 60.0 or None if wait is None else wait


def usage(headers: Mapping[str, str]) -> list[dict[str, Any]]:
    """What an answer says of calls that were made: JSON in headers, for an app or by business."""
    found = []
    for name in USAGE:
        try:
            found += _objects(json.loads(headers.get(name, "{}")))
        except ValueError:
            continue
    return found


def _objects(told: object) -> list[dict[str, Any]]:
    if isinstance(told, list):
        return [found for each in told for found in _objects(each)]
    return [told, *_objects(list(told.values()))] if isinstance(told, dict) else []

"""Mailchimp as far as a campaign goes, by its description (Marketing API 3.0): fields, checklist, statuses, merge tags."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import Any

from pydantic import SecretStr

from channels.mailchimp import MailchimpSettings
from tests.channels.fakes.server import Answer, Request
from tests.channels.fakes.service import Service, lacking, unknown

KEY = "0123456789abcdef-us6"
AUDIENCE, SEGMENT = "a6b5da1054", 49377
BODY = {"type", "recipients", "settings", "variate_settings", "tracking", "rss_opts", "social_card", "content_type"}
SETTINGS = {
    "subject_line", "preview_text", "title", "from_name", "reply_to", "use_conversation", "to_name", "folder_id",
    "authenticate", "auto_footer", "inline_css", "auto_tweet", "auto_fb_post", "fb_comments", "template_id",
}  # fmt: skip
VARIATE = {
    "winner_criteria", "wait_time", "test_size", "subject_lines", "send_times", "from_names", "reply_to_addresses",
}  # fmt: skip
NAMES = {"FNAME": "first_name", "LNAME": "last_name"}
TAG = re.compile(r"\*\|(.*?)\|\*")


class Platform(Service):
    """One audience."""

    secrets = (KEY, b64encode(f"pressroom:{KEY}".encode()).decode())

    def __init__(self) -> None:
        super().__init__()
        self.ready = True
        self.items: list[dict[str, Any]] = []

    def settings(self) -> MailchimpSettings:
        return MailchimpSettings(key=SecretStr(KEY), audience=AUDIENCE, segment=SEGMENT, api=f"{self.url}/3.0")

    def creates(self, request: Request) -> bool:
        return request.path.endswith("/actions/send")

    def makes(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/3.0/campaigns")

    def words(self, campaign: dict[str, Any]) -> tuple[str, str]:
        if campaign["type"] == "variate":
            [content] = campaign["content"]["variate_contents"]
            return campaign["variate_settings"]["subject_lines"][0], content["html"]
        return campaign["settings"]["subject_line"], campaign["content"]["html"]

    def refusal(self, status: int, headers: dict[str, str]) -> Answer:
        said = {"type": "about:blank", "title": "No", "status": status, "detail": f"no: {' '.join(self.secrets)}"}
        return Answer(status=status, json=said, headers=headers)

    def handle(self, request: Request) -> Answer:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme != "Basic" or b64decode(given).decode().partition(":")[2] != KEY:
            return self.refusal(401, {})
        path = request.path.removeprefix("/3.0")
        if path in {f"/lists/{AUDIENCE}", f"/lists/{AUDIENCE}/segments/{SEGMENT}"}:
            return Answer(json={"id": AUDIENCE})
        if self.makes(request):
            return self._create(request.json)
        if path == "/campaigns":
            return self._list(request.query)
        campaign_id, _, action = path.removeprefix("/campaigns/").partition("/")
        if campaign_id not in self.campaigns:
            return self.refusal(404, {})
        return self._one(self.campaigns[campaign_id], action, request)

    def _create(self, body: dict[str, Any]) -> Answer:
        wrong = [*lacking(body, {"type"}), *self._wrong(body)]
        if (body.get("type") == "variate") != ("variate_settings" in body):
            wrong.append("variate_settings are for campaigns of that type")
        if refused := self.fault(*wrong):
            return refused
        campaign_id = f"42694e{len(self.received):04}"
        page = f"{self.url}/archive/{campaign_id}"
        self.campaigns[campaign_id] = {**body, "id": campaign_id, "status": "save", "long_archive_url": page}
        return Answer(json=self.campaigns[campaign_id])

    def _one(self, campaign: dict[str, Any], action: str, request: Request) -> Answer:
        match (request.method, action):
            case ("GET", ""):
                return Answer(json={name: campaign[name] for name in ("id", "type", "status", "long_archive_url")})
            case ("PATCH", ""):
                return self._change(campaign, request.json)
            case ("PUT", "content"):
                return self._fill(campaign, request.json)
            case ("GET", "send-checklist"):
                return Answer(json={"is_ready": self.ready and "content" in campaign, "items": self.items})
            case ("POST", "actions/send"):
                return self._send(campaign)
            case ("POST", "actions/test"):
                return self._test(request.json)
        return self.fault(f"{request.method} {action}", status=404) or Answer()

    def _change(self, campaign: dict[str, Any], body: dict[str, Any]) -> Answer:
        wrong = [*lacking(body, {"settings"}), *self._wrong(body)]
        wrong += ["its type can't be changed"] if "type" in body else []
        wrong += ["it is no variate"] if "variate_settings" in body and campaign["type"] != "variate" else []
        if refused := self.fault(*wrong):
            return refused
        if campaign["status"] != "save":
            return self.refusal(400, {})
        campaign |= body
        return Answer(json=campaign)

    def _fill(self, campaign: dict[str, Any], body: dict[str, Any]) -> Answer:
        variate = campaign["type"] == "variate"
        wrong = unknown(body, {"variate_contents"} if variate else {"html", "plain_text"})
        for content in body.get("variate_contents", [{**body, "content_label": "only"}]):
            wrong += lacking(content, {"content_label", "html", "plain_text"})
            wrong += self.unread(content["html"], content["plain_text"])
        if refused := self.fault(*wrong):
            return refused
        campaign["content"] = body
        return Answer(json={})

    def _send(self, campaign: dict[str, Any]) -> Answer:
        if campaign["status"] != "save" or not self.ready or "content" not in campaign:
            return self.refusal(400, {})
        campaign["status"] = "sending"
        return Answer(status=204)

    def _test(self, body: dict[str, Any]) -> Answer:
        if set(body) != {"test_emails", "send_type"} or body["send_type"] not in {"html", "plaintext"}:
            self.faults.append(f"test: {body}")
        self.tests.append(tuple(body["test_emails"]))
        return Answer(status=204)

    def _wrong(self, body: dict[str, Any]) -> list[str]:
        settings, recipients = body.get("settings", {}), body.get("recipients", {})
        wrong = [*unknown(body, BODY), *unknown(settings, SETTINGS, "settings")]
        wrong += lacking(settings, {"title", "from_name", "reply_to"}, "settings")
        wrong += ["no such audience"] if recipients.get("list_id") != AUDIENCE else []
        wrong += ["no such segment"] if recipients.get("segment_opts") != {"saved_segment_id": SEGMENT} else []
        wrong += ["a title has 100 characters"] if len(settings.get("title", "")) > 100 else []
        wrong += self.unread(settings.get("subject_line", ""))
        return wrong + (_trial(body["variate_settings"]) if "variate_settings" in body else [])

    def _list(self, query: dict[str, str]) -> Answer:
        sort = (query.get("sort_field"), query.get("sort_dir"))
        if query.get("list_id") != AUDIENCE or sort != ("create_time", "DESC") or int(query["count"]) > 1000:
            self.faults.append(f"query: {query}")
        if not {"campaigns.id", "campaigns.settings.title"} <= set(query["fields"].split(",")):
            self.faults.append(f"fields: {query['fields']}")
        return Answer(json={"campaigns": list(reversed(self.campaigns.values()))})

    def rendered(self, text: str, *, html: bool) -> str:
        out, shown = [], True
        for n, piece in enumerate(TAG.split(text)):
            if n % 2 == 0:
                out.append(piece if shown else "")
            elif piece.startswith("IF:"):
                shown = bool(self._value(piece.removeprefix("IF:")))
            elif piece == "ELSE:":
                shown = not shown
            elif piece == "END:IF":
                shown = True
            else:
                out.append(self._value(piece) if shown else "")
        return "".join(out)

    def _value(self, tag: str) -> str:
        if tag == "UNSUB":
            return self.leave
        if tag not in NAMES:
            raise ValueError(f"no merge tag {tag}")
        return self.reader.get(NAMES[tag], "")


def _trial(settings: dict[str, Any]) -> list[str]:
    wrong = unknown(settings, VARIATE, "variate_settings")
    wrong += [] if settings["winner_criteria"] in {"opens", "clicks", "manual", "total_revenue"} else ["winner"]
    wrong += [] if 10 <= settings["test_size"] <= 100 else ["test_size is from 10 to 100"]
    wrong += [] if settings["wait_time"] > 0 and settings["wait_time"] % 60 == 0 else ["wait_time is in whole hours"]
    return wrong

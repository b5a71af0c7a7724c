"""Postmark: one message a recipient, in batches. https://postmarkapp.com/developer/api/email-api#send-batch-emails"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from channels.base import Capabilities, Receipt
from channels.batches import Batches, Letter, Result
from channels.campaigns import Campaign, Step, sender
from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable, Uncertain, Unsupported
from channels.lines import Crew, Threads
from channels.lists import ListSettings, uncounted
from content import merging
from content.fitting import Limits

if TYPE_CHECKING:
    import httpx

    from channels.seal import Seal
    from content.findings import Finding
    from content.newsletter import Newsletter

BATCH = 500  # messages
WEIGHT = 45_000_000  # bytes of one batch; 50 MB is the most, whatever a megabyte is
WAY_OFF = "{{{ pm:unsubscribe }}}"  # a stream's own: the address of a link that has it for its href
SOMEBODY = "reader@example.invalid"
SENT, SUPPRESSED = 0, 406
LATER = frozenset({100, 429})
# a token, a sender or an account that is not let through: it says nothing of the recipient
OURS = frozenset({10, 400, 401, 405, 412, 413})


class PostmarkSettings(ListSettings):
    """A server's API token, the id of one of its broadcast streams, and a list."""

    token: SecretStr = SecretStr("")
    stream: str = "broadcast"
    api: str = "https://api.postmarkapp.com"


class Postmark(Campaign):
    """One broadcast stream. There are no drafts and no lists: who gets it is ours to know."""

    name = "postmark"
    title = "Postmark"
    settings_model = PostmarkSettings
    can = Capabilities(
        limits=Limits(), recipients=True, source="https://postmarkapp.com/developer/api/email-api#send-batch-emails"
    )
    tests_subjects = True
    foreign = re.compile(rf"\{{(?=[{{{merging.OPEN}])|{merging.CLOSE}(?=\}})")

    def __init__(
        self,
        account: str = "",
        settings: PostmarkSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(account, http)
        self.settings = settings or PostmarkSettings()
        self.api = self.settings.api.rstrip("/")

    @property
    def configured(self) -> bool:
        """Whether there are a token, a stream and a list."""
        return bool(self.settings.token.get_secret_value() and self.settings.stream and self.settings.has_list)

    def credentials(self) -> dict[str, str]:
        """The server's token."""
        return {"X-Postmark-Server-Token": self.settings.token.get_secret_value(), "Accept": "application/json"}

    def secrets(self) -> tuple[str, ...]:
        """The token alone."""
        return (self.settings.token.get_secret_value(),)

    def spelling(self, name: str, otherwise: str) -> str:
        """Postmark fills in the way off the list; the rest stays marked, for each recipient's own words."""
        if name == merging.UNSUBSCRIBE:
            return WAY_OFF
        return merging.OPEN + name + merging.OTHERWISE + merging.BLANK.join(otherwise.split()) + merging.CLOSE

    def steps(self, rendition: Newsletter, key: str) -> list[Step]:
        """A batch for somebody of whom nothing is known."""
        shown = self.worded(rendition).shown()
        letter = Letter(
            to=SOMEBODY,
            sender=sender(rendition),
            subject=shown.subject,
            html=shown.html,
            text=shown.text,
            reply_to=rendition.reply_to,
        )
        return [self._batch([letter], key)]

    def check(self, rendition: Newsletter) -> list[Finding]:
        """What mail programs and the law would object to, and what we can't do ourselves."""
        return [*super().check(rendition), *uncounted(rendition, self.account)]

    def publish(self, rendition: Newsletter, key: str, prepared: str = "") -> Receipt:
        """Refuses: a list is sent to recipient by recipient, with `send_batch`."""
        raise Unsupported(self.account, "is sent recipient by recipient")

    def crew(self, rendition: Newsletter, key: str, seal: Seal) -> Crew:
        """Batches side by side. Raises `Misconfigured`."""
        self.must_be_set_up()
        return Threads(lambda: Batches(self, rendition, key), self.settings.connections, Batches.size)

    def batches(self, letters: Sequence[Letter], key: str) -> Iterator[list[Letter]]:
        """The letters in as few batches as Postmark takes."""
        batch: list[Letter] = []
        weight = 0
        for letter in letters:
            size = len(json.dumps(self._message(letter, key), ensure_ascii=False).encode())
            if batch and (len(batch) == BATCH or weight + size > WEIGHT):
                yield batch
                batch, weight = [], 0
            batch.append(letter)
            weight += size
        if batch:
            yield batch

    def send_batch(self, letters: Sequence[Letter], key: str) -> list[Result]:
        """Send up to 500 letters with one request, and give the results in order.

        Raises `ChannelError`: where it is not `Uncertain`, nothing was sent.
        """
        self.must_be_set_up()
        if len(letters) > BATCH:
            raise Rejected(self.account, f"takes {BATCH} messages at once, not {len(letters)}")
        told = self.read(self.take(self._batch(letters, key)))
        with self.understood("result of each message"):
            results = [_result(one) for one in told]
        if len(results) != len(letters):
            raise Uncertain(self.account, f"the answer has {len(results)} results for {len(letters)} messages")
        ours = [result.code for result in results if result.code in OURS]
        if ours and len(ours) == len(results):
            raise Misconfigured(self.account, f"no message was taken (error code {ours[0]})")
        return results

    def _batch(self, letters: Sequence[Letter], key: str) -> Step:
        return Step("POST", "/email/batch", [self._message(letter, key) for letter in letters])

    def _message(self, letter: Letter, key: str) -> dict[str, Any]:
        reply_to = {"ReplyTo": letter.reply_to} if letter.reply_to else {}
        return {
            "From": letter.sender,
            "To": letter.to,
            **reply_to,
            "Subject": letter.subject,
            "HtmlBody": letter.html,
            "TextBody": letter.text,
            "MessageStream": self.settings.stream,
            "Headers": [{"Name": name, "Value": value} for name, value in letter.headers],
            "Metadata": {"delivery": key, **dict(letter.metadata)},
        }

    def doctor(self) -> list[Finding]:
        """Ask for the stream."""
        if not self.configured:
            return self.missing("token", "stream", "audience")
        return self.existing(f"broadcast stream “{self.settings.stream}”", self._stream)

    def _stream(self) -> None:
        told = self.ask(f"/message-streams/{self.settings.stream}")
        with self.understood("stream"):
            kind = told["MessageStreamType"]
        if kind != "Broadcasts":
            raise Rejected(self.account, f"it is for {kind}")

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """The number in an error says more than its status."""
        if response.status_code != 422:
            return None
        code = _code(response)
        if code in LATER:
            return Unavailable(self.account, detail)
        return Misconfigured(self.account, detail) if code in OURS else None


def _result(told: Any) -> Result:
    code = told["ErrorCode"]
    if type(code) is not int:
        raise TypeError("no number")
    if code == SENT:
        return Result("sent", code, str(told["MessageID"]))
    if code == SUPPRESSED:
        return Result("suppressed", code)
    return Result("later" if code in LATER | OURS else "refused", code)


def _code(response: httpx.Response) -> int:
    try:
        return int(response.json()["ErrorCode"])
    except (ValueError, LookupError, TypeError):
        return -1

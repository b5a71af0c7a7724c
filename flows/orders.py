"""What a run is asked to do. Prefect shows it as a form; the command line fills it in."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from channels.registry import known
from flows.segments import Segment


class Order(BaseModel):
    """Publish one article to its channels, once each."""

    model_config = ConfigDict(extra="forbid", title="Publish an article")

    article: str = Field(
        min_length=1,
        title="Article",
        description="Its file, or its short name in content/articles.",
        examples=["is-ketamine-an-opioid", "content/articles/is-ketamine-an-opioid.md"],
    )
    channels: list[str] = Field(
        default_factory=list,
        title="Channels",
        description="None chosen: all that the article does not skip.",
        json_schema_extra={"items": {"type": "string", "enum": list(known())}, "uniqueItems": True},
    )
    destination: Literal["outbox", "accounts"] = Field(
        default="outbox",
        title="Where to",
        description="'outbox' writes files to look at. 'accounts' sends for real, to accounts that are set up.",
    )
    campaign: str = Field(
        default="",
        max_length=200,
        title="Campaign",
        description="The same article goes out once in each campaign. Empty: the article's own.",
    )
    part: str = Field(
        default="",
        max_length=64,
        title="Part",
        description="Of a campaign that goes to a channel more than once: each part goes out once.",
    )
    variant: str = Field(
        default="", title="Variant", description="Other words, where the article has some under that name."
    )
    correct: bool = Field(
        default=False, title="Correct", description="Change what carries an earlier text, where the channel can."
    )
    segments: list[str] = Field(
        default_factory=list,
        title="Segments",
        description="Only this part of a mailing list: city=Boston, city!=Boston. Several: all of them must hold.",
    )
    audience: str = Field(
        default="", title="Audience", description="A list in the project, in place of the account's own."
    )
    accept_list: bool = Field(
        default=False,
        title="Accept the list",
        description="Go on with a mailing though its list has changed. Nobody gets it twice.",
    )
    digests: dict[str, str] = Field(
        default_factory=dict,
        title="Digests",
        description="What was shown before, by channel. A rendition that differs is refused.",
    )
    root: str = Field(default=".", title="Project", description="The project's folder, as the worker sees it.")

    @field_validator("segments")
    @classmethod
    def _spelled(cls, segments: list[str]) -> list[str]:
        for spelled in segments:
            Segment.of(spelled)
        return segments


class Call(BaseModel):
    """Send one step of a campaign, as the ledger has it."""

    model_config = ConfigDict(extra="forbid", title="A step of a campaign")

    course: str = Field(min_length=1, title="Campaign", description="As `pressroom campaign status` calls it.")
    step: str = Field(min_length=1, title="Step", description="Its name.")
    revision: int = Field(default=0, ge=0, title="Booking", description="A run of another booking does nothing.")
    root: str = Field(default=".", title="Project", description="The project's folder, as the worker sees it.")


class Portion(BaseModel):
    """Send one share of a mailing that is under way."""

    model_config = ConfigDict(extra="forbid", title="A share of a mailing")

    order: Order = Field(title="Order", description="The mailing's own, for the one account.")
    share: int = Field(ge=1, title="Share", description="Its number; 0 is the main run's own.")
    claim: str = Field(
        min_length=1, title="Claim", description="The main run's, in the ledger. Under another, the run does nothing."
    )


class Request(BaseModel):
    """Say what should become of a campaign."""

    model_config = ConfigDict(extra="forbid", title="A campaign")

    campaign: str = Field(
        min_length=1,
        title="Campaign",
        description="Its file's name in content/campaigns, such as first-steps.",
        examples=["first-steps"],
    )
    wanted: Literal["start", "pause", "resume", "cancel"] = Field(
        default="start", title="What", description="'start' once more takes over what its file says now."
    )
    article: str = Field(
        default="", title="Article", description="Only for a campaign of each new article: the one to begin with."
    )
    root: str = Field(default=".", title="Project", description="The project's folder, as the worker sees it.")

"""What an account needs that sends to a list of ours, recipient by recipient."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from content.findings import Finding
from content.newsletter import Newsletter


class ListSettings(BaseModel):
    """The list, and how fast mail may go to it. A cap of 0 is none."""

    model_config = ConfigDict(frozen=True)

    audience: SecretStr = SecretStr("")  # a CSV file, or a SQLAlchemy URL, which may hold a password
    query: str = ""  # of a database: its columns are the fields of a subscriber
    consent: Literal["required", "elsewhere"] = "required"
    connections: Annotated[int, Field(ge=1, le=100)] = 4
    shares: Annotated[int, Field(ge=1, le=16)] = 1  # workers that send a long list side by side
    per_hour: Annotated[int, Field(ge=0)] = 0
    domain_per_hour: Annotated[int, Field(ge=0)] = 0
    warm_up: Annotated[str, Field(pattern=r"^\d*(,\d+)*$")] = ""  # messages a day: "50,100,250,500,1000"
    warm_up_from: date | None = None

    @property
    def has_list(self) -> bool:
        """Whether it is said who is meant."""
        return bool(self.audience.get_secret_value())


def uncounted(rendition: Newsletter, account: str) -> list[Finding]:
    """Subjects that should win by clicks, which nobody counts in mail of our own."""
    if rendition.test_winner != "clicks":
        return []
    why = "Clicks are not counted in mail that we send ourselves, so no subject can win by them."
    mend = "Set winner: hand, and choose with `pressroom mail winner`."
    return [Finding(rule="mail.test.clicks", severity="block", why=why, mend=mend, channel=account)]

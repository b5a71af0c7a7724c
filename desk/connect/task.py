"""One account on its way: what is known of it, and how its person meets a network's page."""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from desk.connect.answering import PATIENCE, PORT
from desk.connect.asking import refusal
from flows.settings import account_settings, variables, with_secrets

if TYPE_CHECKING:
    from channels.base import Channel
    from desk.console import Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a person meets a network's page."""

    paste: bool = False
    port: int = PORT
    browser: bool = True
    wait: float = PATIENCE  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An account, its project, and the voice that people hear."""

    adapter: type[Channel[Any]]
    model: type[BaseModel]
    account: str
    root: Path
    manner: Manner
    voice: Voice

    def given(self) -> BaseModel:
        """The settings as they are now. Raises `Refused`."""
        return account_settings(self.model, self.account, self.root)

    def settings(self, changed: dict[str, str]) -> BaseModel:
        """The settings with what was typed. Raises `Refused`."""
        try:
            found = self.model.model_validate({**self.given().model_dump(), **changed})
        except ValidationError as error:
            faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
            raise refusal("connect.settings", f"{faults}.", "Nothing was written.") from None
        paths = {name: self.root / value for name, value in found if isinstance(value, Path)}
        return with_secrets(found.model_copy(update=paths), self.account)

    def channel(self, changed: dict[str, str]) -> Channel[Any]:
        """The account with what was typed. Raises `Refused`."""
        made: Channel[Any] = self.adapter(self.account, self.settings(changed))  # type: ignore[call-arg]  # they take them
        return made

    def variable(self, field: str) -> str:
        """What a setting is called in `.env`."""
        return f"{variables(self.account)}{field.upper()}"

    def lead(self, address: str) -> None:
        """Bring the person to a page."""
        self.voice.warn("Open this page, log in as the account that shall post, and agree:")
        self.voice.warn(f"  {address}", "bold")
        if self.manner.browser:
            webbrowser.open(address)

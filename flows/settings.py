"""The settings of an installation, from the environment and `.env`. Nothing else reads the environment."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, SecretStr, ValidationError, create_model, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from channels.announce import INDEXNOW
from channels.registry import misnamed
from channels.seal import Seal
from content.findings import Finding, Refused
from flows import blocks
from flows.errors import Unusable

PREFIX = "PRESSROOM_"


class Settings(BaseSettings):
    """Where things stand, and how patient a run is. Each is set as `PRESSROOM_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    ledger: str = ""  # a SQLAlchemy URL; "" is .pressroom/ledger.db in the project
    outbox: Path = Path("outbox")
    attempts: int = Field(default=4, ge=1, le=10)  # of one push in one run
    retry_delay: float = Field(default=2.0, ge=0)  # seconds before the second attempt, then doubled
    patience: float = Field(default=120.0, ge=0)  # the longest that a run waits when a platform says "later"
    live_wait: float = Field(default=120.0, ge=0)  # seconds that posts wait for the page to be live; 0: nobody looks
    indexnow: str = INDEXNOW  # who is told of new pages, where content/brand.yaml names a key
    lease: timedelta = timedelta(minutes=10)
    settling: timedelta = timedelta(seconds=30)
    defer: float = Field(default=60.0, gt=0)  # seconds until a mail that was put off is tried again, then four times
    limits: str = ""  # pushes to an account at once, over all machines that share a Prefect server: newsletter=1, x=2
    secret: SecretStr = SecretStr("")  # signs what stands for an address; "": made once, in .pressroom/secret

    @classmethod
    def of(cls, root: Path) -> Settings:
        """The settings of a project: its `.env` counts, the environment more. Raises `Refused`."""
        with _understood(PREFIX):
            return cls(_env_file=root / ".env")

    @field_validator("limits")
    @classmethod
    def _of_accounts(cls, spelled: str) -> str:
        for account in _numbers(spelled):
            if fault := misnamed(account):
                raise ValueError(" ".join(fault))
        return spelled

    @property
    def at_once(self) -> dict[str, int]:
        """How many pushes an account may have at once; one that is not named may have any number."""
        return _numbers(self.limits)

    def ledger_url(self, root: Path) -> str:
        """The ledger's SQLAlchemy URL."""
        return self.ledger or f"sqlite:///{(root / '.pressroom' / 'ledger.db').resolve()}"

    def seal(self, root: Path) -> Seal:
        """What addresses are hashed and links signed with. Machines that share a ledger must share the secret."""
        given = self.secret.get_secret_value()
        try:
            return Seal(given.encode() if given else _own_secret(root / ".pressroom" / "secret"))
        except (OSError, ValueError) as error:
            raise Unusable(f"PRESSROOM_SECRET, or .pressroom/secret, can't be used: {error}") from error

    def outbox_of(self, root: Path) -> Path:
        """The outbox's folder."""
        return root / self.outbox


def _numbers(spelled: str) -> dict[str, int]:
    """Read `newsletter=1, x=2`. Raises `ValueError`."""
    found: dict[str, int] = {}
    for part in filter(None, map(str.strip, spelled.split(","))):
        account, equals, number = (word.strip() for word in part.partition("="))
        if not equals or not number.isdecimal() or int(number) < 1:
            raise ValueError(f"'{part}' is not spelled as newsletter=1")
        found[account] = int(number)
    return found


def _own_secret(file: Path) -> bytes:
    """The secret of this folder, made by whoever comes first."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        made = file.with_name(f"secret.{os.getpid()}")
        made.touch(mode=0o600)
        made.write_text(secrets.token_hex(32), encoding="ascii")
        with suppress(FileExistsError):
            os.link(made, file)  # of two at once, the first wins
        made.unlink()
    return file.read_text(encoding="ascii").strip().encode()


def variables(account: str) -> str:
    """What the variables of an account begin with: `mastodon:clinic-2` reads `PRESSROOM_MASTODON_CLINIC_2_…`."""
    return PREFIX + re.sub(r"\W+", "_", account).upper() + "_"


@contextmanager
def _understood(prefix: str) -> Iterator[None]:
    """What is wrong with which variable, never what it holds."""
    try:
        yield
    except UnicodeDecodeError:
        why, mend = "The file .env is no UTF-8.", "Save it as UTF-8 text."
        raise Refused([Finding(rule="settings", severity="block", why=why, mend=mend, file=".env")]) from None
    except (ValidationError, SettingsError) as error:
        faults = error.errors() if isinstance(error, ValidationError) else []
        wrong = [(prefix + "_".join(map(str, fault["loc"])).upper(), fault["msg"]) for fault in faults]
        wrong = wrong or [(prefix + "…", "a variable can't be read")]
        raise Refused(
            [Finding(rule="settings", severity="block", why=f"{name}: {why}.") for name, why in wrong]
        ) from None


def account_settings(model: type[BaseModel], account: str, root: Path) -> BaseModel:
    """An adapter's settings as the environment has them; a file's path counts from the project. Raises `Refused`."""
    bases: Any = (BaseSettings, model)
    reader: type[BaseSettings] = create_model(f"{model.__name__}FromEnvironment", __base__=bases)
    reader.model_config = SettingsConfigDict(
        env_prefix=variables(account), env_file=root / ".env", env_ignore_empty=True, extra="ignore", frozen=True
    )
    reader.model_rebuild(force=True)
    with _understood(variables(account)):
        found = reader()
    placed: dict[str, Any] = {name: root / value for name, value in found if isinstance(value, Path)}
    return with_secrets(found.model_copy(update=placed), account)


def with_secrets(found: BaseModel, account: str) -> BaseModel:
    """The settings with the secrets that they only name: `prefect:NAME` is a Secret block of Prefect's.

    Raises `Refused`.
    """
    named = {
        name: value.get_secret_value()
        for name, value in found
        if isinstance(value, SecretStr) and value.get_secret_value().startswith(blocks.MARK)
    }
    opened = {name: SecretStr(blocks.opened(variables(account) + name.upper(), value)) for name, value in named.items()}
    return found.model_copy(update=opened)

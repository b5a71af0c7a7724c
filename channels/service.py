"""What channels share that speak to an HTTP API with an account of their own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from channels.base import Channel, R
from channels.errors import ChannelError, Misconfigured, Rejected, Uncertain
from channels.http import client, send
from content.findings import Finding

if TYPE_CHECKING:
    import httpx


class Service(Channel[R]):
    """An account of one HTTP API."""

    def __init__(self, account: str = "", http: httpx.Client | None = None) -> None:
        super().__init__(account)
        self._http = http

    @property
    @abstractmethod
    def configured(self) -> bool:
        """Whether the account has what it needs to send."""

    def must_be_set_up(self) -> None:
        """Raises `Misconfigured` where there is no account."""
        if not self.configured:
            raise Misconfigured(self.account, "no account is set up; `pressroom doctor` says what is missing")

    def call(self, method: str, url: str, **request: Any) -> httpx.Response:
        """One request with the account's credentials. Raises `ChannelError`, free of secrets.

        Credentials that have run out are renewed once: a refused request has done nothing.
        """
        try:
            return self._call(method, url, **request)
        except Misconfigured as error:
            if not self.renewed(error):
                raise
        return self._call(method, url, **request)

    def _call(self, method: str, url: str, **request: Any) -> httpx.Response:
        self._http = self._http or client()
        headers = {**self.credentials(), **request.pop("headers", {})}
        request |= {"headers": headers, "secrets": self.secrets(), "peculiar": self.failure}
        return send(self.account, self._http, method, url, **request)

    def renewed(self, _error: Misconfigured) -> bool:
        """Whether there are fresh credentials after such a refusal. Raises `ChannelError`."""
        return False

    def close(self) -> None:
        """Close the client; the next call makes another."""
        if self._http:
            self._http.close()
            self._http = None

    def told(self, response: httpx.Response, *names: str) -> str:
        """A value of an answer's JSON. Raises `Uncertain` where it is not there: what was done?"""
        value = self.read(response)
        with self.understood(".".join(names)):
            for name in names:
                value = value[name]
        return str(value)

    @contextmanager
    def understood(self, wanted: str) -> Iterator[None]:
        """Where an answer is taken apart: one of another shape is raised as `Uncertain`."""
        try:
            yield
        except (AttributeError, LookupError, TypeError):
            raise Uncertain(self.account, f"the answer has no {wanted}") from None

    def read(self, response: httpx.Response) -> Any:
        """An answer's JSON. Raises `Uncertain` for anything else: a proxy's page says nothing."""
        try:
            return response.json()
        except ValueError:
            raise Uncertain(self.account, "the answer is no JSON") from None

    def said(self, response: httpx.Response) -> dict[str, Any]:
        """What a refusal says, as an object; empty where it is anything else."""
        try:
            told = response.json()
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}

    def secrets(self) -> tuple[str, ...]:
        """What no message may repeat."""
        return tuple(value.removeprefix("Bearer ") for value in self.credentials().values())

    def failure(self, _response: httpx.Response, _detail: str) -> ChannelError | None:
        """The error of an answer that means something else here; None where it does not."""
        return None

    @abstractmethod
    def credentials(self) -> dict[str, str]:
        """The headers that open the account."""

    def gone_is_fine(self, delete: Callable[[], object]) -> None:
        """Deleting what is gone is no error."""
        try:
            delete()
        except Rejected as error:
            if not error.detail.startswith(("404", "410")):
                raise

    def examined(self, ask: Callable[[], object]) -> list[Finding]:
        """What a question to the platform says of the account."""
        try:
            ask()
        except ChannelError as error:
            why = f"The account does not answer as it should: {error.detail}."
            return [Finding(rule="account.refused", severity="block", why=why, channel=self.account)]
        return []

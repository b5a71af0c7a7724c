"""What Prefect does anew for every flow run, and need not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Each client asks the server for its version, and for a token that only a server gives which was told to. Ours was not.
VERSION = {"PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false"}
TOKEN = {"PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false"}

# Trusts nobody: its key was thrown away. Beside the code, for what lies among passing files is cleaned away some day.
NOBODY = Path(__file__).with_name("nobody.pem")


def sparing(api: str, *, ours: bool = False) -> dict[str, str]:
    """Settings for a worker and its runs, beside those of `flows.engine`. `ours`: the server was started by us.

    For each of its clients Prefect reads all certificates of the web, 0.03 s each time, also where the server is spoken
    to in clear. There it gets one that nobody uses.
    """
    questions = VERSION | TOKEN if ours else VERSION
    if not api.startswith("http://"):
        return questions
    return {**questions, "PREFECT_API_SSL_CERT_FILE": str(NOBODY)}


@contextmanager
def spelled_once() -> Iterator[None]:
    """Within it, a worker spells its settings out for the runs once, not twice for each of them at 0.03 s."""
    from prefect.context import SettingsContext, get_settings_context  # noqa: PLC0415 - it takes seconds
    from prefect.settings import Settings  # noqa: PLC0415

    spelled: dict[str, dict[str, str]] = {}

    class Settled(Settings):
        """Prefect's settings, which nothing changes while a worker runs."""

        def to_environment_variables(self, *how: bool, **named: bool) -> dict[str, str]:
            asked = repr((how, named))
            if asked not in spelled:
                spelled[asked] = super().to_environment_variables(*how, **named)
            return dict(spelled[asked])

    with SettingsContext(profile=get_settings_context().profile, settings=Settled()):
        yield

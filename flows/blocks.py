"""Secrets that Prefect keeps: a variable may name one of its Secret blocks."""

from __future__ import annotations

from content.findings import Finding, Refused

MARK = "prefect:"


def opened(variable: str, value: str) -> str:
    """What stands in the Secret block that `prefect:NAME` names. Raises `Refused`, never with what it holds."""
    from prefect.blocks.system import Secret  # noqa: PLC0415 - Prefect takes a second to import

    name = value.removeprefix(MARK).strip()
    try:
        found = Secret.load(name, _sync=True).get()  # type: ignore[call-arg, union-attr]  # told by their docs alone
    except Exception as error:  # noqa: BLE001 - a dozen kinds: no server, no such block, a block of another kind
        why = f"{variable} names Prefect's Secret block '{name}', which can't be read ({type(error).__name__})."
        mend = "Look with: prefect block ls. PREFECT_API_URL says which server is asked."
        raise Refused([Finding(rule="settings.secret", severity="block", why=why, mend=mend)]) from None
    return str(found)

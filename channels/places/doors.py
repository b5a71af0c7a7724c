"""Which place an address means."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from channels.errors import Misconfigured

if TYPE_CHECKING:
    from channels.places.access import WebSettings
    from channels.places.place import Place

# scheme: where its class stands, imported on first use; and what installs what it needs
KINDS = {
    "": ("channels.places.folder:Folder", ""),
    "file": ("channels.places.folder:Folder", ""),
    "s3": ("channels.places.s3:Bucket", "s3"),
    "sftp": ("channels.places.sftp:Sftp", "sftp"),
    "dav": ("channels.places.webdav:WebDav", ""),
    "davs": ("channels.places.webdav:WebDav", ""),
    "git": ("channels.places.git:Branch", ""),
    "netlify": ("channels.places.netlify:Netlify", ""),
}
ELSEWHERE = "channels.places.elsewhere:Elsewhere"


def place(account: str, settings: WebSettings) -> Place:
    """The place of these settings. Raises `Misconfigured` where something must be installed first."""
    scheme, colon, _ = settings.directory.partition("://")
    kind = scheme.partition("+")[0] if colon else ""
    where, extra = KINDS.get(kind, (ELSEWHERE, ""))
    module, _, name = where.partition(":")
    try:
        made: Place = getattr(import_module(module), name)(account, settings)
    except ImportError as error:
        mend = f"pip install 'pressroom[{extra}]'" if extra else f"pip install {error.name}"
        raise Misconfigured(account, f"{kind}:// needs what is not installed: {mend}") from None
    return made

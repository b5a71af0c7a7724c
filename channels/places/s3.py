"""An S3 bucket, Amazon's or another's, and the CloudFront distribution in front of it."""

from __future__ import annotations

import mimetypes
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable
from channels.http import clean
from channels.places.place import Place
from content.images import TYPES

if TYPE_CHECKING:
    from channels.places.access import WebSettings

FOREVER = "public, max-age=31536000, immutable"  # pictures: their names carry their digests
FRESH = "public, max-age=0, must-revalidate"
REFUSED = {"AccessDenied", "ExpiredToken", "InvalidAccessKeyId", "NoSuchBucket", "SignatureDoesNotMatch"}
INDEX = "index.html"
MANY = 15  # paths of one invalidation: each is charged, and a wildcard counts as one


class Bucket(Place):
    """`s3://BUCKET/FOLDER`. A PUT replaces a file in one step; `If-None-Match` makes one that must be new."""

    def __init__(self, account: str, settings: WebSettings) -> None:
        super().__init__(account, settings)
        self._bucket, _, folder = settings.directory.removeprefix("s3://").partition("/")
        self._folder = f"{folder.strip('/')}/" if folder.strip("/") else ""

    def read(self, path: str) -> bytes | None:
        """A file's bytes."""
        try:
            with self._spoken():
                found: bytes = self._s3.get_object(**self._key(path))["Body"].read()
        except _Absent:
            return None
        return found

    def write(self, path: str, data: bytes) -> None:
        """One PUT."""
        with self._spoken():
            self._s3.put_object(**self._key(path), Body=data, **_headers(path))

    def create(self, path: str, data: bytes) -> bool:
        """One PUT that fails where the file is."""
        try:
            with self._spoken():
                self._s3.put_object(**self._key(path), Body=data, IfNoneMatch="*", **_headers(path))
        except _There:
            return False
        return True

    def remove(self, path: str) -> None:
        """One DELETE."""
        with self._spoken():
            self._s3.delete_object(**self._key(path))

    def settle(self, paths: Iterable[str]) -> None:
        """Have CloudFront fetch what has changed. The distribution's origin must be the folder itself."""
        plain = [f"/{path}" for path in paths]
        changed = sorted({*plain, *(path.removesuffix(INDEX) for path in plain if path.endswith(f"/{INDEX}"))})
        if not self.settings.cloudfront or not changed:
            return
        items = changed if len(changed) <= MANY else ["/*"]
        batch = {"Paths": {"Quantity": len(items), "Items": items}, "CallerReference": uuid.uuid4().hex}
        with self._spoken():
            self._client("cloudfront").create_invalidation(
                DistributionId=self.settings.cloudfront, InvalidationBatch=batch
            )

    def _key(self, path: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._folder + path}

    @cached_property
    def _s3(self) -> Any:
        return self._client("s3", self.settings.endpoint or None)

    def _client(self, service: str, endpoint: str | None = None) -> Any:
        with self._spoken():
            return botocore.session.get_session().create_client(
                service,
                region_name=self.settings.region or "us-east-1",
                endpoint_url=endpoint,
                aws_access_key_id=self.settings.user or None,  # without one, the machine's own role or profile
                aws_secret_access_key=self.settings.secret.get_secret_value() or None,
                config=Config(
                    connect_timeout=10,
                    read_timeout=60,
                    retries={"mode": "standard", "max_attempts": 3},
                    s3={"addressing_style": "path" if endpoint else "auto"},
                ),
            )

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise self._meaning(error) from None
        except ParamValidationError as error:
            raise Misconfigured(self.account, self._cleaned(str(error))) from None
        except (BotoCoreError, ValueError) as error:
            kind = Misconfigured if type(error).__name__.startswith(("NoCred", "Invalid", "Partial")) else Unavailable
            raise kind(self.account, self._cleaned(str(error))) from None

    def _meaning(self, error: ClientError) -> Exception:
        code, status = error.response["Error"].get("Code", ""), error.response["ResponseMetadata"]["HTTPStatusCode"]
        detail = self._cleaned(f"{status} {code}: {error.response['Error'].get('Message', '')}")
        if code in {"PreconditionFailed", "ConditionalRequestConflict"}:
            return _There(self.account, detail)
        if code in {"NoSuchKey", "404"}:
            return _Absent(self.account, detail)
        if code in REFUSED or status in {401, 403}:
            return Misconfigured(self.account, detail)
        return Unavailable(self.account, detail) if status >= 500 or status == 429 else Rejected(self.account, detail)

    def _cleaned(self, said: str) -> str:
        return clean(said, (self.settings.secret.get_secret_value(), self.settings.user))


class _There(ChannelError):
    """What must be new is there."""


class _Absent(ChannelError):
    """There is no such file."""


def _headers(path: str) -> dict[str, str]:
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    words = kind.startswith("text/") or kind in {"application/json", "application/xml", "application/atom+xml"}
    return {
        "ContentType": f"{kind}; charset=utf-8" if words else kind,
        "CacheControl": FOREVER if kind in TYPES and "/" in path else FRESH,
    }

"""The settings of a site's place."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class WebSettings(BaseModel):
    """Where the site's files stand, and what opens that place. `docs/web.md` shows each kind."""

    model_config = ConfigDict(frozen=True)

    directory: str = ""  # a folder, or s3://, sftp://, davs://, git+ssh://…#branch, netlify://SITE
    user: str = ""  # who signs in; for S3 the access key's id
    secret: SecretStr = SecretStr("")  # the password; for S3 the secret key, for Netlify a token
    endpoint: str = ""  # of S3 that is not Amazon's, of another Netlify
    region: str = ""  # of the bucket
    cloudfront: str = ""  # the distribution in front of the bucket, to be told what has changed
    key_file: Path | None = None  # SFTP: the private key; without one, the agent's and those in ~/.ssh
    known_hosts: Path | None = None  # SFTP: whose host keys are known; without it, ~/.ssh/known_hosts
    project: Path = Field(default=Path(), exclude=True)  # its brand and templates make the lists

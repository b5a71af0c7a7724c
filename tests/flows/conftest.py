"""A channel that does what a test's script says, over a platform that remembers."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.base import Capabilities, Channel, Parcel, Receipt
from channels.errors import Unsupported
from content.article import Article
from content.context import Context
from content.fitting import Limits
from content.post import Post
from flows.ledger import Ledger


@dataclass
class Platform:
    """What is out there. `script` holds the errors of the next calls; `lost` means: it arrived, then the error came."""

    posts: list[tuple[str, str]] = field(default_factory=list)  # key, digest
    script: list[Exception] = field(default_factory=list)
    lost: bool = False
    seen: Exception | None = None  # what a look at the account ends with
    since: datetime | None = None  # how far back the newest look was to reach
    calls: int = 0


class Scripted(Channel[Post]):
    """A channel over a `Platform`."""

    name = "scripted"
    title = "Scripted"
    form = Post
    can = Capabilities(limits=Limits(text=500), finds=True, updates=True)

    def __init__(self, platform: Platform, **can: bool) -> None:
        super().__init__()
        self.platform = platform
        self.can = replace(type(self).can, **can)

    def parcel(self, rendition: Post, key: str) -> Parcel:
        return Parcel(files=(("post.txt", rendition.text.encode()),), opens="post.txt")

    def publish(self, rendition: Post, key: str, prepared: str = "") -> Receipt:
        self.platform.calls += 1
        error = self.platform.script.pop(0) if self.platform.script else None
        if error is None or self.platform.lost:
            self.platform.posts.append((key, rendition.digest))
        if error:
            raise error
        return self.receipt(rendition)

    def find(self, rendition: Post, key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        if not self.can.finds:
            raise Unsupported(self.account, "can't look")
        self.platform.since = since
        if self.platform.seen:
            raise self.platform.seen
        return self.receipt(rendition) if any(known == key for known, _ in self.platform.posts) else None

    def update(self, receipt: Receipt, rendition: Post) -> Receipt:
        self.platform.posts[-1] = (self.platform.posts[-1][0], rendition.digest)
        return self.receipt(rendition)

    def receipt(self, rendition: Post) -> Receipt:
        return Receipt(
            channel=self.account,
            remote_ids=("1",),
            url="https://scripted.example/1",
            digest=rendition.digest,
            sent_at=datetime.now(UTC),
        )


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def scripted(platform: Platform):
    """Makes a channel over the test's platform, able to do what is said."""
    return lambda **can: Scripted(platform, **can)


@pytest.fixture
def post(project: Path) -> Post:
    article = Article.load(project / "content" / "articles" / "garden.md")
    return Post.of(article, Context.open(project), "scripted", Limits(text=500))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield opened
    opened.close()

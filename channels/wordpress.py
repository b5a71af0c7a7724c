"""WordPress: posts by its REST API, with an application password. https://developer.wordpress.org/rest-api/"""

from __future__ import annotations

from base64 import b64encode
from html import unescape
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.errors import ChannelError, Misconfigured, Rejected
from channels.system import Item, Media, System, moment
from content.findings import Finding

if TYPE_CHECKING:
    import httpx

    from content.document import Document
    from content.rendition import Asset

RIGHTS = {"publish_posts": "publish", "upload_files": "upload pictures"}
OLDEST = {"orderby": "id", "order": "asc"}
# what stands in a block of its own is shown as it is, and not given paragraphs of WordPress's making
BLOCK = "<!-- wp:html -->\n{}\n<!-- /wp:html -->"


class WordPressSettings(BaseModel):
    """A site's address, a user, and an application password of that user (not the one for logging in)."""

    model_config = ConfigDict(frozen=True)

    url: str = ""  # "https://clinic.example"
    user: str = ""
    password: SecretStr = SecretStr("")
    status: Literal["publish", "draft", "pending"] = "publish"


class WordPress(System):
    """One site. A changed slug is redirected by WordPress itself; what is taken back lies in its trash."""

    name = "wordpress"
    title = "WordPress"
    settings_model = WordPressSettings
    guide = """In WordPress, under Users › Profile › Application Passwords, give a name such as Pressroom and press
    Add. The user must be an author at least, to publish and to upload pictures."""
    asks = ("url", "user", "password")

    def __init__(
        self, account: str = "", settings: WordPressSettings | None = None, http: httpx.Client | None = None
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or WordPressSettings()

    @property
    def configured(self) -> bool:
        """Whether there is a site, a user and a password."""
        return bool(self._settings.url and self._settings.user and self._settings.password.get_secret_value())

    @property
    def address(self) -> str:
        """The site's."""
        return self._settings.url.rstrip("/")

    def credentials(self) -> dict[str, str]:
        """Basic, as application passwords want it."""
        return {"Authorization": f"Basic {self._basic()}"}

    def secrets(self) -> tuple[str, ...]:
        """The password, in each of its spellings."""
        password = self._settings.password.get_secret_value()
        return (self._basic(), password, password.replace(" ", ""))

    def seek(self, slug: str) -> Item | None:
        """By slug, whatever its status; the trash keeps slugs of its own."""
        found = self._read("GET", "posts", params={"slug": slug, "status": "any", **OLDEST})
        if not found:
            return None
        try:
            return self.item(found[0]["id"])
        except Misconfigured:  # an author may not read what others wrote as they wrote it
            return Item(id=str(found[0]["id"]), slug=slug, url=found[0]["link"], html="", revision="")

    def item(self, remote_id: str) -> Item:
        """By id."""
        return self._item(self._read("GET", f"posts/{remote_id}", params={"context": "edit"}))

    def fields(self, rendition: Document, html: str) -> dict[str, Any]:
        """As `POST /wp/v2/posts` takes them."""
        at = moment(rendition.published)
        when = {"date_gmt": f"{at:%Y-%m-%dT%H:%M:%S}"} if at else {"date": _local(rendition)}
        return {
            "title": rendition.title,
            "slug": rendition.slug,
            "content": BLOCK.format(html),
            "excerpt": rendition.description,
            "status": self._settings.status,
            **when,
        }

    def store(self, rendition: Document, fields: dict[str, Any], hero: Media | None, before: Item | None) -> Item:
        """Make or change the post."""
        body = {**fields, "tags": [self._tag(name) for name in rendition.tags]}
        body["featured_media"] = int(hero.id) if hero else 0
        where = f"posts/{before.id}" if before else "posts"
        return self._item(self._read("POST", where, params={"context": "edit"}, json=body))

    def upload(self, picture: Asset, before: Item | None) -> Media:
        """Found again by the digest in its slug."""
        slug = f"pressroom-{picture.digest[:16]}"
        found = self._read("GET", "media", params={"slug": slug, "context": "edit"})
        if found:
            return self._media(found[0])
        file = {"file": (picture.path, picture.data, picture.media_type)}
        told = {"slug": slug, "alt_text": picture.alt, "title": picture.alt or picture.path}
        return self._media(self._read("POST", "media", files=file, data=told))

    def delete(self, remote_id: str, *, whole: bool = False) -> None:
        """To the trash, or for good."""
        self.call("DELETE", self._at(f"posts/{remote_id}"), params={"force": "true"} if whole else {})

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """A file that it does not take is answered like a breakdown, a tag that is there already with its id."""
        told = self.said(response)
        match told.get("code"):
            case "rest_upload_sideload_error":
                return Rejected(self.account, f"the picture is not taken: {detail}")
            case "rest_invalid_param" if "status" in told.get("data", {}).get("params", {}):
                # who is not known may not ask for drafts
                return Misconfigured(self.account, f"the user may not see drafts, or the password is wrong: {detail}")
            case "term_exists":
                return _Exists(self.account, detail, told.get("data"))
        return None

    def doctor(self) -> list[Finding]:
        """Who the account is, and whether it may publish."""
        if not self.configured:
            return self.missing("url", "user", "password")
        if found := self.insecure():
            return found
        try:
            rights = self._read("GET", "users/me", params={"context": "edit"})["capabilities"]
        except (ChannelError, KeyError, TypeError) as error:
            detail = error.detail if isinstance(error, ChannelError) else "the answer is not WordPress's"
            why = f"The site does not answer as it should: {detail}."
            mend = "Is it the address of the site itself, are its permalinks not plain, is it an application password?"
            return [Finding(rule="account.refused", severity="block", why=why, mend=mend, channel=self.account)]
        lacking = [said for right, said in RIGHTS.items() if not rights.get(right)]
        if not lacking:
            return []
        why = f"{self._settings.user} may not {' or '.join(lacking)} there."
        mend = "Make the user an author or an editor."
        return [Finding(rule="account.rights", severity="block", why=why, mend=mend, channel=self.account)]

    def _tag(self, name: str) -> int:
        """A tag's id; made where there is none."""
        found = self._read("GET", "tags", params={"search": name, "per_page": 100})
        for tag in found:
            if unescape(tag["name"]).casefold() == name.casefold():
                return int(tag["id"])
        try:
            return int(self._read("POST", "tags", json={"name": name})["id"])
        except _Exists as error:
            return error.id

    def _read(self, method: str, path: str, **request: Any) -> Any:
        response = self.call(method, self._at(path), **request)
        return self.read(response)

    def _at(self, path: str) -> str:
        return f"{self.address}/wp-json/wp/v2/{path}"

    def _basic(self) -> str:
        return b64encode(f"{self._settings.user}:{self._settings.password.get_secret_value()}".encode()).decode()

    def _item(self, told: Any) -> Item:
        with self.understood("post"):
            return Item(
                id=str(told["id"]),
                slug=told["slug"],
                url=told["link"],
                html=told["content"]["raw"],
                revision=told["modified_gmt"],
                gone=told["status"] == "trash",
            )

    def _media(self, told: Any) -> Media:
        with self.understood("picture"):
            return Media(str(told["id"]), told["source_url"])


class _Exists(Rejected):
    """A tag that is there already, under another spelling."""

    def __init__(self, channel: str, detail: str, data: Any) -> None:
        super().__init__(channel, detail)
        self.id = int(data["term_id"]) if isinstance(data, dict) else 0


def _local(rendition: Document) -> str:
    """A day, or a time of day, by the site's own clock."""
    return rendition.published.strftime("%Y-%m-%dT%H:%M:%S")

"""A branch of a git repository, as GitHub Pages and GitLab Pages serve one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from channels.errors import Misconfigured, Unavailable
from channels.http import clean
from channels.places.place import Conflict, File, Whole

if TYPE_CHECKING:
    from channels.places.access import WebSettings

PATIENCE = 120  # seconds
BRANCH = "gh-pages"
WHO = {"GIT_AUTHOR_NAME": "Pressroom", "GIT_AUTHOR_EMAIL": "pressroom@localhost"}
WHO |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in WHO.items()}
STALE = re.compile("non-fast-forward|fetch first|stale info|cannot lock ref|failed to update ref|incorrect old value")
CLOSED = re.compile(
    "authentication failed|permission denied|could not read username|not found|protected branch|hook declined"
    "|does not exist|not a git repository|access denied|host key|does not appear to be"
)
WORKED_ON = (".nojekyll", b"")  # else GitHub would build the pages once more, and leave some out


class Branch(Whole):
    """`git+ssh://HOST/REPOSITORY#BRANCH`, also `git+https://` and `git+file://`: one commit a change."""

    def __init__(self, account: str, settings: WebSettings) -> None:
        super().__init__(account, settings)
        address = urlsplit(settings.directory.removeprefix("git+"))
        self._branch = address.fragment or BRANCH
        self._secret = settings.secret.get_secret_value()
        self._remote = urlunsplit((*address[:3], "", ""))
        self._signed = self._remote
        if self._secret and address.scheme == "https":
            who = quote(settings.user or "pressroom", safe="")
            host = address.netloc.rpartition("@")[2]
            self._signed = urlunsplit(
                (address.scheme, f"{who}:{quote(self._secret, safe='')}@{host}", address.path, "", "")
            )
        name = sha256(self._remote.encode()).hexdigest()[:16]
        self._here = settings.project / ".pressroom" / "git" / name
        self._tip: str | None = None  # "": the branch is yet to be made

    def read(self, path: str) -> bytes | None:
        """A file's bytes at the branch's tip."""
        tip = self._fetched()
        if not tip or self._git("ls-tree", "--name-only", tip, "--", path).strip() == b"":
            return None
        return self._git("cat-file", "blob", f"{tip}:{path}")

    def put(self, files: Iterable[File], gone: Iterable[str], note: str) -> None:
        """One commit, pushed only where the branch is still what was read."""
        tip = self._fetched()
        tree = self._tree(tip, [*files, *([] if tip else [WORKED_ON])], gone)
        if tip and tree == self._git("rev-parse", f"{tip}^{{tree}}").decode().strip():
            return
        commit = self._git("commit-tree", tree, *(("-p", tip) if tip else ()), "-m", note).decode().strip()
        lease = f"--force-with-lease=refs/heads/{self._branch}:{tip}"
        self._git("push", "--quiet", lease, self._signed, f"{commit}:refs/heads/{self._branch}")
        self._tip = commit

    def examine(self) -> None:
        """Ask whether a push would be taken, without one."""
        tip = self._fetched()
        tree = self._tree(tip, [WORKED_ON], [])
        commit = self._git("commit-tree", tree, *(("-p", tip) if tip else ()), "-m", "Look").decode().strip()
        self._git("push", "--quiet", "--dry-run", self._signed, f"{commit}:refs/heads/{self._branch}")

    def look(self) -> None:
        """The branch's tip is asked for anew."""
        self._tip = None

    def _tree(self, tip: str, files: Iterable[File], gone: Iterable[str]) -> str:
        """The id of a tree: the tip's, with these files and without those. Made in an index of its own."""
        index = self._here / f"index-{uuid.uuid4().hex[:8]}"
        own = {"GIT_INDEX_FILE": str(index.resolve())}
        try:
            self._git("read-tree", *([tip] if tip else ["--empty"]), more=own)
            rows = [f"100644 {self._blob(data)}\t{path}" for path, data in files]
            rows += [f"0 {'0' * 40}\t{path}" for path in gone]
            self._git("update-index", "--index-info", given="".join(f"{row}\n" for row in rows).encode(), more=own)
            return self._git("write-tree", more=own).decode().strip()
        finally:
            index.unlink(missing_ok=True)

    def _blob(self, data: bytes) -> str:
        return self._git("hash-object", "-w", "--stdin", given=data).decode().strip()

    def _fetched(self) -> str:
        """The branch's tip, read once in each turn."""
        if self._tip is None:
            if not (self._here / "HEAD").exists():
                self._here.mkdir(parents=True, exist_ok=True)
                self._git("init", "--quiet", "--bare", ".")
            found = self._git("ls-remote", self._signed, f"refs/heads/{self._branch}").decode().split()
            if found:
                self._git("fetch", "--quiet", "--depth=1", "--no-tags", self._signed, f"refs/heads/{self._branch}")
            self._tip = found[0] if found else ""
        return self._tip

    def _git(self, *words: str, given: bytes = b"", more: dict[str, str] | None = None) -> bytes:
        program = shutil.which("git")
        if program is None:
            raise Misconfigured(self.account, "there is no git on this machine")
        quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes", "LC_ALL": "C"}
        environment = {**os.environ, **WHO, **quiet, "GIT_DIR": str(self._here.resolve()), **(more or {})}
        try:
            done = subprocess.run(  # noqa: S603 - git's own commands, no shell
                [program, *words],
                cwd=self._here,
                env=environment,
                input=given,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(self.account, f"git {words[0]} took more than {PATIENCE} s") from None
        if done.returncode:
            raise self._meaning(words[0], done.stderr.decode(errors="replace"))
        return done.stdout

    def _meaning(self, command: str, said: str) -> Exception:
        told = clean(" ".join(said.split()), (self._secret, quote(self._secret, safe="")))[:300]
        if command == "push" and STALE.search(said.lower()):
            return Conflict(told)
        kind = Misconfigured if CLOSED.search(said.lower()) else Unavailable
        return kind(self.account, f"git {command}: {told}")

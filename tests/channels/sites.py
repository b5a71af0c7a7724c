"""Places for sites, each on a real server where one runs here, seen from behind as well."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from channels.places.access import WebSettings
from channels.web import Web
from tests.ports import free, listens
from tests.tools import program, weed

SECRET = "correct horse battery staple"


class Ground(ABC):
    """A place as those see it who own the server. `tampered` settings have wrong credentials; None: it has none."""

    tampered: WebSettings | None = None
    port = 0  # of its server

    def __init__(self, project: Path) -> None:
        self.project = project
        self._channels: list[Web] = []

    @property
    @abstractmethod
    def settings(self) -> WebSettings:
        """What opens it."""

    @abstractmethod
    def files(self) -> dict[str, bytes]:
        """Every file that stands there."""

    @abstractmethod
    def plant(self, path: str, data: bytes) -> None:
        """Put a file there by other means."""

    def stamps(self) -> dict[str, object]:
        """What changes whenever a file is written, for each file."""
        return dict(self.files())

    def through(self, port: int) -> WebSettings:
        """What opens it by way of a relay."""
        old = self.settings
        moved = {name: getattr(old, name).replace(f":{self.port}", f":{port}") for name in ("directory", "endpoint")}
        if old.known_hosts:
            known = self.project / "known_hosts"
            known.write_text(old.known_hosts.read_text().replace(f"]:{self.port} ", f"]:{port} "))
            return old.model_copy(update={**moved, "known_hosts": known})
        return old.model_copy(update=moved)

    def channel(self, settings: WebSettings | None = None) -> Web:
        """A channel to it."""
        self._channels.append(Web("web", settings or self.settings))
        return self._channels[-1]

    def close(self) -> None:
        """Close every channel to it."""
        for channel in self._channels:
            channel.close()


class OnDisk(Ground):
    """What a server of this machine serves from a folder."""

    folder: Path

    def files(self) -> dict[str, bytes]:
        return {p.relative_to(self.folder).as_posix(): p.read_bytes() for p in self.folder.rglob("*") if p.is_file()}

    def stamps(self) -> dict[str, object]:
        return {name: (self.folder / name).stat().st_ino for name in self.files()}

    def plant(self, path: str, data: bytes) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


class Local(OnDisk):
    def __init__(self, project: Path) -> None:
        super().__init__(project)
        self.folder = project / "www"
        self.folder.mkdir()

    @property
    def settings(self) -> WebSettings:
        return WebSettings(directory="www", project=self.project)


class Dav(OnDisk):
    """WsgiDAV below cheroot."""

    def __init__(self, project: Path, folder: Path, port: int) -> None:
        super().__init__(project)
        self.folder, self.port = folder / "site", port
        self.folder.mkdir(exist_ok=True)

    @property
    def settings(self) -> WebSettings:
        address = f"dav://127.0.0.1:{self.port}/site"
        return WebSettings(directory=address, user="ada", secret=SecretStr(SECRET), project=self.project)

    @property
    def tampered(self) -> WebSettings:
        return self.settings.model_copy(update={"secret": SecretStr("wrong horse")})


class Sftp(OnDisk):
    """OpenSSH with a key, in a root of its own."""

    def __init__(self, project: Path, folder: Path, port: int, keys: Path) -> None:
        super().__init__(project)
        self.folder, self.port, self._keys = folder / "site" / uuid4().hex[:8], port, keys

    @property
    def settings(self) -> WebSettings:
        address = f"sftp://webpub@127.0.0.1:{self.port}/site/{self.folder.name}"
        known = self._keys / "known_hosts"
        return WebSettings(directory=address, key_file=self._keys / "client", known_hosts=known, project=self.project)

    @property
    def tampered(self) -> WebSettings:
        return self.settings.model_copy(update={"key_file": self._keys / "stranger"})

    def plant(self, path: str, data: bytes) -> None:
        super().plant(path, data)
        for made in (self.folder, *self.folder.rglob("*")):
            shutil.chown(made, "webpub")


class S3(Ground):
    """SeaweedFS, which checks signatures and conditions."""

    def __init__(self, project: Path, port: int) -> None:
        super().__init__(project)
        self.port, self._folder = port, f"{uuid4().hex[:8]}/"  # a bucket each would need a volume each

    @property
    def settings(self) -> WebSettings:
        return WebSettings(
            directory=f"s3://site/{self._folder}",
            endpoint=f"http://127.0.0.1:{self.port}",
            user="test",
            secret=SecretStr("testsecret"),
            project=self.project,
        )

    @property
    def tampered(self) -> WebSettings:
        return self.settings.model_copy(update={"secret": SecretStr("wrong")})

    def files(self) -> dict[str, bytes]:
        return {row["Key"].removeprefix(self._folder): self._object(row["Key"])["Body"].read() for row in self._rows()}

    def stamps(self) -> dict[str, object]:
        return {row["Key"].removeprefix(self._folder): (row["ETag"], row["LastModified"]) for row in self._rows()}

    def plant(self, path: str, data: bytes) -> None:
        self._client().put_object(Bucket="site", Key=self._folder + path, Body=data)

    def headers(self, path: str) -> tuple[str, str]:
        found = self._object(self._folder + path)
        return found["ContentType"], found["CacheControl"]

    def _object(self, key: str):
        return self._client().get_object(Bucket="site", Key=key)

    def _rows(self):
        return self._client().list_objects_v2(Bucket="site", Prefix=self._folder).get("Contents", [])

    def _client(self):
        return _amazon(self.port)


class Git(Ground):
    """A bare repository, as a host keeps one."""

    def __init__(self, project: Path) -> None:
        super().__init__(project)
        self.repository = project.parent / "site.git"
        self._run("init", "--quiet", "--bare", "-b", "main", str(self.repository))

    @property
    def settings(self) -> WebSettings:
        return WebSettings(directory=f"git+file://{self.repository}#pages", project=self.project)

    def files(self) -> dict[str, bytes]:
        return {path: self._run("cat-file", "blob", f"pages:{path}") for path in self._paths()}

    def plant(self, path: str, data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self._run("clone", "--quiet", str(self.repository), folder)
            there = self._run("ls-remote", str(self.repository), "refs/heads/pages")
            self._run("-C", folder, "checkout", "--quiet", *([] if there else ["--orphan"]), "pages")
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_bytes(data)
            self._run("-C", folder, "add", "--all")
            self._run("-C", folder, "commit", "--quiet", "-m", "By hand")
            self._run("-C", folder, "push", "--quiet", "origin", "pages")

    def commits(self) -> list[str]:
        return self._run("log", "--format=%s", "pages").decode().splitlines()

    def _paths(self) -> list[str]:
        if not self._run("ls-remote", str(self.repository), "refs/heads/pages"):
            return []
        return self._run("ls-tree", "-r", "--name-only", "pages").decode().split()

    def _run(self, *words: str) -> bytes:
        who = {f"GIT_{role}_{part}": "x@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        where = {"GIT_DIR": str(self.repository)} if words[0] in {"cat-file", "ls-tree", "log"} else {}
        environment = {**os.environ, **who, **where}
        return subprocess.run(["git", *words], check=True, capture_output=True, env=environment, timeout=60).stdout


class Memory(Ground):
    """One of fsspec's own."""

    def __init__(self, project: Path) -> None:
        super().__init__(project)
        self._root = f"/{uuid4().hex}"

    @property
    def settings(self) -> WebSettings:
        return WebSettings(directory=f"memory:/{self._root}", project=self.project)

    def files(self) -> dict[str, bytes]:
        fs = self._fs()
        return {path.removeprefix(f"{self._root}/"): fs.cat_file(path) for path in fs.find(self._root)}

    def plant(self, path: str, data: bytes) -> None:
        self._fs().pipe_file(f"{self._root}/{path}", data)

    def _fs(self):
        from fsspec.implementations.memory import MemoryFileSystem  # noqa: PLC0415

        return MemoryFileSystem()


@contextmanager
def cutting(port: int, after: int) -> Iterator[int]:
    """The port of a relay that hangs up for good once it has passed on so many bytes to the server."""
    left, over = [after], threading.Event()

    def pump(source: socket.socket, target: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while data := source.recv(16384):
                if over.is_set() or (counts and left[0] < len(data)):
                    over.set()
                    break
                left[0] -= len(data) if counts else 0
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError), ThreadPoolExecutor(32) as pool:
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                ends.extend((near, far))
                pool.submit(pump, near, far, True)
                pool.submit(pump, far, near, False)

    ends: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            for one in (listener, *ends):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
            thread.join()


@contextmanager
def webdav(folder: Path) -> Iterator[int]:
    """A WebDAV server's port."""
    from cheroot.wsgi import Server  # noqa: PLC0415
    from wsgidav.wsgidav_app import WsgiDAVApp  # noqa: PLC0415

    (folder / "site").mkdir(parents=True, exist_ok=True)
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": str(folder)},
            "simple_dc": {"user_mapping": {"*": {"ada": {"password": SECRET}}}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
            "verbose": 0,
            "logging": {"enable": False},
        }
    )
    server = Server(("127.0.0.1", 0), app)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server.bind_addr[1]
    finally:
        server.stop()
        thread.join()


@contextmanager
def openssh(folder: Path) -> Iterator[tuple[int, Path]]:
    """An SFTP server's port, for the user `webpub` below `folder`, and the folder of its keys."""
    daemon, keygen = program("sshd", "openssh-server"), program("ssh-keygen", "openssh-client")
    keys, port = Path(tempfile.mkdtemp()), free()
    for name in ("hostkey", "client", "stranger"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True)
    shutil.copy(keys / "client.pub", keys / "authorized_keys")
    host = " ".join((keys / "hostkey.pub").read_text().split()[:2])
    keys.chmod(0o755)  # the user's own rights count where they are read
    (keys / "known_hosts").write_text(f"[127.0.0.1]:{port} {host}\n")
    if subprocess.run(["id", "webpub"], capture_output=True, check=False).returncode:
        subprocess.run(["useradd", "-M", "-d", "/site", "-s", "/usr/sbin/nologin", "webpub"], check=True)
    subprocess.run(["usermod", "-p", "*", "webpub"], check=True)  # a locked account is refused even with a key
    (folder / "site").mkdir(exist_ok=True)
    shutil.chown(folder / "site", "webpub")
    Path("/run/sshd").mkdir(exist_ok=True)
    lines = [
        f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {keys / 'hostkey'}", "PidFile none", "UsePAM no",
        f"AuthorizedKeysFile {keys / 'authorized_keys'}", "PasswordAuthentication no", "StrictModes no",
        "KbdInteractiveAuthentication no", "Subsystem sftp internal-sftp", "AllowUsers webpub", "Match User webpub",
        f"ChrootDirectory {folder}", "ForceCommand internal-sftp", "AllowTcpForwarding no",
    ]  # fmt: skip
    (keys / "sshd_config").write_text("\n".join(lines) + "\n")
    process = subprocess.Popen([daemon, "-D", "-f", str(keys / "sshd_config"), "-E", str(keys / "log")])
    try:
        listens(port)
        yield port, keys
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(keys)


@contextmanager
def seaweed(folder: Path) -> Iterator[int]:
    """An S3 server's port."""
    port = free()
    rights = ["Admin", "Read", "List", "Tagging", "Write"]
    keys = [{"accessKey": "test", "secretKey": "testsecret"}]
    config = folder / "s3.json"
    config.write_text(
        f'{{"identities": [{{"name": "admin", "credentials": {keys}, "actions": {rights}}}]}}'.replace("'", '"')
    )
    ports = [f"-{name}.port={free()}" for name in ("master", "volume", "filer")]
    command = [
        str(weed()),
        f"-logdir={folder}",
        "server",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-dir={folder}",
        *ports,
        "-filer",
        "-s3",
    ]
    command += [f"-s3.port={port}", f"-s3.config={config}", "-master.volumeSizeLimitMB=64", "-volume.max=8"]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            listens(port)
            time.sleep(2)  # until a volume is writable
            _amazon(port).create_bucket(Bucket="site")
            yield port
        finally:
            process.kill()  # it takes its time to say goodbye, and nothing of it is kept
            process.wait(30)


def _amazon(port: int):
    """A client with the server's own keys."""
    import botocore.session  # noqa: PLC0415

    return botocore.session.get_session().create_client(
        "s3", "us-east-1", endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id="test",
        aws_secret_access_key="testsecret",
    )  # fmt: skip


@contextmanager
def ground(kind: str, project: Path, folder: Path, servers: dict[str, object], stack: ExitStack) -> Iterator[Ground]:
    """A fresh place. Servers are started on first use, and stay until the stack is closed."""
    match kind:
        case "webdav":
            with webdav(folder) as port:
                yield Dav(project, folder, port)
        case "sftp":
            if kind not in servers:
                chroot = Path(tempfile.mkdtemp(dir="/srv"))
                stack.callback(shutil.rmtree, chroot)
                chroot.chmod(0o755)
                servers[kind] = (chroot, *stack.enter_context(openssh(chroot)))
            chroot, port, keys = servers[kind]
            yield Sftp(project, chroot, port, keys)
        case "s3":
            if kind not in servers:
                home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                servers[kind] = stack.enter_context(seaweed(home))
            yield S3(project, servers[kind])
        case _:
            yield {"folder": Local, "git": Git, "memory": Memory}[kind](project)

"""A real WordPress: Debian's package unpacked, MariaDB, and PHP's own server, all below one folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.ports import free, listens
from tests.tools import program, wordpress_files

PHP = Path(__file__).parent / "tools" / "wordpress"
DATABASE = "CREATE DATABASE wp; CREATE USER wp@'127.0.0.1' IDENTIFIED BY 'wp'; GRANT ALL ON wp.* TO wp@'127.0.0.1'"


@contextmanager
def serving(folder: Path) -> Iterator[dict[str, Any]]:
    """Its address, and the application passwords of `admin`, `author` and `contributor`."""
    php, port, store = program("php", "php8.2-cli"), free(), free()
    site = folder / "site"
    shutil.copytree(wordpress_files(), site)
    with ExitStack() as stack:
        stack.enter_context(_database(folder, store))
        for file in PHP.glob("*.php"):
            shutil.copy(file, site / file.name if file.name == "wp-config.php" else folder / file.name)
        environment = {**os.environ, "SITE_PORT": str(port), "STORE_PORT": str(store), "PHP_CLI_SERVER_WORKERS": "4"}
        made = [php, "-d", "memory_limit=256M", str(folder / "install.php"), str(site)]
        told = subprocess.run(made, env=environment, check=True, timeout=120, stdout=subprocess.PIPE, text=True)
        command = [php, "-d", "upload_max_filesize=20M", "-d", "post_max_size=25M"]
        command += ["-S", f"127.0.0.1:{port}", "-t", str(site), str(folder / "router.php")]
        log = stack.enter_context((folder / "php.log").open("wb"))
        # its workers outlive it: the whole group is ended
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        stack.callback(process.wait, 20)
        stack.callback(os.killpg, process.pid, signal.SIGKILL)
        listens(port)
        yield {"url": f"http://127.0.0.1:{port}", **json.loads(told.stdout.splitlines()[-1])}


@contextmanager
def _database(folder: Path, port: int) -> Iterator[None]:
    data, socket = folder / "db", folder / "db.sock"
    data.mkdir()
    make, server = program("mariadb-install-db", "mariadb-server-core"), program("mariadbd", "mariadb-server-core")
    alike = ["--no-defaults", "--user=root", f"--datadir={data}"]
    made = [make, *alike, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    where = [f"--socket={socket}", f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
    client = [program("mariadb", "mariadb-client-core"), "--no-defaults", "-u", "root", "-S", str(socket)]
    with (folder / "mariadb.log").open("wb") as log:
        process = subprocess.Popen([server, *alike, *where], stdout=log, stderr=log)
        try:
            listens(port)
            subprocess.run([*client, "-e", DATABASE], check=True)
            yield
        finally:
            process.kill()
            process.wait(20)

"""A real mail server of its own: Postfix takes mail by STARTTLS and AUTH, Dovecot keeps it and gives it by IMAP."""

from __future__ import annotations

import email
import email.policy
import imaplib
import os
import pwd
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests import ports

PASSWORD = "secret"
NEEDED = ("postfix", "dovecot", "openssl")

MAIN = """
compatibility_level = 3.6
maillog_file = {root}/maillog
maillog_file_prefixes = {root}
queue_directory = {root}/spool
data_directory = {root}/data
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.test
mydestination =
mynetworks =
recipient_delimiter = +
virtual_mailbox_domains = example.test
virtual_mailbox_maps = regexp:{root}/etc/mailboxes
virtual_alias_maps = regexp:{root}/etc/aliases
virtual_transport = lmtp:unix:{root}/dovecot/lmtp.sock
default_transport = error:nothing leaves this machine
alias_maps =
alias_database =
local_recipient_maps =
smtpd_tls_cert_file = {root}/tls/cert.pem
smtpd_tls_key_file = {root}/tls/key.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {root}/dovecot/auth.sock
smtpd_sasl_auth_enable = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access regexp:{root}/etc/access, permit
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 10000
smtpd_hard_error_limit = 10000
lmtp_destination_concurrency_limit = 20
queue_run_delay = 2s
minimal_backoff_time = 2s
maximal_backoff_time = 4s
default_process_limit = 50
biff = no
"""
MASTER = """
127.0.0.1:{smtp} inet n - n - 50 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
DOVECOT = """
base_dir = {root}/dovecot/run
state_dir = {root}/dovecot/state
log_path = {root}/dovecot/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{root}/tls/cert.pem
ssl_key = <{root}/tls/key.pem
mail_location = maildir:{root}/vmail/%n/Maildir
mail_plugins = quota
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
recipient_delimiter = +
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = passwd-file
  args = username_format=%n {root}/dovecot/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/vmail/%n
}}
plugin {{
  quota = count:all
  quota_rule = *:storage=1G
  quota_vsizes = yes
}}
service imap-login {{
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service lmtp {{
  unix_listener {root}/dovecot/lmtp.sock {{
    mode = 0666
  }}
}}
service auth {{
  unix_listener {root}/dovecot/auth.sock {{
    mode = 0666
  }}
}}
"""


class MailServer:
    """Every address of `example.test` but `nobody@` has a mailbox; all but `full` and `bounces` share `inbox`."""

    domain = "example.test"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.smtp, self.imap = ports.free(), ports.free()
        self.ca = root / "tls" / "cert.pem"

    def start(self) -> None:
        """Lay it out, and start both."""
        for folder in ("etc", "spool", "data", "tls", "dovecot/run", "dovecot/state", "vmail"):
            (self.root / folder).mkdir(parents=True)
        self.root.chmod(0o755)  # both give up root's rights, and pass through here
        self._certify()
        self._configure()
        shutil.chown(self.root / "data", "postfix")
        (self.root / "maillog").touch()
        (self.root / "maillog").chmod(0o666)  # postsuper warns of what a broken-off mail left, without root's rights
        shutil.chown(self.root / "vmail", "nobody", "nogroup")
        _run("dovecot", "-c", str(self.root / "dovecot" / "dovecot.conf"))
        self.start_postfix()
        _wait(lambda: _answers(self.imap), "Dovecot")

    def start_postfix(self) -> None:
        """Take mail (again)."""
        _run("postfix", "-c", str(self.root / "etc"), "start")
        _wait(lambda: _answers(self.smtp), "Postfix")

    def stop_postfix(self) -> None:
        """Take no more mail, and break every connection."""
        subprocess.run(["postfix", "-c", str(self.root / "etc"), "abort"], capture_output=True, check=False)
        _wait(lambda: not _answers(self.smtp), "Postfix's end")

    def stop(self) -> None:
        """End both, each by the id of its process."""
        subprocess.run(["postfix", "-c", str(self.root / "etc"), "stop"], capture_output=True, check=False)
        pid = self.root / "dovecot" / "run" / "master.pid"
        if pid.exists():
            os.kill(int(pid.read_text()), 15)
            _wait(lambda: not pid.exists(), "Dovecot's end")

    def refuse(self, *rules: str) -> None:
        """Say something else of recipients: `/^grey@/ 450 4.2.0 Come back later`."""
        (self.root / "etc" / "access").write_text("\n".join((*rules, "/./ DUNNO\n")))
        _run("postfix", "-c", str(self.root / "etc"), "reload")
        time.sleep(0.5)

    def account(self, **more: object) -> dict[str, object]:
        """Settings of an account here."""
        who = {"user": f"news@{self.domain}", "password": PASSWORD}
        return {"host": "127.0.0.1", "port": self.smtp, "ca": str(self.ca), **who, **more}

    def inbox(self, user: str = "inbox") -> list[EmailMessage]:
        """Every message of a mailbox, read over IMAP."""
        with imaplib.IMAP4("127.0.0.1", self.imap) as imap:
            imap.starttls(ssl.create_default_context(cafile=str(self.ca)))
            imap.login(f"{user}@{self.domain}", PASSWORD)
            imap.select("INBOX", readonly=True)
            numbers = imap.search(None, "ALL")[1][0].split()
            found = imap.fetch(b",".join(numbers), "(BODY.PEEK[])")[1] if numbers else []
        return [
            email.message_from_bytes(part[1], policy=email.policy.default) for part in found if isinstance(part, tuple)
        ]

    def delivered(self, user: str = "inbox") -> list[str]:
        """To whom each message that was handed in was addressed, from a mailbox's files: quicker than IMAP.

        Postfix itself may deliver one twice when it is broken off: such a one counts once.
        """
        files = [path for path in (self.root / "vmail" / user / "Maildir").glob("[cn]*/*") if path.is_file()]
        return [to for to, _ in {_taken(path) for path in files}]

    def settle(self, number: int, seconds: float = 90) -> list[str]:
        """Wait until the queue is empty and so many have arrived."""
        queue = [self.root / "spool" / name for name in ("incoming", "active", "deferred", "maildrop")]

        def over() -> bool:
            busy = any(path.is_file() for folder in queue for path in folder.rglob("*"))
            return not busy and len(self.delivered()) >= number

        _wait(over, "the queue", seconds, fails=False)
        return self.delivered()

    def _certify(self) -> None:
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        made = ["-keyout", str(self.root / "tls" / "key.pem"), "-out", str(self.ca)]
        _run(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            names,
            *made,
        )

    def _configure(self) -> None:
        owner = pwd.getpwnam("nobody")
        told = {
            "root": self.root,
            "smtp": self.smtp,
            "imap": self.imap,
            "password": PASSWORD,
            "uid": owner.pw_uid,
            "gid": owner.pw_gid,
        }
        files = {
            "etc/main.cf": MAIN,
            "etc/master.cf": MASTER,
            "etc/mailboxes": "/@example\\.test$/ here\n",
            "etc/aliases": "/^((full|bounces|inbox)(\\+.*)?@example\\.test)$/ $1\n/@example\\.test$/ inbox@example.test\n",
            "etc/access": "/^nobody@/ 550 5.1.1 No such user here\n/./ DUNNO\n",
            "dovecot/dovecot.conf": DOVECOT,
            "dovecot/users": "full::{uid}:{gid}::{root}/vmail/full::userdb_quota_rule=*:bytes=10\n",
        }
        for name, text in files.items():
            filled = text.format(**told) if name not in {"etc/aliases", "etc/mailboxes", "etc/access"} else text
            (self.root / name).write_text(filled)


def needs_mail_server() -> None:
    """Skip where it can't be: not installed, or not root."""
    lacks = [name for name in NEEDED if not shutil.which(name)]
    if lacks or os.geteuid():
        pytest.skip(
            f"Postfix and Dovecot are tried as root where they are installed; missing: {', '.join(lacks) or 'root'}"
        )


def _taken(path: Path) -> tuple[str, str]:
    """To whom a message is addressed, and the queue's id: one that bears two ids was handed in twice."""
    head = path.read_text(encoding="utf-8", errors="replace").split("\n\n", 1)[0]
    queued = re.search(r"with ESMTP\w* id (\w+)", head)
    to = re.search(r"^To: (.*)$", head, re.MULTILINE)
    return (to[1].strip() if to else ""), (queued[1] if queued else "")


def _run(*command: str) -> None:
    # into a file: what they start keeps their output open
    with tempfile.TemporaryFile() as told:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=told, stderr=told, timeout=60, check=False)
        told.seek(0)
        assert done.returncode == 0, (command, told.read().decode())


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as sock:
            return bool(sock.recv(1))
    except OSError:
        return False


def _wait(until: Callable[[], bool], what: str, seconds: float = 30, *, fails: bool = True) -> None:
    ends = time.monotonic() + seconds
    while not until():
        if time.monotonic() > ends:
            if fails:
                pytest.fail(f"{what} took longer than {seconds} s")
            return
        time.sleep(0.1)

"""An authority that gives time stamps: certificates made by openssl, and a server on loopback that asks `openssl ts`.

`start_authority` makes one in a folder. What it does with the next questions is set by `manner`, one of `MANNERS`.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

from tests.programs import found, needs

OPENSSL = found("openssl")
needs_openssl = needs("OpenSSL", OPENSSL, "time stamps, and what others make of signatures, were not tested")

MANNERS = (
    "stamp",  # with the certificates of whoever vouches for it but the root's
    "bare",  # with its own certificate only
    "whole-chain",  # with all, the root's as well
    "unsorted",  # with all, in an order that is not that of strict DER
    "refuse",  # in its own words
    "garbage", "empty", "too-long", "status", "redirect", "hang", "drip", "drip-head",
    "other-message", "other-nonce",
)  # fmt: skip

_CONFIGURATION = """
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[stamps]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[mails]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = critical,emailProtection
[authority]
serial = serial
default_policy = 1.2.3.4.1
digests = sha256, sha512
signer_digest = sha256
ess_cert_id_alg = sha256
[refusing]
serial = serial
default_policy = 1.2.3.4.1
digests = sha512
signer_digest = sha256
[req]
distinguished_name = name
[name]
"""
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass
class Authority:
    """An authority that answers."""

    folder: Path
    name: str
    url: str = ""
    manner: str = "stamp"
    questions: list[bytes] = field(default_factory=list)
    """What it was asked, oldest first."""
    headers: dict[str, str] = field(default_factory=dict)
    """Of the last question."""
    _one_at_a_time: Lock = field(default_factory=Lock, repr=False)

    @property
    def roots(self) -> Path:
        """The certificate that it is trusted by."""
        return self.folder / "root.pem"

    def stamp(self, query: bytes, manner: str = "stamp") -> bytes:
        """The answer to a question, as a server would give it."""
        chain = "chain.pem" if manner in {"whole-chain", "unsorted"} else "between.pem"
        arguments = ("-section", "refusing" if manner == "refuse" else "authority", "-signer", "stamper.pem")
        more = () if manner == "bare" else ("-chain", chain)
        with self._one_at_a_time:
            (self.folder / "question").write_bytes(query)
            return run_openssl(
                self.folder, "ts", "-reply", "-queryfile", "question", "-config", "settings", *arguments,
                "-inkey", "stamper.key", *more,
            )  # fmt: skip

    def ask(self, message: bytes) -> bytes:
        """A question about the message, by another than our program."""
        (self.folder / "message").write_bytes(message)
        return run_openssl(self.folder, "ts", "-query", "-data", "message", "-sha256", "-cert")

    def verify(self, message: bytes, token: bytes, line: str) -> str:
        """What a line for the shell prints about a stamp of an archive, unpacked in a folder of its own."""
        folder = self.folder / "unpacked"
        folder.mkdir(exist_ok=True)
        (folder / "timestamp-tip.json").write_bytes(message)
        (folder / "timestamp.tsr").write_bytes(token)
        (folder / "ROOT.pem").write_bytes(self.roots.read_bytes())
        done = subprocess.run(["/bin/sh", "-c", line], cwd=folder, capture_output=True, text=True, timeout=30)
        return done.stdout + done.stderr


def run_openssl(folder: Path, *arguments: str) -> bytes:
    """What openssl writes; an error if it fails."""
    done = subprocess.run([str(OPENSSL), *arguments], cwd=folder, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def make_certificates(folder: Path, name: str) -> None:
    """Make a root, an authority between, and one that stamps, with its key."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings").write_text(_CONFIGURATION)
    root = ("-subj", f"/O={name}/CN={name} Root", "-extensions", "root", "-keyout", "root.key", "-out", "root.pem")
    run_openssl(folder, "req", "-x509", *_CURVE, *root, "-days", "3650", "-config", "settings")
    issue_certificate(folder, "between", f"/O={name}/CN={name} Between", above="root", kind="root")
    issue_certificate(folder, "stamper", f"/O={name}/CN={name}", above="between", kind="stamps")
    (folder / "chain.pem").write_bytes((folder / "between.pem").read_bytes() + (folder / "root.pem").read_bytes())
    (folder / "serial").write_text("01\n")


def issue_certificate(folder: Path, file: str, subject: str, *, above: str, kind: str) -> None:
    """Make a certificate and its key: what it may do is a section of the configuration. All have one serial number."""
    request = ("-subj", subject, "-keyout", f"{file}.key", "-out", f"{file}.csr", "-config", "settings")
    run_openssl(folder, "req", "-new", *_CURVE, *request)
    signed = ("-CA", f"{above}.pem", "-CAkey", f"{above}.key", "-extfile", "settings", "-extensions", kind)
    run_openssl(
        folder,
        "x509",
        "-req",
        "-in",
        f"{file}.csr",
        *signed,
        "-days",
        "3650",
        "-set_serial",
        "7",
        "-out",
        f"{file}.pem",
    )


@contextmanager
def start_authority(folder: Path, name: str = "Local Authority") -> Iterator[Authority]:
    """Run an authority on loopback, with new certificates in the folder."""
    make_certificates(folder, name)
    authority = Authority(folder, name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"authority": authority}))
    server.daemon_threads = True
    authority.url = f"http://127.0.0.1:{server.server_port}/stamps"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    authority: Authority

    def do_POST(self) -> None:
        authority, manner = self.authority, self.authority.manner
        query = self.rfile.read(int(self.headers["Content-Length"]))
        authority.questions.append(query)
        authority.headers = dict(self.headers)
        with suppress(OSError):
            if manner == "hang":
                time.sleep(5)
            elif manner == "drip-head":
                self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500)
            elif manner == "drip":
                self._drip(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", at_once=True)
                self._drip(b"x" * 500)
            elif manner == "redirect":
                self._answer(302, b"x" * 100, ("Location", authority.url.replace("/stamps", "/elsewhere")))
            else:
                self._answer(503 if manner == "status" else 200, self._choose_answer(query, manner))

    def _choose_answer(self, query: bytes, manner: str) -> bytes:
        made = {"garbage": b"<html>stamps</html>", "empty": b"", "too-long": b"0" * 1_000_002, "status": b"later"}
        if manner in made:
            return made[manner]
        if manner == "other-message":
            query = self.authority.ask(b"another message")
        elif manner == "other-nonce":
            # The last byte of the nonce is before what says that certificates are wanted.
            query = query[:-4] + bytes([query[-4] ^ 1]) + query[-3:]
        answer = self.authority.stamp(query, manner)
        return unsort(answer) if manner == "unsorted" else answer

    def _answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Type", "application/timestamp-reply")):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self, data: bytes, *, at_once: bool = False) -> None:
        for byte in [data] if at_once else [bytes([one]) for one in data]:
            self.wfile.write(byte)
            self.wfile.flush()
            time.sleep(0 if at_once else 0.02)

    def log_message(self, *_args: object) -> None:
        """Stay silent."""


def unsort(token: bytes) -> bytes:
    """The stamp with its certificates in an order that strict DER forbids, and that no signature covers."""
    # Certificates begin alike: a sequence of a length of two bytes, in it another, which begins with the version.
    starts = [one.start() for one in re.finditer(rb"\x30\x82..\x30\x82..\xa0\x03\x02\x01\x02", token, re.DOTALL)]
    ends = [start + 4 + int.from_bytes(token[start + 2 : start + 4], "big") for start in starts]
    assert len(starts) > 1
    assert ends[:-1] == starts[1:]
    parts = sorted((token[start:end] for start, end in zip(starts, ends, strict=True)), reverse=True)
    return token[: starts[0]] + b"".join(parts) + token[ends[-1] :]

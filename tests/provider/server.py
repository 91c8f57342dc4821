"""A server that does what a scenario says with each connection, over real sockets."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

CERTIFICATE = Path(__file__).parent / "localhost.pem"
"""For localhost and 127.0.0.1; signed by itself, so that it can be trusted by naming it."""
PATIENCE = 5.0


@dataclass(frozen=True)
class Heard:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Peer:
    def __init__(self, sock: socket.socket, server: ScriptedServer) -> None:
        self.sock = sock
        self.server = server
        self._early = b""

    def read(self) -> Heard | None:
        head = self._early
        while b"\r\n\r\n" not in head:
            more = self.sock.recv(65_536)
            if not more:
                return None
            head += more
        head, _, body = head.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(body) < length:
            body += self.sock.recv(65_536)
        self._early = body[length:]
        method, target, _ = first.split(" ", 2)
        heard = Heard(method, target, headers, body[:length])
        self.server.heard.append(heard)
        return heard

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, body: bytes | str, status: int = 200, *headers: str) -> None:
        self.send(http_answer(body, status, *headers))

    def drip(self, data: bytes, pause: float) -> None:
        for index in range(len(data)):
            self.sock.sendall(data[index : index + 1])
            if self.server.over.wait(pause):
                return

    def wait(self) -> None:
        self.server.over.wait(PATIENCE)

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def encrypt(self) -> None:
        raw = self.sock
        self.sock = server_context().wrap_socket(raw, server_side=True)


Scenario = Callable[[Peer], None]


class ScriptedServer:
    """Plays the first scenario with the first connection, and so on; the last one with all further ones."""

    def __init__(self, scenarios: Sequence[Scenario]) -> None:
        self.heard: list[Heard] = []
        self.connections = 0
        self.over = threading.Event()
        self._scenarios = scenarios
        self._peers: list[Peer] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def close(self) -> None:
        self.over.set()
        # Wakes the accepting thread on every system; closing a listening socket does not. It may have ended by itself.
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
        for peer in list(self._peers):
            try:
                # Not the TLS socket's own: that takes its state away from under the thread that is using it.
                socket.socket.shutdown(peer.sock, socket.SHUT_RDWR)
            except OSError:
                peer.sock.close()
        for thread in list(self._threads):
            thread.join(PATIENCE)

    def _start(self, task: Callable[[], None]) -> None:
        thread = threading.Thread(target=task, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with self._listener:
            while True:
                sock, _ = self._listener.accept()
                if self.over.is_set():
                    sock.close()
                    return
                sock.settimeout(PATIENCE)
                scenario = self._scenarios[min(self.connections, len(self._scenarios) - 1)]
                self.connections += 1
                peer = Peer(sock, self)
                self._peers.append(peer)
                self._start(lambda peer=peer, scenario=scenario: _play(peer, scenario))  # type: ignore[misc]


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def _play(peer: Peer, scenario: Scenario) -> None:
    try:
        scenario(peer)
    except (OSError, ValueError):
        # The client went away, which is what many tests are about.
        return
    finally:
        peer.sock.close()


def http_answer(body: bytes | str, status: int = 200, *headers: str) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Whatever", "Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + content


def always(body: bytes | str, status: int = 200, *headers: str) -> Scenario:
    def scenario(peer: Peer) -> None:
        while peer.read():
            peer.answer(body, status, *headers)

    return scenario


def after_reading(*data: bytes) -> Scenario:
    def scenario(peer: Peer) -> None:
        peer.read()
        for part in data:
            peer.send(part)

    return scenario


def encrypted(scenario: Scenario) -> Scenario:
    def over_tls(peer: Peer) -> None:
        peer.encrypt()
        scenario(peer)

    return over_tls

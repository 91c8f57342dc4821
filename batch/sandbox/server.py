"""Serve the sandbox over HTTP, cut connections as faults have it, and keep a state file.

The file has one JSON line for the opening balances, then one for every event, in order. A line is flushed before the
client is answered, so killing the sandbox loses nothing that anybody was told. When the file exists, its opening
balances and sub-accounts win over the options.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, TextIO

from batch.i18n import _
from batch.sandbox.account import SandboxAccount, SandboxEvent
from batch.sandbox.faults import Fault, FaultKind, SandboxOptions
from batch.sandbox.handlers import Api, Asked, Payload, Reply, apply_fault

_FIRST = b'{"event": "opening"'
_AMOUNTS = {"amount", "main_balance", "subaccount_balance"}
# A line leaves out what does not concern it.
_NOTHING = dict.fromkeys(("n", "direction", "token"))


def open_account(options: SandboxOptions) -> tuple[SandboxAccount, TextIO | None]:
    """Open the account, as the state file has it if there is one, and the file that is to be closed in the end."""
    path = options.state
    if path is None:
        return _make_account(options), None
    sentence = _("{file} is not a state file of the sandbox: {why}. Give another name, or delete it.")
    content = path.read_bytes() if path.exists() else b""
    if not content.startswith(_FIRST[: len(content)]):  # Never mend, nor add to, somebody's other file.
        raise ValueError(sentence.format(file=path, why=_("it does not begin with the opening balances")))
    whole = content[: content.rfind(b"\n") + 1]
    try:
        account = _replay(whole.splitlines(), options.drift) if whole else _make_account(options)
    except (ValueError, KeyError, TypeError, InvalidOperation) as wrong:
        raise ValueError(sentence.format(file=path, why=repr(wrong))) from wrong
    path.parent.mkdir(parents=True, exist_ok=True)
    out = path.open("a", encoding="utf-8", newline="\n", buffering=1)
    # Rewriting would risk the past; only what a kill left half-written at the end is cut off, then lines are added.
    os.truncate(path, len(whole))

    def write(record: dict[str, object]) -> None:
        out.write(json.dumps(record, default=str) + "\n")

    if not whole:
        write({"event": "opening", "main": account.main_balance, "subaccounts": account.subaccounts})
    account.record = lambda event: write({name: value for name, value in asdict(event).items() if value is not None})
    return account, out


def _make_account(options: SandboxOptions) -> SandboxAccount:
    return SandboxAccount(options.main_balance, options.make_opening_balances(), drift=options.drift)


def _replay(lines: list[bytes], drift: Decimal) -> SandboxAccount:
    opening, *past = map(json.loads, lines)
    held = {token: Decimal(balance) for token, balance in opening["subaccounts"].items()}
    return SandboxAccount(Decimal(opening["main"]), held, drift=drift, past=map(_read_event, past))


def _read_event(record: dict[str, Any]) -> SandboxEvent:
    return SandboxEvent(
        **_NOTHING | {name: Decimal(value) if name in _AMOUNTS else value for name, value in record.items()}
    )


HOST = "127.0.0.1"
_MOST_BODY = 1024 * 1024
# How often a thread that waits looks up: the server for its end, and whoever waits for that to be interruptible.
_POLL_SECONDS = 0.02
# Windows keeps the two fields of SO_LINGER in shorts.
_NO_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class _TooLargeError(ValueError):
    """The body of a request is over the limit."""


class _Handler(BaseHTTPRequestHandler):
    """One connection, request after request."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # So that even what is no request at all is answered with a status.
    error_content_type = "application/json"
    error_message_format = '{"success":false,"code":%(code)d,"message":"%(explain)s"}'
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # So that head and body leave in one write.
    timeout = 300.0
    server: _Server

    def _handle(self) -> None:
        self.wfile.flush()  # A client may be waiting for leave to send its body.
        try:
            body = self._read_body()
            answer = self.server.api.route(self.command, self.path, body)
        except ValueError as wrong:
            return self.send_error(413 if isinstance(wrong, _TooLargeError) else 400)
        return self._send(answer) if isinstance(answer, Reply) else self._perform(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - the library's names

    def log_message(self, *_: Any) -> None:
        """Print nothing."""

    def _read_body(self) -> bytes:
        size = int(self.headers.get("Content-Length", "0"))
        if size < 0 or "Transfer-Encoding" in self.headers:
            raise ValueError("The length of the body is not told.")
        if size > _MOST_BODY:
            raise _TooLargeError(size)
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionResetError("The client has left.")
        return body

    def _perform(self, asked: Asked) -> None:
        api, wait = self.server.api, self.server.stopping.wait
        if self.server.latency and wait(self.server.latency):
            return
        fault = api.pick_fault(asked)
        if fault is None:
            self._send(api.reply(api.answer(asked), asked))
        elif fault.kind is not FaultKind.LATE or not wait(fault.duration):
            self._act(fault, apply_fault(fault, asked, api))

    def _act(self, fault: Fault, answer: Reply) -> None:
        match fault.kind:
            case FaultKind.REFUSE_CONNECTION:
                self.server.refuse_seconds = fault.duration
                self.rfile.read()  # Ends when the port has been closed, and this connection is cut with the others.
            case FaultKind.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            case FaultKind.HANG:
                self.server.stopping.wait(fault.duration)
            case FaultKind.TRUNCATED:
                self._send(answer, answer.body[: -(len(answer.body) // 2)])
            case FaultKind.SLOW_DRIP:
                return self._drip(answer, fault.duration)
            case kind if kind is not FaultKind.CLOSE:
                for _time in range(2 if kind is FaultKind.TWICE else 1):
                    self._send(answer)
                return None
        self.close_connection = True
        return None

    def _drip(self, answer: Reply, seconds: float) -> None:
        self._send(answer, b"")
        for byte in answer.body:
            self.wfile.flush()
            if self.server.stopping.wait(seconds / len(answer.body)):
                break
            self.wfile.write(bytes([byte]))

    def _send(self, answer: Reply, body: bytes | None = None) -> None:
        self.send_response_only(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()
        self.wfile.write(answer.body if body is None else body)


class _Server(ThreadingHTTPServer):
    """The listener and its connections, each with a thread of its own."""

    allow_reuse_address = os.name != "nt"  # There, two could then listen on one port.
    request_queue_size = 1024

    def __init__(self, api: Api, port: int, latency: float) -> None:
        self.api = api
        self.latency = latency
        self.refuse_seconds: float | None = None
        self.stopping = threading.Event()
        self._connections: dict[Any, threading.Thread] = {}
        super().__init__((HOST, port), _Handler)

    def server_activate(self) -> None:
        """Listen, and wait for nobody longer than a moment: a client may leave before it is accepted."""
        super().server_activate()
        self.socket.settimeout(_POLL_SECONDS)

    def serve(self) -> None:
        """Serve until told to stop, then end every connection."""
        while not self.stopping.is_set():
            self.handle_request()
            if self.refuse_seconds is not None:
                self._refuse(self.refuse_seconds)
        self._close_port()
        for thread in self._connections.copy().values():
            thread.join()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin a connection, which ends with the process at the latest."""
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._connections[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """End a connection by nothing but closing it, so that a reset is one."""
        self.close_request(request)
        self._connections.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what goes wrong, except that a client cut its connection, which is everyday life here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def _refuse(self, seconds: float) -> None:
        self._close_port()
        self.refuse_seconds = None
        if not self.stopping.wait(seconds):
            self.socket = socket.socket(self.address_family, self.socket_type)
            self.server_bind()
            self.server_activate()

    def _close_port(self) -> None:
        self.server_close()
        for connection in self._connections.copy():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Sandbox:
    """A running stand-in for the provider, reachable at `url` from `start` (or `with`) until `close`."""

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self._options = options or SandboxOptions()
        self._api: Api | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._state: TextIO | None = None
        self.port = self._options.port

    def start(self) -> None:
        """Open the account and the port; `OSError` when the port is taken, `ValueError` for a bad state file."""
        account, self._state = open_account(self._options)
        self._api = Api(self._options, account)
        try:
            self._server = _Server(self._api, self._options.port, self._options.latency_ms / 1000)
        except OSError:
            self.close()
            raise
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve, name="sandbox", daemon=True)
        self._thread.start()

    def serve_forever(self) -> None:
        """Serve until interrupted, or closed by another thread; for the command line."""
        if self._thread is None:
            self.start()
        try:
            while self._thread is not None and self._thread.is_alive():
                time.sleep(_POLL_SECONDS)
        finally:
            self.close()

    def close(self) -> None:
        """Stop serving, cut every connection and let go of the state file. Closing twice is fine."""
        thread, self._thread = self._thread, None
        if self._server is not None and thread is not None:
            self._server.stopping.set()
            thread.join()
        if self._state is not None:
            self._state.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The base address to give to a client instead of the provider's."""
        return f"http://{HOST}:{self.port}/v1"

    def ledger(self) -> Payload:
        """Give what `GET /sandbox/ledger` answers."""
        return self._open_api().ledger()

    def add_fault(self, fault: Fault | str) -> None:
        """Add a fault, given as such or as the text of `--fault`."""
        self._open_api().add_fault(Fault.from_text(fault) if isinstance(fault, str) else fault)

    def _open_api(self) -> Api:
        if self._api is None:
            raise RuntimeError("The sandbox has not been started.")
        return self._api

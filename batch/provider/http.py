"""Bytes to the provider and back: proxies and certificates, the pace, and one connection.

Of every exchange it is known whether a byte of the request has left.
"""

from __future__ import annotations

import math
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidURL
from requests.utils import get_environ_proxies, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, DecodeError, IncompleteRead, LocationValueError, ProxyError

from batch import __version__
from batch.errors import CreditbatchError, SettingsError
from batch.i18n import _
from batch.notes import Answer, Exchange, NoAnswer, Note, NotSent, make_note
from batch.provider.responses import parse_retry_pause
from batch.settings import Stopwatch, is_this_machine


def find_proxies(url: str) -> dict[str, str]:
    """Find the proxies for an address. Plain http must not leave this machine, by way of a proxy either.

    `SettingsError` where the environment names one that is not reached by HTTP: no connection of ours goes there.
    """
    proxies = get_environ_proxies(url)
    proxy = select_proxy(url, proxies) or ""
    if "://" in proxy and not proxy.lower().startswith(("http://", "https://")):
        raise SettingsError(
            _("The environment names a proxy that is not an HTTP proxy: correct it, or list the host in NO_PROXY.")
        )
    if urlsplit(url).scheme == "https":
        return proxies
    try:
        host = urlsplit(proxy if "://" in proxy else f"//{proxy}").hostname
    except ValueError:
        host = None
    return proxies if host and is_this_machine(host) else {}


def find_certificates() -> str | bool:
    """Find the environment's own certificates; True stands for those that the library brings."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        bundle = os.environ.get(name)
        if bundle:
            if not Path(bundle).exists():
                sentence = _("{name} names {file}, which is not there: correct it or unset it.")
                raise SettingsError(sentence.format(name=name, file=bundle))
            return bundle
    return True


_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (InvalidURL, "address-unusable"),
    (LocationValueError, "address-unusable"),
    (socket.gaierror, "host-unknown"),
    (ProxyError, "proxy-unreachable"),
    (ssl.SSLCertVerificationError, "certificate-invalid"),
    (ssl.SSLError, "not-secure"),
    (ConnectionRefusedError, "connection-refused"),
    (ConnectionError, "connection-closed"),
    (ConnectTimeoutError, "connection-slow"),
    (IncompleteRead, "answer-cut-short"),
    (TimeoutError, "answer-late"),
    (DecodeError, "answer-not-decodable"),
    (HTTPException, "answer-not-http"),
)


class NotSentError(Exception):
    """Nothing of the request has left; the text is the code of a note that says why."""


def explain_failure(error: BaseException | None) -> Note:
    """Explain an exception by what caused it. Never by its own text: it may hold what a log must not."""
    causes = []
    while error is not None:
        if isinstance(error, NotSentError):
            return make_note(str(error))
        causes.append(error)
        error = error.__cause__ or error.__context__
    found = (code for kind, code in _CODES if any(isinstance(cause, kind) for cause in causes))
    return make_note(next(found, "connection-failed"))


DEFAULT_PER_SECOND = 30.0
"""Below the 2,000 a minute and address above which the provider says "slow down"."""


def choose_pace(url: str, chosen: float | None) -> float:
    """Choose how many requests a second may leave for an address; 0 is any number.

    What was chosen holds everywhere. By default there is no limit to this machine: a stand-in has none.
    """
    if chosen is not None:
        return chosen
    return 0.0 if is_this_machine(urlsplit(url).hostname or "") else DEFAULT_PER_SECOND


class Pace:
    """The pace of one connection. The moments at which requests may leave are the process's, each taken by one of them:
    the provider counts by address, however many connections a site has open.
    """

    _lock = threading.Lock()
    _next = 0.0

    def __init__(self, per_second: float = 0.0) -> None:
        self.apart = 1 / per_second if per_second else 0.0
        """Seconds between two requests."""

    def predict_wait(self) -> float:
        """Predict how many seconds the next request would wait."""
        return max(0.0, Pace._next - time.monotonic()) if self.apart else 0.0

    def wait(self) -> None:
        """Wait until the next request may leave."""
        if self.apart:
            with Pace._lock:
                now = time.monotonic()
                mine = max(Pace._next, now)
                Pace._next = mine + self.apart
            time.sleep(mine - now)


IDLE_SECONDS = 1.0
"""A connection idle for longer is not used again. Many servers close at 5 s, and a close just then is a doubt. A router
that forgot the connection says nothing at all: that the way is open, only an answer proves, and only for a moment.
"""
_LOOK_SECONDS = 0.1
Fields = dict[str, str]
MaySend = Callable[[], bool]
"""Looks whether a request may leave, when the connection stands and the first byte is about to go.

What it raises about the ledger is passed on: then nothing has left.
"""


@dataclass
class Call:
    """The exchange under way, as its connection sees it; moments are those of the monotonic clock."""

    may_send: MaySend = bool
    query: str = field(default="", repr=False)
    """Put on the request line at the last moment: it holds the key, and the libraries log the address they know."""
    connect_timeout: float = 0.0
    read_timeout: float = 0.0
    ends: float = 0.0
    sent: bool = False
    until: float = math.inf
    """How long to wait for the answer, once the request leaves."""
    is_late: bool = False
    """Whether its connection was ended because the time was up."""


class HttpTransport:
    """A keep-alive connection to one provider. Not for use by several threads at once."""

    def __init__(self, url: str, *, connect_timeout: float, read_timeout: float, pace: Pace | None = None) -> None:
        self.address = url
        """The provider's address, without anything secret."""
        self.pace = pace or Pace()
        self.call = Call()
        self._timeouts = connect_timeout, read_timeout
        self._session = session = _Session()
        self._prepared: dict[tuple[str, str], requests.PreparedRequest] = {}
        """What is the same in every call of a path: preparing it anew takes a quarter of the call."""
        adapter = _Adapter(self)
        for prefix in list(session.adapters):
            session.mount(prefix, adapter)
        # The environment's proxies and certificates are honoured, read once; its .netrc never is.
        session.trust_env = False
        session.proxies, session.verify = find_proxies(url), find_certificates()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers["User-Agent"] = f"creditbatch/{__version__}"
        session.headers["Accept"] = "application/json, application/xml;q=0.9"
        session.headers["Accept-Encoding"] = "identity"

    def post(self, path: str, body: Fields, may_send: MaySend, *, query: Fields, limit: int) -> Exchange:
        """Send fields as JSON if they may be sent; `limit` is the most bytes that an answer may have."""
        return self._exchange("POST", path, body, limit, self._begin(may_send, query, sum(self._timeouts)))

    def get(self, path: str, *, query: Fields, limit: int, seconds: float) -> Exchange:
        """Ask a question, and wait for no more than so many seconds altogether."""
        return self._exchange("GET", path, None, limit, self._begin(lambda: True, query, seconds))

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._session.close()

    def _begin(self, may_send: MaySend, query: Fields, seconds: float) -> Call:
        self.pace.wait()
        connect, read = (min(timeout, seconds) for timeout in self._timeouts)
        return Call(may_send, urlencode(query), connect, read, time.monotonic() + seconds)

    def _exchange(self, method: str, path: str, fields: Fields | None, limit: int, call: Call) -> Exchange:
        self.call = call
        try:
            exchange: Exchange = self._send(method, path, fields, limit)
        except CreditbatchError:
            raise  # by whoever was asked whether the request may leave
        except Exception as error:  # noqa: BLE001 (whatever a library raises here, what counts is whether a byte left)
            reason = make_note("answer-late") if self.call.is_late else explain_failure(error)
            exchange = NoAnswer(reason) if self.call.sent else NotSent(reason)
        finally:
            self.call = Call()
        # An answer without a body (a 1xx above all) may be followed by another, which the next call must not read.
        if not isinstance(exchange, Answer) or not exchange.body:
            self.close()
        return exchange

    def _send(self, method: str, path: str, fields: Fields | None, limit: int) -> Answer | NoAnswer:
        """Send a request, once, and read the whole answer."""
        if (method, path) not in self._prepared:
            request = requests.Request(method, self.address + path)
            self._prepared[method, path] = self._session.prepare_request(request)
        prepared = self._prepared[method, path].copy()
        prepared.prepare_body(None, None, fields)
        timeout = self.call.read_timeout
        with self._session.send(prepared, timeout=timeout, allow_redirects=False, stream=True) as answer:
            body = b""
            # Piece by piece as it comes: for a chunk of negative length the library would read on without end.
            while len(body) <= limit and (piece := answer.raw.read1(limit, decode_content=True)):
                body += piece
        if len(body) > limit:
            return NoAnswer(make_note("answer-too-long"))
        if self.call.is_late:
            raise TimeoutError
        # The library takes a close in the middle of the headers for their end.
        if not body and "Content-Length" not in answer.headers and "Transfer-Encoding" not in answer.headers:
            return NoAnswer(make_note("answer-cut-short"))
        return Answer(answer.status_code, body, parse_retry_pause(answer.headers.get("Retry-After")))


class _Session(requests.Session):
    def get_redirect_target(self, _answer: requests.Response) -> None:
        """Find none: the library would read the whole answer before it asks whether to follow."""


class _Adapter(HTTPAdapter):
    """The library's transport over connections of ours."""

    def __init__(self, transport: HttpTransport) -> None:
        self._connections = {
            "http": type("Http", (_NotingConnection,), {"transport": transport}),
            "https": type("Https", (_NotingConnection, HTTPSConnection), {"transport": transport}),
        }
        super().__init__(pool_connections=1, pool_maxsize=1)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        pool.ConnectionCls = self._connections[pool.scheme]
        return pool


class _NotingConnection(HTTPConnection):
    """A connection that notes when the first byte of a request leaves, and that ends when its time is up."""

    transport: HttpTransport
    sock: Any
    _is_connecting = False
    _unused: Stopwatch

    def connect(self) -> None:
        """Connect, within the time for name, addresses, tunnel and handshake together.

        In a thread, because the system's resolver knows no timeout, and a handshake has one for each piece.
        """
        self._is_connecting, ended = True, Future[None]()
        Thread(target=self._connect_and_guard, args=(ended,), daemon=True, name="connection").start()
        try:
            ended.result(self.transport.call.connect_timeout)
        except TimeoutError as error:
            # What comes up after all is closed at once.
            ended.add_done_callback(lambda _: self.close())
            raise NotSentError("connection-slow") from error
        self._is_connecting, self._unused = False, Stopwatch()

    def _connect_and_guard(self, ended: Future[None]) -> None:
        try:
            addresses = socket.getaddrinfo(self.host.strip("[]"), self.port, 0, socket.SOCK_STREAM)
            # One address that never answers must leave time for the others.
            self.timeout = self.transport.call.connect_timeout / len(addresses)
            super().connect()
        except BaseException as error:  # noqa: BLE001 (it is raised where it is waited for)
            ended.set_exception(error)
            return
        # Kept: the connection lets go of it while an answer that ends with it is still being read.
        sock = self.sock
        ended.set_result(None)
        # A socket's own timeout is for each piece that comes, so a slow drip never meets it.
        while (number := sock.fileno()) >= 0:
            if time.monotonic() > (call := self.transport.call).until:
                call.is_late = True
                with suppress(OSError), socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM) as handle:
                    handle.shutdown(socket.SHUT_RDWR)
            time.sleep(_LOOK_SECONDS)

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        query = self.transport.call.query
        super().putrequest(method, f"{url}?{query}" if query else url, *args, **kwargs)

    def send(self, data: Any) -> None:
        """Send a piece; before the first one of a request, look whether it may leave."""
        call = self.transport.call
        # What a tunnel through a proxy sends while connecting is nothing of the request itself.
        if not self._is_connecting and not call.sent:
            if self.sock is None:
                self.connect()
            if not call.may_send():
                raise NotSentError("held-too-long-ago")
            # What came before the request leaves is no answer to it.
            if not self.is_connected:
                raise NotSentError("server-speaks-first")
            self.sock.settimeout(call.read_timeout)
            call.sent, call.until = True, min(time.monotonic() + call.read_timeout, call.ends)
        super().send(data)

    def getresponse(self) -> Any:
        """Read the head of the answer, which proves that the way is open."""
        answer = super().getresponse()
        self._unused.start()
        return answer

    @property
    def is_connected(self) -> bool:
        """Whether it is open, was used just now, and brings nothing that nobody asked for."""
        if self.sock is None or self._unused.count() > IDLE_SECONDS:
            return False
        with suppress(OSError):
            try:
                self.sock.settimeout(0)
                # Not by asking whether there is something to read: TLS sends what is no answer, such as its tickets.
                self.sock.recv(1)
            except (BlockingIOError, ssl.SSLWantReadError):
                return True
        return False

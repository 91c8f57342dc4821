"""One HTTP exchange at a time, with no surprises: what was sent is known, and every answer is bounded in size and time.

What the retry rule needs to know of a failure is whether a byte of the request had left. The libraries' exceptions do
not say it reliably (a TLS error can come before or after), so the connections used here note it themselves.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from batch import __version__
from batch.outcome import Answer, Exchange, NoAnswer, NotSent

IDLE_SECONDS = 4.0
"""A connection idle for longer is not used again: many servers close at 5 s, and a close just then is a doubt."""
_CHUNK = 65_536


@dataclass
class _Call:
    """The exchange under way, as its connection sees it."""

    sent: bool = False
    deadline: float = field(default=0.0)


class _DeadlineStream(io.RawIOBase):
    """A socket's bytes until the deadline. The socket's own timeout is for each byte, so a slow drip never ends it."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left)
        return self._sock.recv_into(buffer)


class _DeadlineSocket:
    """What `http.client.HTTPResponse` needs of a socket: something to read from."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineStream(self._sock, self._deadline))


class _NotingConnection:
    """What both connection classes add: note when the first byte leaves, and read until the call's deadline."""

    call: _Call
    sock: Any
    used_at: float = 0.0

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        finally:
            # Whatever a tunnel through a proxy took, nothing of the request itself has left yet.
            self.call.sent = False

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self.call.sent = True
        super().send(data)  # type: ignore[misc]

    def response_class(self, sock: Any, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
        return http.client.HTTPResponse(_DeadlineSocket(sock, self.call.deadline), *args, **kwargs)  # type: ignore[arg-type]


class _Http(_NotingConnection, HTTPConnection):  # type: ignore[misc]
    """Plain HTTP: only ever to this machine."""


class _Https(_NotingConnection, HTTPSConnection):  # type: ignore[misc]
    """HTTP over TLS."""


def _pool_class(base: type[HTTPConnectionPool], connection: type, call: _Call) -> type[HTTPConnectionPool]:
    class Pool(base):  # type: ignore[valid-type,misc]
        """A pool whose connections note their sends, and that drops the ones idle for too long."""

        ConnectionCls = connection

        def _get_conn(self, timeout: float | None = None) -> Any:
            conn = super()._get_conn(timeout)
            if conn.sock is not None and time.monotonic() - conn.used_at > IDLE_SECONDS:
                conn.close()
            conn.call = call
            return conn

        def _put_conn(self, conn: Any) -> None:
            if conn is not None:
                conn.used_at = time.monotonic()
            super()._put_conn(conn)

    return Pool


class _Adapter(HTTPAdapter):
    """The library's transport with our connections and without its hidden retries."""

    def __init__(self, call: _Call) -> None:
        self._call = call
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=urllib3.Retry(0, read=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._use_our_connections(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        self._use_our_connections(manager)
        return manager

    def _use_our_connections(self, manager: Any) -> None:
        manager.pool_classes_by_scheme = {
            "http": _pool_class(HTTPConnectionPool, _Http, self._call),
            "https": _pool_class(HTTPSConnectionPool, _Https, self._call),
        }


class Wire:
    """A keep-alive session to one provider. Not for use by several threads at once."""

    def __init__(self, url: str, *, connect_timeout: float, read_timeout: float) -> None:
        self._url = url
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._call = _Call()
        self._session = requests.Session()
        # The environment's proxies and certificates are honoured, read once; its .netrc never is.
        self._session.trust_env = False
        self._session.proxies.update(requests.utils.get_environ_proxies(url))
        bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        self._session.verify = bundle or True
        self._session.headers.update(
            {
                "User-Agent": f"creditbatch/{__version__}",
                "Accept": "application/json, application/xml;q=0.9",
                "Accept-Encoding": "identity",
            }
        )
        adapter = _Adapter(self._call)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    @property
    def address(self) -> str:
        """The provider's address, without anything secret."""
        return self._url

    def post(self, path: str, body: bytes, *, query: dict[str, str], limit: int) -> Exchange:
        """Send a JSON body; `limit` is the most bytes that an answer may have."""
        return self._exchange("POST", path, query, body, limit, self._connect_timeout, self._read_timeout)

    def get(self, path: str, *, query: dict[str, str], limit: int, seconds: float) -> Exchange:
        """Ask a question, and wait for no more than so many seconds altogether."""
        connect, read = min(self._connect_timeout, seconds), min(self._read_timeout, seconds)
        return self._exchange("GET", path, query, None, limit, connect, read)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _exchange(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: bytes | None,
        limit: int,
        connect: float,
        read: float,
    ) -> Exchange:
        self._call.sent = False
        # Read before the request is sent, so that it bounds sending, waiting and reading together.
        self._call.deadline = time.monotonic() + connect + read
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            with self._session.request(
                method,
                self._url + path,
                params=query,
                data=body,
                headers=headers,
                timeout=(connect, read),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _bounded(response, limit)
                if content is None:
                    return NoAnswer(f"the answer was longer than {limit:,} bytes")
                return Answer(response.status_code, content, _retry_after(response.headers.get("Retry-After")))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, http.client.HTTPException) as error:
            reason = _reason(error)
            return NoAnswer(reason) if self._call.sent else NotSent(reason)


def _bounded(response: requests.Response, limit: int) -> bytes | None:
    """The body, or None as soon as it is longer than the limit."""
    parts: list[bytes] = []
    length = 0
    while chunk := response.raw.read(min(_CHUNK, limit + 1 - length), decode_content=True):
        parts.append(chunk)
        length += len(chunk)
        if length > limit:
            return None
    return b"".join(parts)


def _retry_after(value: str | None) -> float | None:
    """`Retry-After` in seconds (RFC 9110: a whole number or a date); None where it says nothing usable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _reason(error: BaseException) -> str:
    """A few words on what happened. Never the library's own text: it holds the address, and with it the key."""
    chain = list(_causes(error))
    for kind, words in _REASONS:
        if any(isinstance(cause, kind) for cause in chain):
            return words
    return "the connection failed"


def _causes(error: BaseException) -> Any:
    """The exception and what the libraries wrapped in it."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (urllib3.exceptions.NameResolutionError, "the host name is not known"),
    (socket.gaierror, "the host name is not known"),
    (urllib3.exceptions.ProxyError, "the proxy refused"),
    (ssl.SSLCertVerificationError, "the server's certificate is not valid"),
    (ssl.SSLError, "no secure connection could be made"),
    (urllib3.exceptions.ConnectTimeoutError, "the connection took too long"),
    (ConnectionRefusedError, "the connection was refused"),
    (ConnectionResetError, "the connection was reset"),
    (BrokenPipeError, "the connection was closed"),
    (http.client.RemoteDisconnected, "the connection was closed without an answer"),
    (urllib3.exceptions.IncompleteRead, "the answer was cut short"),
    (http.client.IncompleteRead, "the answer was cut short"),
    (urllib3.exceptions.ReadTimeoutError, "no answer came in time"),
    (TimeoutError, "no answer came in time"),
    (http.client.HTTPException, "the answer was not HTTP"),
    (urllib3.exceptions.DecodeError, "the answer could not be decoded"),
)

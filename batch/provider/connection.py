"""Connections that know what of a call has left, and that end its waits at its deadline.

What the retry rule needs to know of a failure is whether a byte of the request had left. The libraries' exceptions do
not say it reliably (a TLS error can come before or after), so the connections used here note it themselves.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError
from urllib3.util.connection import allowed_gai_family

from batch.clock import Stopwatch

_OVERHEAD = 128 * 1024
"""Bytes that an answer may have besides its body: headers, chunk sizes, trailers."""

IDLE_SECONDS = 1.0
"""A connection idle for longer is not used again. Many servers close at 5 s, and a close just then is a doubt. A router
that forgot the connection says nothing at all: that the way is open, only an answer proves, and only for a moment.
"""
_STEP = 0.1

MaySend = Callable[[], bool]
"""Looks whether a request may leave, when the connection stands and the first byte is about to go."""


class AnswerTooLongError(http.client.HTTPException):
    """The answer is longer than any that the API gives."""


class HeldBackError(http.client.HTTPException):
    """The request may not leave any more."""


class NotQuietError(http.client.HTTPException):
    """No connection stayed quiet until the request could leave."""


@dataclass
class Call:
    """The exchange under way, as its connection sees it. Times are those of the monotonic clock."""

    query: str = field(default="", repr=False)
    """Put on the request line at the last moment: it holds the key, and the libraries log the address they know."""
    may_send: MaySend = bool
    """Who has the last word when the connection stands; as long as nobody was named, nothing leaves."""
    sent: bool = False
    deadline: float = 0.0
    """When to stop waiting: for a connection, and once the request leaves for the whole answer."""
    cable: socket.socket | None = None
    """The socket under two layers of TLS, for the timer that shuts it."""
    _read: float = 0.0
    _end: float = 0.0
    _allowance: int = 0

    def begin(self, query: str, *, connect: float, read: float, seconds: float, limit: int) -> None:
        """A new exchange: so long for the connection, so long for the answer, and so long for both together."""
        now = time.monotonic()
        self.query = query
        self.sent = False
        self._read = read
        self._end = now + seconds
        self.deadline = min(now + connect, self._end)
        self._allowance = 2 * limit + _OVERHEAD

    def leaves(self) -> None:
        """From here on the request may have reached the server, and the time for the answer runs."""
        if not self.sent:
            self.sent = True
            self.deadline = min(time.monotonic() + self._read, self._end)

    def left(self) -> float:
        """Seconds until the deadline; raises when there are none."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the time is up")
        return seconds

    @contextmanager
    def shut_in_time(self) -> Iterator[None]:
        """Shut the socket when the time is up.

        For TLS within a proxy's TLS: the library waits for one piece after the other, and for each the whole timeout.
        """
        ended = threading.Event()
        threading.Thread(target=self._watch, args=(ended,), daemon=True, name="shut in time").start()
        try:
            yield
        finally:
            ended.set()

    def let_go(self) -> None:
        """Close our own handle of the socket."""
        if self.cable is not None:
            self.cable.close()
            self.cable = None

    def received(self, count: int) -> None:
        """Count bytes of the answer; raises when there are too many."""
        self._allowance -= count
        if self._allowance < 0:
            raise AnswerTooLongError

    def _watch(self, ended: threading.Event) -> None:
        # In short steps, because the deadline is another one as soon as the request leaves.
        while not ended.wait(_STEP):
            if time.monotonic() >= self.deadline and (cable := self.cable) is not None:
                with suppress(OSError):
                    cable.shutdown(socket.SHUT_RDWR)


class _DeadlineStream(io.RawIOBase):
    """A socket's bytes until the deadline. The socket's own timeout is for each byte, so a slow drip never ends it."""

    def __init__(self, sock: socket.socket, call: Call) -> None:
        self._sock = sock
        # The socket's own stream: it keeps the socket open when the connection is closed before the answer is read.
        self._stream = sock.makefile("rb", buffering=0)
        self._call = call
        self.ended = False
        """Whether the server has closed, and we have read that far."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._call.left())
        count = self._stream.readinto(buffer) or 0
        self._call.received(count)
        self.ended = not count
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()


class _DeadlineSocket:
    """What `http.client.HTTPResponse` needs of a socket: something to read from."""

    def __init__(self, sock: socket.socket, call: Call) -> None:
        self._sock = sock
        self._call = call

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineStream(self._sock, self._call))


class _Response(http.client.HTTPResponse):
    """An answer whose headers are whole: the library takes a close in the middle of them for their end."""

    def begin(self) -> None:
        super().begin()
        if self.fp.raw.ended:  # type: ignore[attr-defined]
            raise http.client.IncompleteRead(b"")


class _NotingConnection:
    """What both connection classes add: note when the first byte leaves, and keep to the call's deadline."""

    call: Call
    sock: Any
    host: str
    port: int
    socket_options: Any
    proxy: Any
    unused: Stopwatch
    """Since an answer, or the handshake, last proved that the way there is open."""
    _connecting: bool = False
    _gathered: list[bytes] | None = None

    def connect(self) -> None:
        self._connecting = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._connecting = False
        self.unused = Stopwatch()

    def is_ready(self) -> bool:
        """Look whether the request can leave on it, at the last moment; `HeldBackError` if it may not leave at all."""
        if not self.call.may_send():
            raise HeldBackError
        return self.unused.count() <= IDLE_SECONDS and self._is_quiet()

    def _is_quiet(self) -> bool:
        """Look whether it is open and nothing has come that nobody asked for."""
        try:
            self.sock.settimeout(0)
            # Not by asking whether there is something to read: TLS sends what is no answer, such as its tickets.
            self.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        target = f"{url}?{self.call.query}" if self.call.query else url
        super().putrequest(method, target, *args, **kwargs)  # type: ignore[misc]

    def exchange(self, *request: Any, **more: Any) -> http.client.HTTPResponse:
        """Send a request, once, and return as soon as the answer's headers are there. The connection is up already."""
        # A server may answer and close before it has read it all: then its answer can still be read.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.request(*request, **more)
        # Not the library's, which wraps every answer in another that can be streamed.
        return http.client.HTTPConnection.getresponse(self)  # type: ignore[arg-type]

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Head and body leave together, in one packet or record of TLS, where the library sends one after the other."""
        self._gathered = []
        try:
            super().request(*args, **kwargs)  # type: ignore[misc]
            whole = b"".join(self._gathered)
        finally:
            self._gathered = None
        self.send(whole)

    def send(self, data: Any) -> None:
        if self._gathered is not None:
            self._gathered.append(data)
            return
        # What a tunnel through a proxy sends while connecting is nothing of the request itself.
        if not self._connecting:
            self.call.leaves()
            self.sock.settimeout(self.call.left())
        super().send(data)  # type: ignore[misc]

    def response_class(self, sock: Any, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
        return _Response(_DeadlineSocket(sock, self.call), *args, **kwargs)  # type: ignore[arg-type]

    def _new_conn(self) -> socket.socket:
        """Connect, with one deadline for the name, all its addresses, and the handshake or tunnel that follows."""
        trouble: OSError = OSError("the name has no address")
        addresses = _addresses(self.host, self.port, self.call.left())
        for index, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                # One address that never answers must leave time for the others.
                sock.settimeout(self._connect_seconds() / (len(addresses) - index))
                sock.connect(address)
                sock.settimeout(self._connect_seconds())
            except OSError as error:
                sock.close()
                trouble = error
            except BaseException:
                sock.close()
                raise
            else:
                if self.proxy is not None and self.proxy.scheme == "https":
                    self.call.let_go()
                    self.call.cable = sock.dup()
                return sock
        if isinstance(trouble, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time")
        raise trouble

    def _connect_seconds(self) -> float:
        try:
            return self.call.left()
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error


def _addresses(host: str, port: int, seconds: float) -> list[Any]:
    """The addresses of a host, looked up in a thread of its own because the system's resolver knows no timeout."""
    found: list[Any] = []
    trouble: list[OSError] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host.strip("[]"), port, allowed_gai_family(), socket.SOCK_STREAM))
        except OSError as error:
            trouble.append(error)
        except UnicodeError:
            trouble.append(socket.gaierror("the name cannot be a host's"))

    thread = threading.Thread(target=look_up, daemon=True, name="look up a host")
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise socket.gaierror("the name could not be looked up in time")
    if trouble:
        raise trouble[0]
    return found


class Http(_NotingConnection, HTTPConnection):  # type: ignore[misc]
    """Plain HTTP: only ever to this machine."""


class Https(_NotingConnection, HTTPSConnection):  # type: ignore[misc]
    """HTTP over TLS."""

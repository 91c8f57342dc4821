"""One HTTP exchange at a time: what was sent is known, and every answer is bounded in size and time."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import requests
import urllib3

from batch.errors import CreditbatchError, SettingsError
from batch.language import N_, _
from batch.outcome import Answer, Exchange, NoAnswer, NotSent
from batch.provider.connection import AnswerTooLongError, Call, HeldBackError, MaySend, NotQuietError
from batch.provider.pace import AS_FAST_AS_CAN_BE, Pace
from batch.provider.way import Adapter, Way
from batch.settings import is_this_machine


class Wire:
    """A keep-alive connection to one provider. Not for use by several threads at once.

    The library's session is left out: redirects, cookies, hooks and the merging of settings are nothing that this API
    needs, and take longer than the call itself.
    """

    def __init__(
        self, url: str, *, connect_timeout: float, read_timeout: float, pace: Pace = AS_FAST_AS_CAN_BE
    ) -> None:
        self._url = url
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self.pace = pace
        self._call = Call()
        self._adapter = Adapter(self._call)
        # The environment's proxies and certificates are honoured, read once; its .netrc never is.
        self._proxies = _proxies(url)
        self._certificates = _certificates()
        self._ways: dict[str, Way] = {}

    @property
    def address(self) -> str:
        """The provider's address, without anything secret."""
        return self._url

    def post(self, path: str, body: bytes, may_send: MaySend, *, query: dict[str, str], limit: int) -> Exchange:
        """Send a JSON body if it may be sent; `limit` is the most bytes that an answer may have.

        What `may_send` raises about the ledger is passed on: then nothing has left.
        """
        seconds = self._connect_timeout + self._read_timeout
        self._call.may_send = may_send
        return self._exchange("POST", path, query, body, limit, seconds)

    def get(self, path: str, *, query: dict[str, str], limit: int, seconds: float) -> Exchange:
        """Ask a question, and wait for no more than so many seconds altogether."""
        self._call.may_send = _always
        return self._exchange("GET", path, query, None, limit, seconds)

    def close(self) -> None:
        """Close the connection."""
        self._ways.clear()
        self._adapter.close()
        self._call.let_go()

    def _exchange(
        self, method: str, path: str, query: dict[str, str], body: bytes | None, limit: int, seconds: float
    ) -> Exchange:
        self.pace.wait()
        connect, read = min(self._connect_timeout, seconds), min(self._read_timeout, seconds)
        self._call.begin(urlencode(query), connect=connect, read=read, seconds=seconds, limit=limit)
        try:
            way = self._way(path)
            with self._call.shut_in_time() if way.needs_timer else nullcontext():
                status, headers, content = way.exchange(method, body, limit)
            answer = Answer(status, content, _retry_after(headers.get("Retry-After")))
        except CreditbatchError:
            # Not the wire's to judge: it comes from whoever was asked whether the request may leave, so nothing has.
            self.close()
            raise
        except Exception as error:  # noqa: BLE001 (whatever a library raises here, what counts is whether a byte left)
            self.close()
            reason = _reason(error)
            return NoAnswer(reason) if self._call.sent else NotSent(reason)
        finally:
            self._call.query = ""
        if not answer.body:
            # An answer without a body (a 1xx above all) may be followed by another, which the next call must not read.
            self.close()
        return answer

    def _way(self, path: str) -> Way:
        """How the address is reached, found out once for as long as the connection lasts."""
        way = self._ways.get(path)
        if way is None:
            url = self._url + path
            way = self._adapter.way_to(url, certificates=self._certificates, proxies=self._proxies)
            self._ways[path] = way
        return way


def _always() -> bool:
    """Let a question leave at any time."""
    return True


def _proxies(url: str) -> dict[str, str]:
    """The environment's proxies for an address. Plain http must not leave this machine, by way of a proxy either."""
    proxies = requests.utils.get_environ_proxies(url)
    if urlsplit(url).scheme == "https":
        return proxies
    proxy = requests.utils.select_proxy(url, proxies) or ""
    try:
        host = urlsplit(proxy if "://" in proxy else f"//{proxy}").hostname
    except ValueError:
        host = None
    return proxies if host and is_this_machine(host) else {}


def _certificates() -> str | bool:
    """The environment's own certificates, or those that the library brings."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        bundle = os.environ.get(name)
        if bundle:
            if not Path(bundle).exists():
                sentence = _("{name} names {file}, which is not there: correct it or unset it.")
                raise SettingsError(sentence.format(name=name, file=bundle))
            return bundle
    return True


def _retry_after(value: str | None) -> float | None:
    """`Retry-After` in seconds (RFC 9110: a whole number or a date); None where it says nothing usable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 10 else float(10**9)
    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _reason(error: BaseException) -> str:
    """A few words on what happened. Never the library's own text: it may hold what a log must not."""
    chain = list(_causes(error))
    for kind, words in _REASONS:
        if any(isinstance(cause, kind) for cause in chain):
            return _(words)
    return _("the connection failed")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what the libraries wrapped in it."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]


_UNUSABLE = N_("the address, or the proxy that the environment names, cannot be used")
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (AnswerTooLongError, N_("the answer was too long")),
    (HeldBackError, N_("it took too long to make sure that the account is still held")),
    (NotQuietError, N_("the server sends before it is asked, or closes")),
    (requests.exceptions.InvalidURL, _UNUSABLE),
    (urllib3.exceptions.LocationValueError, _UNUSABLE),
    (socket.gaierror, N_("the host name is not known")),
    (urllib3.exceptions.ProxyError, N_("the proxy cannot be reached, or refuses")),
    (ssl.SSLCertVerificationError, N_("the server's certificate is not valid")),
    (ssl.SSLError, N_("no secure connection could be made")),
    (ConnectionRefusedError, N_("the connection was refused")),
    (urllib3.exceptions.ConnectTimeoutError, N_("the connection took too long")),
    (http.client.RemoteDisconnected, N_("the connection was closed without an answer")),
    (ConnectionResetError, N_("the connection was reset")),
    (BrokenPipeError, N_("the connection was closed")),
    (urllib3.exceptions.IncompleteRead, N_("the answer was cut short")),
    (http.client.IncompleteRead, N_("the answer was cut short")),
    (urllib3.exceptions.ReadTimeoutError, N_("no answer came in time")),
    (TimeoutError, N_("no answer came in time")),
    (http.client.HTTPException, N_("the answer was not HTTP")),
    (urllib3.exceptions.DecodeError, N_("the answer could not be decoded")),
)

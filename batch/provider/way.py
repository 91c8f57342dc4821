"""How an address is reached, and one exchange on the way there.

Of the libraries everything about connections is used: pools, proxies, certificates. Their way of sending is left out:
redirects, retries, streams and pools of many are nothing that this API needs, and take a quarter of a call.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

import urllib3
from requests import Request
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidProxyURL
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProxyError

from batch import __version__
from batch.clock import Stopwatch
from batch.provider.connection import AnswerTooLongError, Call, Http, Https, NotQuietError

_CONNECTIONS = 3
"""So many are tried, the one that was kept among them, until one is quiet."""
_ASKING = {
    "User-Agent": f"creditbatch/{__version__}",
    "Accept": "application/json, application/xml;q=0.9",
    "Accept-Encoding": "identity",
    "Connection": "keep-alive",
}
_SENDING = {**_ASKING, "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Way:
    """How one address is reached: the pool that keeps its connection, and what stands on the request line."""

    needs_timer: bool
    """Whether a socket's timeout does not bound what the libraries do with it."""
    _pool: Any
    _target: str
    _for_proxy: dict[str, str] = field(repr=False)
    """Headers for a proxy that reads the request itself."""

    def exchange(self, method: str, body: bytes | None, limit: int) -> tuple[int, Message, bytes]:
        """Send a request, once. Returns the answer's status, headers and whole body, which is at most so long."""
        headers = {**(_ASKING if body is None else _SENDING), **self._for_proxy}
        connection = self._pool.take()
        try:
            answer = connection.exchange(method, self._target, body=body, headers=headers)
            return answer.status, answer.headers, _whole_body(answer, limit)
        except BaseException:
            connection.close()
            raise
        finally:
            self._pool.give_back(connection)


def _whole_body(answer: http.client.HTTPResponse, limit: int) -> bytes:
    with answer:
        lengths = ",".join(answer.headers.get_all("Content-Length", ())).split(",")
        if len({length.strip() for length in lengths}) > 1:
            raise http.client.HTTPException("the answer gives two lengths")
        # Nobody asked for an encoding. Where one is used all the same, the library knows it.
        source = _decoding(answer) if "Content-Encoding" in answer.headers else answer
        body: bytes = source.read(limit + 1)
        if len(body) > limit:
            raise AnswerTooLongError
        if answer.length:
            raise http.client.IncompleteRead(b"")
        return body


def _decoding(answer: http.client.HTTPResponse) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(answer, urllib3.HTTPHeaderDict(answer.headers.items()), preload_content=False)


def _pool_class(base: type[HTTPConnectionPool], connection: type, call: Call) -> type[HTTPConnectionPool]:
    class Pool(base):  # type: ignore[valid-type,misc]
        """A pool that keeps one connection, and drops it when it was idle for too long."""

        ConnectionCls = connection

        def take(self) -> Any:
            """The connection that was kept, or a new one, ready for a request."""
            taken = self._get_conn()
            taken.call = call
            try:
                _make_ready(taken, self._connect)
            except BaseException:
                taken.close()
                raise
            return taken

        def give_back(self, taken: Any) -> None:
            """Keep it for the next request; one that was closed is opened anew for it."""
            taken.unused = Stopwatch()
            self._put_conn(taken)

        def _connect(self, taken: Any) -> None:
            try:
                if self.proxy is not None and self.scheme == "https":
                    self._prepare_proxy(taken)
                else:
                    taken.connect()
            except (OSError, http.client.HTTPException) as error:
                if taken.proxy and not taken.has_connected_to_proxy:
                    raise ProxyError("no connection to the proxy", error) from error
                raise

    return Pool


def _make_ready(taken: Any, connect: Callable[[Any], None]) -> None:
    """Open the connection where it is closed, and anew where something came before the request left: that is no answer
    to it.
    """
    for _ in range(_CONNECTIONS):
        if taken.is_closed:
            connect(taken)
        if taken.is_ready():
            return
        taken.close()
    raise NotQuietError


class Adapter(HTTPAdapter):
    """The library's transport, of which the finding of a way is used, with our connections."""

    def __init__(self, call: Call) -> None:
        self._pool_classes = {
            "http": _pool_class(HTTPConnectionPool, Http, call),
            "https": _pool_class(HTTPSConnectionPool, Https, call),
        }
        super().__init__(pool_connections=1, pool_maxsize=1)

    def way_to(self, url: str, *, certificates: str | bool, proxies: dict[str, str]) -> Way:
        """How the address is reached: by which proxy, and trusting which certificates."""
        request = Request("GET", url).prepare()
        pool: Any = self.get_connection_with_tls_context(request, certificates, proxies=proxies)
        self.cert_verify(pool, url, certificates, None)  # type: ignore[no-untyped-call]
        is_read_by_proxy = pool.proxy is not None and pool.scheme == "http"
        return Way(
            pool.proxy is not None and pool.proxy.scheme == "https",
            pool,
            self.request_url(request, proxies),
            dict(pool.proxy_headers) if is_read_by_proxy else {},
        )

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Build the pools of direct connections from our classes."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Build the pools behind a proxy from our classes. A SOCKS proxy would need others, so it is refused."""
        if not proxy.lower().startswith(("http://", "https://")):
            raise InvalidProxyURL("only an HTTP proxy can be used")
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pool_classes
        return manager

"""Reading one HTTP/1 request from a connection, as leniently as the clients found in the wild need."""

from __future__ import annotations

import asyncio
import re
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

MOST_BODY = 1024 * 1024
MOST_HEAD = 64 * 1024
_BODY_SECONDS = 30.0
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class BadRequestError(Exception):
    """What came cannot be answered as a request; the connection closes after saying so."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request. The path has no query, no `/v1` and no needless slashes."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    keep_alive: bool


class Inbox:
    """What a connection has sent and nobody has read yet. Requests arrive in one piece nearly always."""

    def __init__(self, reader: StreamReader) -> None:
        self._reader = reader
        self._held = b""

    async def head(self) -> str | None:
        """Request line and headers, or nothing when the client has closed without a whole head."""
        while True:
            # Some clients end their body with a line end that they do not count.
            self._held = self._held.lstrip(b"\r\n")
            end = _HEAD_END.search(self._held)
            if end:
                head = self._held[: end.start()].decode("latin-1")
                self._held = self._held[end.end() :]
                return head
            if b"\n" in self._held:  # A broken request line is told at once, not after headers that never come.
                _request_line(self._held.partition(b"\n")[0].decode("latin-1"))
            if len(self._held) > MOST_HEAD:
                raise BadRequestError(431, "The head of the request is too long.")
            if not await self._more():
                return None

    async def exactly(self, size: int) -> bytes:
        """So many bytes; raises `EOFError` when the client closes before."""
        while len(self._held) < size:
            await self._more_of_body()
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    async def line(self) -> bytes:
        """One line, with its end."""
        while b"\n" not in self._held:
            if len(self._held) > MOST_HEAD:
                raise BadRequestError(431, "A line of the request is too long.")
            await self._more_of_body()
        return await self.exactly(self._held.index(b"\n") + 1)

    async def _more_of_body(self) -> None:
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                if not await self._more():
                    raise EOFError
        except TimeoutError:
            raise BadRequestError(408, "The body of the request did not come.") from None

    async def _more(self) -> bool:
        more = await self._reader.read(MOST_HEAD)
        self._held += more
        return bool(more)


async def read_request(inbox: Inbox, writer: StreamWriter) -> Request | None:
    """The next request, or nothing when the client has closed."""
    head = await inbox.head()
    if head is None:
        return None
    first, *rest = head.split("\n")
    method, target, version = _request_line(first)
    headers = _headers(rest)
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await _body(inbox, headers)
    path, query = _address(target)
    connection = headers.get("connection", "").lower()
    keep_alive = "close" not in connection if version == "HTTP/1.1" else "keep-alive" in connection
    return Request(method, path, query, headers, body, keep_alive)


def _request_line(line: str) -> tuple[str, str, str]:
    parts = line.split()
    if len(parts) != 3 or parts[2] not in {"HTTP/1.1", "HTTP/1.0"} or not parts[0].isalpha():
        raise BadRequestError(400, "The request line is broken.")
    return parts[0], parts[1], parts[2]


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequestError(400, "A header of the request is broken.")
        headers[name.strip().lower()] = value.strip()
    return headers


async def _body(inbox: Inbox, headers: Mapping[str, str]) -> bytes:
    """The body, whether its length is told or it comes in chunks; without either there is none."""
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise BadRequestError(400, "Content-Length is not a number.")
    if len(length) > 9 or int(length) > MOST_BODY:
        raise _too_large()
    return await (_chunks(inbox) if chunked else inbox.exactly(int(length)))


async def _chunks(inbox: Inbox) -> bytes:
    body = bytearray()
    while size := _chunk_size(await inbox.line()):
        if len(body) + size > MOST_BODY:
            raise _too_large()
        body += await inbox.exactly(size)
        await inbox.line()
    while (await inbox.line()).strip():  # Trailers, which nobody needs, up to the empty line.
        pass
    return bytes(body)


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    try:
        size = int(digits, 16)
    except ValueError:
        size = -1
    if size < 0:
        raise BadRequestError(400, "A chunk of the body is broken.")
    return size


def _too_large() -> BadRequestError:
    return BadRequestError(413, f"The body of the request is over {MOST_BODY} bytes.")


def _address(target: str) -> tuple[str, str]:
    """Path and query. A second question mark, as in one official example, belongs to neither."""
    if not target.startswith("/"):  # A client behind a proxy sends the whole address.
        try:
            parts = urlsplit(target)
        except ValueError:
            raise BadRequestError(400, "The address of the request is broken.") from None
        target = f"{parts.path}?{parts.query}"
    path, _, query = target.partition("?")
    path = "/" + "/".join(filter(None, path.split("/")))
    if path.startswith("/v1/"):
        path = path.removeprefix("/v1")
    return path, query.lstrip("?")

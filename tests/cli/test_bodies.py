"""What strangers send to the site is refused before it is taken; what a preparer sends is taken up to its limit."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from tests.cli.test_serve import _PASSWORD, Served, _csrf, serve

__all__ = ["serve"]  # a fixture
pytestmark = pytest.mark.slow
PIECE = b"x" * 65_536
MANY = 200 * 1024 * 1024
MOST_TAKEN = 12 * 1024 * 1024
"""What both ends' systems keep of what is on its way, and no more."""
STRANGERS = ("", "\r\nCookie: creditbatch_session=whatever; other=1")


@pytest.fixture
def site(serve) -> Served:  # type: ignore[no-untyped-def]
    started: Served = serve()
    started.wait_for("/setup/")
    return started


def pour(site: Served, head: str, pieces: Iterator[bytes]) -> tuple[int, bytes]:
    """Send the head and the pieces until the site will not have more; how much it took, and its answer."""
    parts = urlsplit(site.address)
    taken, answer = 0, b""
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=20) as connection:
        connection.sendall(f"{head}\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        with suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
                taken += len(piece)
        with suppress(ConnectionError):
            while more := connection.recv(65_536):
                answer += more
    return taken, answer


def whole(size: int = MANY) -> Iterator[bytes]:
    return (PIECE for _each in range(size // len(PIECE)))


def chunked() -> Iterator[bytes]:
    return (b"%x\r\n%s\r\n" % (len(piece), piece) for piece in whole())


def test_two_hundred_megabytes_of_a_stranger_are_not_taken(site: Served) -> None:
    process = psutil.Process(site.process.pid)
    requests.get(f"{site.address}/login", timeout=20)
    memory, began = process.memory_info().rss, time.monotonic()
    for address in ("/login", "/drafts/new", "/drafts/00000000-0000-0000-0000-000000000000/replace", "/static/x.css"):
        for cookie in STRANGERS:
            # The half of it is less than the most that anybody may send.
            fixed = [(f"Content-Length: {size}", whole(size)) for size in (MANY, MANY // 2)]
            for length, pieces in (*fixed, ("Transfer-Encoding: chunked", chunked())):
                taken, answer = pour(site, f"POST {address} HTTP/1.1{cookie}\r\n{length}", pieces)
                assert taken < MOST_TAKEN
                assert not answer or answer.startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - began < 8
    assert process.memory_info().rss - memory < MOST_TAKEN
    # Who asks first is told at once, and not to go on.
    _taken, answer = pour(
        site, f"POST /drafts/new HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {MANY}", iter(())
    )  # fmt: skip
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"only from a preparer who is logged in" in answer
    assert b"100 Continue" not in answer
    # A form is taken as before.
    _taken, answer = pour(site, "POST /login HTTP/1.1\r\nContent-Length: 65536", whole(65_536))
    assert answer.startswith(b"HTTP/1.1 403 ")


def test_a_preparers_file_is_taken_up_to_its_limit(site: Served) -> None:
    session = requests.Session()
    link, place = site.said[-1].strip(), f"{site.address}/drafts/new"
    form = {"username": "first", "full_name": "The First", "new_password1": _PASSWORD, "new_password2": _PASSWORD}
    session.post(f"{site.address}/welcome", form | {"csrfmiddlewaretoken": _csrf(session, link)}, timeout=20)
    token = {"csrfmiddlewaretoken": _csrf(session, place)}
    sheet = b"Token;Amount;Direction;Remark\n" + 100 * (b"sub-0001;1;add;" + b"y" * 30_000 + b"\n")
    page = session.post(place, token, files={"sheet_file": ("s.csv", sheet)}, timeout=60)
    assert page.status_code == 200
    assert re.search(r"/drafts/[0-9a-f-]+", page.url)
    page = session.post(place, token, files={"sheet_file": ("s.csv", sheet * 9)}, timeout=60)
    assert "is larger than the" in page.text
    session.post(f"{site.address}/logout", {"csrfmiddlewaretoken": _csrf(session, place)}, timeout=20)
    with suppress(requests.ConnectionError):
        assert session.post(place, token, files={"sheet_file": ("s.csv", sheet)}, timeout=60).status_code == 413

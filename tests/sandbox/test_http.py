from __future__ import annotations

import json
import socket

import pytest

from .conftest import ADD, KEY, Client

BODY = json.dumps({"apiKey": KEY, "credit": "10", "tokenSubaccount": "sub-0001"}).encode()
POST = f"POST {ADD} HTTP/1.1\r\nHost: x\r\n".encode()


def heard(raw: socket.socket) -> bytes:
    """Everything until the sandbox closes."""
    told = b""
    while more := raw.recv(65536):
        told += more
    return told


def one_answer(raw: socket.socket) -> bytes:
    told = b""
    while b"\r\n\r\n" not in told or not told.endswith(b"}"):
        told += raw.recv(65536)
    return told


def with_length(body: bytes, length: int | None = None) -> bytes:
    return POST + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


def test_one_connection_carries_many_calls(raw: socket.socket) -> None:
    for left in (b"9990", b"9980", b"9970"):
        raw.sendall(with_length(BODY))
        assert left in one_answer(raw)


@pytest.mark.parametrize(
    "junk",
    [
        *(b"hello\r\n", b"GET /v1/me HTTP/2\r\n", b"HELLO / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\n"),
        *(b"GET http://[ HTTP/1.1\r\n\r\n", POST + b"Content-Length: ten\r\n\r\n"),
        *(POST + b"Content-Length: -1\r\n\r\n", POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ],
)
def test_what_is_not_http_is_told_so_and_the_connection_closes(raw: socket.socket, junk: bytes) -> None:
    raw.sendall(junk)
    status, _, body = heard(raw).partition(b"\r\n\r\n")
    assert status.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
    assert json.loads(body)["success"] is False


def test_a_body_over_one_mebibyte_is_not_read(raw: socket.socket) -> None:
    raw.sendall(POST + b"Content-Length: 1048577\r\n\r\n")
    assert heard(raw).startswith(b"HTTP/1.1 413 ")


def test_a_client_that_sends_nothing_more_is_let_go_of(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr("batch.sandbox.server._Handler.timeout", 0.05)
    with socket.create_connection(("127.0.0.1", client.connection.port), timeout=5) as raw:
        raw.sendall(with_length(BODY, len(BODY) + 1))
        assert heard(raw) == b""
    assert client.ledger()["movements"] == []


@pytest.mark.parametrize("sent", [b"POST", POST, with_length(BODY, len(BODY) + 1)])
def test_a_client_that_leaves_in_the_middle_moves_nothing(raw: socket.socket, client: Client, sent: bytes) -> None:
    raw.sendall(sent)
    raw.shutdown(socket.SHUT_WR)
    heard(raw)
    assert client.ledger()["movements"] == []

"""The transport over real sockets: what was sent is known, and nothing hangs, grows or surprises."""

from __future__ import annotations

import gzip
import logging
import select
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.errors import LedgerError, SettingsError
from batch.notes import Answer, Exchange, NoAnswer, NotSent, make_note
from batch.provider.http import HttpTransport
from batch.provider.responses import parse_retry_pause
from batch.settings import Stopwatch
from tests.provider.conftest import Wire, at_once
from tests.provider.server import (
    CERTIFICATE,
    PATIENCE,
    Peer,
    Scenario,
    after_reading,
    always,
    encrypted,
    http_answer,
    server_context,
)

LIMIT = 64 * 1024
NOWHERE = "https://localhost:1/v1"
OK = http_answer("{}")
SLOW = NotSent(make_note("connection-slow"))
LATE, TOO_LONG = NoAnswer(make_note("answer-late")), NoAnswer(make_note("answer-too-long"))


def post(transport: HttpTransport, may_send: Callable[[], bool] = at_once) -> Exchange:
    return transport.post("/subaccount/credit/add", {"credit": "1.00"}, may_send, query={}, limit=LIMIT)


def ask(transport: HttpTransport, seconds: float = 5.0) -> Exchange:
    return transport.get("/me", query={"apiKey": "k"}, limit=LIMIT, seconds=seconds)


def within(seconds: float, transport: HttpTransport, act: Callable[[HttpTransport], Exchange] = post) -> Exchange:
    start = time.monotonic()
    exchange = act(transport)
    assert time.monotonic() - start < seconds
    return exchange


def dripping(data: bytes) -> Scenario:
    def scenario(peer: Peer) -> None:
        peer.read()
        peer.drip(data, 0.02)

    return scenario


def reset_after_reading(peer: Peer) -> None:
    peer.read()
    peer.reset()


def close_without_reading(peer: Peer) -> None:
    # Before there is something to read, the end of a connection finds nothing sent.
    select.select([peer.sock], [], [], PATIENCE)


def reset_without_reading(peer: Peer) -> None:
    close_without_reading(peer)
    peer.reset()


def never_answer(peer: Peer) -> None:
    peer.read()
    peer.wait()


class TestWhatGoesOut:
    def test_a_movement_is_a_json_post(self, wire: Wire) -> None:
        server = wire.serve(always("{}"))
        assert post(wire.transport(server)) == Answer(200, b"{}")
        [heard] = server.heard
        assert (heard.method, heard.target) == ("POST", "/v1/subaccount/credit/add")
        assert heard.headers["content-type"] == "application/json"
        assert heard.headers["accept-encoding"] == "identity"
        assert heard.body == b'{"credit": "1.00"}'

    def test_a_query_is_encoded(self, wire: Wire) -> None:
        server = wire.serve(always("{}"))
        wire.transport(server).get("/me", query={"apiKey": "a&b=c", "_format": "xml"}, limit=LIMIT, seconds=5)
        assert server.heard[0].target == "/v1/me?apiKey=a%26b%3Dc&_format=xml"

    def test_no_query_of_one_call_is_left_in_the_next(self, wire: Wire) -> None:
        server = wire.serve(always("{}"))
        transport = wire.transport(server)
        ask(transport)
        post(transport)
        assert server.heard[1].target == "/v1/subaccount/credit/add"

    @pytest.mark.parametrize("is_there", [True, False])
    def test_a_query_reaches_no_log_of_the_libraries(
        self, wire: Wire, caplog: pytest.LogCaptureFixture, is_there: bool
    ) -> None:
        caplog.set_level(logging.DEBUG)
        server = wire.serve(always("{}") if is_there else Peer.reset)
        wire.transport(server).get("/me", query={"apiKey": "hidden"}, limit=LIMIT, seconds=5)
        assert "/v1/me" in caplog.text or not is_there
        assert "hidden" not in caplog.text

    def test_netrc_is_never_read(self, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        netrc = tmp_path / ".netrc"
        netrc.write_text("machine 127.0.0.1 login someone password hidden\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(netrc))
        server = wire.serve(always("{}"))
        ask(wire.transport(server))
        assert "authorization" not in server.heard[0].headers

    def test_no_cookie_is_sent_back(self, wire: Wire) -> None:
        server = wire.serve(always("{}", 200, "Set-Cookie: session=1; Path=/"))
        transport = wire.transport(server)
        ask(transport)
        ask(transport)
        assert "cookie" not in server.heard[1].headers


class TestNothingLeft:
    def test_a_name_that_does_not_resolve(self, wire: Wire) -> None:
        assert post(wire.transport("https://nobody.invalid/v1")) == NotSent(make_note("host-unknown"))

    def test_a_name_that_cannot_be_one(self, wire: Wire) -> None:
        assert isinstance(post(wire.transport(f"https://{'a' * 70}.invalid/v1")), NotSent)

    def test_a_resolver_that_hangs_is_not_waited_for(self, wire: Wire) -> None:
        def hang(*_: object) -> list[object]:
            time.sleep(1.5)
            return []

        wire.patch.setattr(socket, "getaddrinfo", hang)
        assert within(1, wire.transport("https://slow.invalid/v1", connect=0.3)) == SLOW

    def test_a_refused_connection(self, wire: Wire) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        assert post(wire.transport(f"http://127.0.0.1:{port}/v1")) == NotSent(make_note("connection-refused"))

    def test_a_connection_that_never_comes_up(self, wire: Wire) -> None:
        with ExitStack() as stack:
            port = full_house(stack)
            assert within(1.5, wire.transport(f"http://127.0.0.1:{port}/v1", connect=0.4, read=9)) == SLOW

    def test_many_addresses_share_one_connect_timeout(self, wire: Wire) -> None:
        with ExitStack() as stack:
            port = full_house(stack)
            address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))
            wire.patch.setattr(socket, "getaddrinfo", lambda *_: [address] * 8)
            assert within(1.5, wire.transport(f"http://127.0.0.1:{port}/v1", connect=0.5)) == SLOW

    def test_one_dead_address_leaves_time_for_the_next(self, wire: Wire) -> None:
        server = wire.serve(always("{}"))
        with ExitStack() as stack:
            ports = [full_house(stack), server.port]
            found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)) for port in ports]
            wire.patch.setattr(socket, "getaddrinfo", lambda *_: found)
            assert post(wire.transport(server, connect=1.0)) == Answer(200, b"{}")

    def test_a_certificate_that_nobody_vouches_for(self, wire: Wire) -> None:
        wire.patch.delenv("REQUESTS_CA_BUNDLE")
        server = wire.serve(always("{}"), tls=True)
        assert post(wire.transport(server, tls=True)) == NotSent(make_note("certificate-invalid"))
        assert server.heard == []

    def test_a_certificate_for_another_host(self, wire: Wire) -> None:
        server = wire.serve(always("{}"), tls=True)
        exchange = post(wire.transport(f"https://127.0.0.2:{server.port}/v1"))
        assert isinstance(exchange, NotSent)
        assert server.heard == []

    def test_plain_http_in_answer_to_a_handshake(self, wire: Wire) -> None:
        def plain(peer: Peer) -> None:
            peer.sock.recv(10)
            peer.send(OK)

        assert post(wire.transport(wire.serve(plain), tls=True)) == NotSent(make_note("not-secure"))

    @pytest.mark.parametrize("end", [Peer.reset, lambda peer: peer.sock.close()], ids=["reset", "close"])
    def test_an_end_during_the_handshake(self, wire: Wire, end: Callable[[Peer], None]) -> None:
        def scenario(peer: Peer) -> None:
            peer.sock.recv(10)
            end(peer)

        assert isinstance(post(wire.transport(wire.serve(scenario), tls=True)), NotSent)

    def test_a_handshake_that_stalls_is_part_of_connecting(self, wire: Wire) -> None:
        transport = wire.transport(wire.serve(Peer.wait), tls=True, connect=0.4, read=9)
        assert isinstance(within(1.5, transport), NotSent)


def full_house(stack: ExitStack) -> int:
    """The port of a listener whose queue is full, so that it answers no further handshake."""
    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    for _ in range(4):
        guest = stack.enter_context(socket.socket())
        guest.setblocking(False)
        guest.connect_ex(listener.getsockname())
    return int(listener.getsockname()[1])


class TestSentWithoutAnAnswer:
    @pytest.mark.parametrize(
        "scenario",
        [
            pytest.param(reset_after_reading, id="reset after reading"),
            pytest.param(after_reading(), id="close after reading"),
            pytest.param(reset_without_reading, id="reset without reading"),
            pytest.param(close_without_reading, id="close without reading"),
            pytest.param(after_reading(b"hello"), id="garbage"),
            pytest.param(after_reading(b"SSH-2.0-OpenSSH_9.6\r\n"), id="another protocol"),
            pytest.param(after_reading(b"HTTP/1.1 abc OK\r\n\r\n"), id="a status that is no number"),
            pytest.param(after_reading(b"HTTP/2.0 200 OK\r\n\r\n"), id="an unknown version"),
            pytest.param(after_reading(b"HTTP/1.1 200 OK\r\nContent-Le"), id="cut in the headers"),
            pytest.param(after_reading(b"HTTP/1.1 403 No\r\nX: y\r\n"), id="cut between two headers"),
            pytest.param(after_reading(b"HTTP/1.1 429 Slow\r\n"), id="cut after the status"),
            pytest.param(after_reading(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"), id="cut in the body"),
            pytest.param(after_reading(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n{}"), id="two lengths"),
            pytest.param(after_reading(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"), id="200 headers"),
            pytest.param(after_reading(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"), id="a long header"),
        ],
    )
    @pytest.mark.parametrize("tls", [False, True])
    def test_is_no_answer(self, wire: Wire, scenario: Scenario, tls: bool) -> None:
        server = wire.serve(scenario, tls=tls)
        assert isinstance(post(wire.transport(server, tls=tls)), NoAnswer)
        assert server.connections == 1

    @pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST"])
    def test_however_the_address_is_spelt(self, wire: Wire, host: str) -> None:
        transport = wire.transport(f"http://{host}:{wire.serve(reset_after_reading).port}/v1")
        assert isinstance(post(transport), NoAnswer)

    @pytest.mark.parametrize("size", [b"5", b"-5", b"-1", b"zz", b"", b"99999999999999999999"])
    def test_a_chunk_that_is_not_one(self, wire: Wire, size: bytes) -> None:
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\n{}"
        exchange = post(wire.transport(wire.serve(after_reading(answer))))
        assert isinstance(exchange, NoAnswer)

    def test_a_broken_encoding(self, wire: Wire) -> None:
        server = wire.serve(always("not gzip", 200, "Content-Encoding: gzip"))
        assert post(wire.transport(server)) == NoAnswer(make_note("answer-not-decodable"))

    @pytest.mark.parametrize("tls", [False, True])
    def test_silence_is_waited_for_as_long_as_the_read_timeout_says(self, wire: Wire, tls: bool) -> None:
        transport = wire.transport(wire.serve(never_answer, tls=tls), tls=tls, connect=5, read=0.4)
        start = time.monotonic()
        assert within(1.5, transport) == LATE
        assert time.monotonic() - start > 0.35

    @pytest.mark.parametrize(
        "slow",
        [
            b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000,
            b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 200,
            b"HTTP/1.1 100 Continue\r\n\r\n" * 100,
        ],
        ids=["headers", "body", "chunks", "interim answers"],
    )
    def test_a_drip_ends_at_the_read_timeout(self, wire: Wire, slow: bytes) -> None:
        assert within(1.5, wire.transport(wire.serve(dripping(slow)), connect=5, read=0.5)) == LATE

    def test_a_question_ends_in_the_seconds_it_was_given(self, wire: Wire) -> None:
        slow = dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000)
        assert isinstance(
            within(1.0, wire.transport(wire.serve(slow), connect=5, read=30), lambda it: ask(it, 0.5)), NoAnswer
        )


class TestAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(OK, id="with its length"),
            pytest.param(b"HTTP/1.0 200 OK\r\n\r\n{}", id="1.0, until the close"),
            pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", id="1.0 with its length"),
            pytest.param(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", id="1.1, until the close"),
            pytest.param(
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", id="1.1, announcing the close"
            ),
            pytest.param(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nT: u\r\n\r\n",
                id="chunked",
            ),
            pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + OK, id="after a continue"),
            pytest.param(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}", id="without a phrase"),
            pytest.param(http_answer(gzip.compress(b"{}"), 200, "Content-Encoding: gzip"), id="compressed unasked"),
        ],
    )
    @pytest.mark.parametrize("piece", [None, 7], ids=["at once", "in pieces"])
    @pytest.mark.parametrize("tls", [False, True])
    def test_every_framing_is_read(self, wire: Wire, answer: bytes, piece: int | None, tls: bool) -> None:
        def scenario(peer: Peer) -> None:
            peer.read()
            for start in range(0, len(answer), piece or len(answer)):
                peer.send(answer[start : start + (piece or len(answer))])
                time.sleep(0.002)

        assert post(wire.transport(wire.serve(scenario, tls=tls), tls=tls)) == Answer(200, b"{}")

    @pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 404, 429, 500, 503])
    def test_every_status_is_handed_on(self, wire: Wire, status: int) -> None:
        server = wire.serve(always("{}", status, "Retry-After: 0", "Location: /elsewhere"))
        transport = wire.transport(server)
        assert post(transport) == Answer(status, b"{}", 0.0)
        assert ask(transport) == Answer(status, b"{}", 0.0)
        assert len(server.heard) == 2

    @pytest.mark.parametrize("location", ["http://[::1", "ftp://x", "//", "\u00ff", "http://a..b/", ""])
    def test_a_redirect_is_an_answer_wherever_it_leads(self, wire: Wire, location: str) -> None:
        server = wire.serve(always("{}", 307, f"Location: {location}"))
        assert post(wire.transport(server)) == Answer(307, b"{}")

    def test_an_answer_of_exactly_the_limit_is_read(self, wire: Wire) -> None:
        exchange = post(wire.transport(wire.serve(always(b"x" * LIMIT))))
        assert isinstance(exchange, Answer)
        assert len(exchange.body) == LIMIT

    def test_an_answer_that_comes_before_the_body_was_read(self, wire: Wire) -> None:
        def early(peer: Peer) -> None:
            # What comes before the first byte of the request is nobody's answer.
            peer.sock.recv(1)
            peer.answer("{}", 413, "Connection: close")
            peer.sock.shutdown(socket.SHUT_WR)
            peer.read()

        assert post(wire.transport(wire.serve(early))) == Answer(413, b"{}")


class TestBoundedSize:
    @pytest.mark.parametrize("status", [200, 302, 500])
    def test_a_body_without_end(self, wire: Wire, status: int) -> None:
        head = f"HTTP/1.1 {status} OK\r\nLocation: /x\r\nContent-Length: 999999999999\r\n\r\n".encode()
        server = wire.serve(endless(head, b" " * 65_536))
        assert within(2, wire.transport(server, read=5)) == TOO_LONG

    @pytest.mark.parametrize(
        ("head", "block"),
        [
            (b"HTTP/1.1 200 OK\r\n\r\n", b" " * 65_536),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65_536 + b"\r\n"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b" " * 65_536),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"Trailer: x\r\n" * 1000),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        ],
        ids=["until the close", "chunks", "a negative chunk", "trailers", "interim answers"],
    )
    def test_other_things_without_end(self, wire: Wire, head: bytes, block: bytes) -> None:
        assert isinstance(within(2, wire.transport(wire.serve(endless(head, block)), read=1)), NoAnswer)

    @pytest.mark.parametrize("encoding", ["gzip", "deflate"])
    def test_a_compressed_bomb(self, wire: Wire, encoding: str) -> None:
        bomb = gzip.compress(b" " * 20_000_000)
        body = bomb if encoding == "gzip" else zlib.compress(b" " * 20_000_000)
        exchange = post(wire.transport(wire.serve(always(body, 200, f"Content-Encoding: {encoding}"))))
        assert exchange == TOO_LONG

    def test_the_connection_is_not_used_again(self, wire: Wire) -> None:
        server = wire.serve(always(b" " * (LIMIT + 1)), always("{}"))
        transport = wire.transport(server)
        assert isinstance(post(transport), NoAnswer)
        assert post(transport) == Answer(200, b"{}")
        assert server.connections == 2


def endless(head: bytes, block: bytes) -> Scenario:
    def scenario(peer: Peer) -> None:
        peer.read()
        peer.send(head)
        while not peer.server.over.is_set():
            peer.send(block)

    return scenario


class TestKeepAlive:
    @pytest.mark.parametrize("tls", [False, True])
    def test_one_connection_serves_many_calls(self, wire: Wire, tls: bool) -> None:
        server = wire.serve(always("{}"), tls=tls)
        transport = wire.transport(server, tls=tls)
        for _ in range(5):
            assert post(transport) == Answer(200, b"{}")
            assert ask(transport) == Answer(200, b"{}")
        assert server.connections == 1

    def test_a_connection_that_was_idle_is_left_alone(self, wire: Wire) -> None:
        wire.patch.setattr("batch.provider.http.IDLE_SECONDS", 0.2)
        server = wire.serve(always("{}"))
        transport = wire.transport(server)
        post(transport)
        post(transport)
        assert server.connections == 1
        time.sleep(0.3)
        post(transport)
        assert server.connections == 2

    def test_a_connection_from_before_the_machine_slept_is_left_alone(self, wire: Wire) -> None:
        slept = [0.0]
        wire.patch.setattr("batch.provider.http.Stopwatch", lambda: Stopwatch(lambda: time.time() + slept[0]))
        server = wire.serve(always("{}"))
        transport = wire.transport(server)
        post(transport)
        slept[0] = 3600.0
        assert post(transport) == Answer(200, b"{}")
        assert server.connections == 2

    def test_a_connection_that_the_server_closed_meanwhile_is_replaced(self, wire: Wire) -> None:
        server = wire.serve(after_reading(OK))
        transport = wire.transport(server)
        for _ in range(3):
            assert post(transport) == Answer(200, b"{}")
            time.sleep(0.05)
        assert server.connections == 3

    def test_a_close_just_as_the_next_call_leaves_is_no_answer_and_is_not_repeated(self, wire: Wire) -> None:
        def answers_once(peer: Peer) -> None:
            peer.read()
            peer.answer("{}")
            peer.read()

        server = wire.serve(answers_once)
        transport = wire.transport(server)
        assert post(transport) == Answer(200, b"{}")
        assert isinstance(post(transport), NoAnswer)
        assert len(server.heard) == 2

    @pytest.mark.parametrize("interim", [b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 204 No\r\n\r\n"])
    def test_a_second_answer_is_not_taken_for_the_next_call(self, wire: Wire, interim: bytes) -> None:
        def two_answers(peer: Peer) -> None:
            peer.read()
            peer.send(interim)
            time.sleep(0.1)
            peer.answer("late")

        server = wire.serve(two_answers, always("{}"))
        transport = wire.transport(server)
        assert isinstance(post(transport), NoAnswer)
        assert post(transport) == Answer(200, b"{}")


class TestTheLastWord:
    """Whoever sends a movement is asked once more when the connection stands, just before the first byte."""

    @pytest.mark.parametrize("tls", [False, True])
    def test_no_is_not_sent(self, wire: Wire, tls: bool) -> None:
        server = wire.serve(always("{}"), tls=tls)
        transport = wire.transport(server, tls=tls)
        assert isinstance(post(transport, lambda: False), NotSent)
        assert post(transport) == Answer(200, b"{}")
        assert len(server.heard) == 1

    def test_it_is_not_asked_for_before_the_connection_stands(self, wire: Wire) -> None:
        asked: list[bool] = []

        def look() -> bool:
            asked.append(True)
            return True

        with ExitStack() as stack:
            port = full_house(stack)
            assert isinstance(post(wire.transport(f"http://127.0.0.1:{port}/v1", connect=0.3), look), NotSent)
        assert asked == []

    def test_what_is_wrong_with_the_ledger_is_passed_on_and_nothing_leaves(self, wire: Wire) -> None:
        def taken_over() -> bool:
            raise LedgerError("Another program has taken batch b-1 over.")

        server = wire.serve(always("{}"))
        transport = wire.transport(server)
        with pytest.raises(LedgerError, match="taken batch b-1 over"):
            post(transport, taken_over)
        assert post(transport) == Answer(200, b"{}")
        assert len(server.heard) == 1

    def test_a_connection_that_grew_old_over_it_is_left_alone(self, wire: Wire) -> None:
        wire.patch.setattr("batch.provider.http.IDLE_SECONDS", 0.2)
        server = wire.serve(Peer.wait, always("{}"))
        waits = [0.3]

        def slow_at_first() -> bool:
            time.sleep(waits.pop() if waits else 0)
            return True

        transport = wire.transport(server)
        assert isinstance(post(transport, slow_at_first), NotSent)
        assert post(transport, slow_at_first) == Answer(200, b"{}")
        assert server.connections == 2


class TestUnaskedBytes:
    """What came before the request had left is never its answer."""

    @pytest.mark.parametrize("tls", [False, True])
    def test_they_close_a_connection_that_was_kept(self, wire: Wire, tls: bool) -> None:
        more = threading.Event()

        def talkative(peer: Peer) -> None:
            peer.read()
            peer.answer("1")
            more.wait(PATIENCE)
            peer.answer("unasked")
            peer.wait()

        server = wire.serve(talkative, always("2"), tls=tls)
        transport = wire.transport(server, tls=tls)
        assert post(transport) == Answer(200, b"1")
        more.set()
        time.sleep(0.2)
        assert post(transport) == Answer(200, b"2")
        assert server.connections == 2

    @pytest.mark.parametrize("tls", [False, True])
    def test_they_close_one_that_was_just_opened(self, wire: Wire, tls: bool) -> None:
        def talkative(peer: Peer) -> None:
            peer.answer("unasked")
            peer.wait()

        server = wire.serve(talkative, always("2"), tls=tls)
        transport = wire.transport(server, tls=tls)
        assert isinstance(post(transport, unhurried), NotSent)
        assert post(transport, unhurried) == Answer(200, b"2")
        assert server.connections == 2

    def test_a_server_that_always_talks_first_is_sent_nothing(self, wire: Wire) -> None:
        def talkative(peer: Peer) -> None:
            peer.answer("unasked")
            peer.read()

        server = wire.serve(talkative)
        assert isinstance(post(wire.transport(server), unhurried), NotSent)
        assert server.heard == []

    def test_a_server_that_always_closes_first_is_sent_nothing(self, wire: Wire) -> None:
        assert isinstance(post(wire.transport(wire.serve(lambda _: None)), unhurried), NotSent)


def unhurried() -> bool:
    """The time in which something may come."""
    time.sleep(0.2)
    return True


def tunnel(peer: Peer) -> None:
    peer.read()
    peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
    encrypted(always("{}"))(peer)


class TestProxies:
    def test_a_tunnel_carries_the_call(self, wire: Wire) -> None:
        server = wire.serve(always("{}"))

        proxy = wire.serve(tunnel)
        wire.through(proxy)
        transport = wire.transport(server, tls=True)
        assert post(transport) == Answer(200, b"{}")
        assert post(transport) == Answer(200, b"{}")
        assert [(heard.method, heard.target) for heard in proxy.heard] == [
            ("CONNECT", f"localhost:{server.port}"),
            ("POST", "/v1/subaccount/credit/add"),
            ("POST", "/v1/subaccount/credit/add"),
        ]
        assert proxy.connections == 1
        assert server.connections == 0

    @pytest.mark.parametrize(
        "scenario",
        [
            pytest.param(after_reading(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), id="refuses"),
            pytest.param(
                after_reading(b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\n\r\n"), id="wants a password"
            ),
            pytest.param(after_reading(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"), id="cannot reach it"),
            pytest.param(after_reading(), id="closes"),
            pytest.param(reset_after_reading, id="resets"),
            pytest.param(after_reading(b"garbage\r\n\r\n"), id="talks nonsense"),
            pytest.param(after_reading(b"HTTP/1.1 200 Connected\r\n\r\nnot TLS"), id="leads elsewhere"),
            pytest.param(after_reading(b"HTTP/1.1 200 Connected\r\n\r\n"), id="closes the tunnel"),
            pytest.param(never_answer, id="says nothing"),
        ],
    )
    def test_a_tunnel_that_does_not_come_up_sends_nothing(self, wire: Wire, scenario: Scenario) -> None:
        proxy = wire.serve(scenario)
        wire.through(proxy)
        assert isinstance(within(1.5, wire.transport(NOWHERE, connect=0.5, read=9)), NotSent)
        assert [heard.method for heard in proxy.heard] == ["CONNECT"]

    def test_a_tunnel_that_breaks_after_the_call_left_is_no_answer(self, wire: Wire) -> None:
        def scenario(peer: Peer) -> None:
            peer.read()
            peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            peer.encrypt()
            reset_after_reading(peer)

        wire.through(wire.serve(scenario))
        assert isinstance(post(wire.transport(NOWHERE)), NoAnswer)

    def test_an_idle_tunnel_is_built_anew(self, wire: Wire) -> None:
        wire.patch.setattr("batch.provider.http.IDLE_SECONDS", 0.2)
        proxy = wire.serve(tunnel)
        wire.through(proxy)
        transport = wire.transport(NOWHERE)
        assert post(transport) == Answer(200, b"{}")
        time.sleep(0.3)
        assert post(transport) == Answer(200, b"{}")
        assert [heard.method for heard in proxy.heard] == ["CONNECT", "POST"] * 2

    def test_a_drip_within_the_tls_of_a_proxy_ends_in_time(self, wire: Wire) -> None:
        def drips_its_answer(peer: Peer) -> None:
            peer.encrypt()
            peer.read()
            peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            inner = Inner(peer.sock)
            inner.read()
            inner.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000, drip=0.02)

        wire.through((proxy := wire.serve(drips_its_answer)), scheme="https")
        assert isinstance(within(1.5, wire.transport(NOWHERE, connect=5, read=0.5)), NoAnswer)
        assert [heard.method for heard in proxy.heard] == ["CONNECT"]

    def test_a_handshake_that_drips_within_the_tls_of_a_proxy_sends_nothing(self, wire: Wire) -> None:
        def drips_its_handshake(peer: Peer) -> None:
            peer.encrypt()
            peer.read()
            peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            peer.drip(b"\x16\x03\x03\x10\x00\x02\x00\x0f\xfc" + b"y" * 4000, 0.02)

        wire.through(wire.serve(drips_its_handshake), scheme="https")
        assert isinstance(within(1.5, wire.transport(NOWHERE, connect=0.5, read=9)), NotSent)

    def test_a_proxy_on_this_machine_may_carry_plain_http(self, wire: Wire) -> None:
        proxy = wire.serve(always("{}"))
        wire.through(proxy)
        assert ask(wire.transport("http://127.0.0.1:1/v1")) == Answer(200, b"{}")
        assert proxy.heard[0].target == "http://127.0.0.1:1/v1/me?apiKey=k"

    @pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", NOWHERE])
    def test_a_proxy_is_told_who_asks_and_nobody_behind_it_is(self, wire: Wire, url: str) -> None:
        is_tunnel = url.startswith("https")
        proxy = wire.serve(tunnel if is_tunnel else always("{}"))
        wire.through(proxy, "someone:hidden@")
        assert post(wire.transport(url)) == Answer(200, b"{}")
        asked_for = [heard.headers.get("proxy-authorization") for heard in proxy.heard]
        assert asked_for == ["Basic c29tZW9uZTpoaWRkZW4=", *([None] if is_tunnel else [])]

    @pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", NOWHERE])
    def test_a_proxy_that_is_not_there_is_what_is_complained_of(self, wire: Wire, url: str) -> None:
        for name in ("http_proxy", "https_proxy"):
            wire.patch.setenv(name, "http://127.0.0.1:1")
        assert post(wire.transport(url)) == NotSent(make_note("proxy-unreachable"))

    @pytest.mark.parametrize("elsewhere", ["http://proxy.invalid:3128", "proxy.invalid:3128", "http://[::1"])
    def test_plain_http_leaves_this_machine_by_no_proxy(self, wire: Wire, elsewhere: str) -> None:
        wire.patch.setenv("http_proxy", elsewhere)
        assert post(wire.transport(wire.serve(always("{}")))) == Answer(200, b"{}")

    def test_no_proxy_is_honoured(self, wire: Wire) -> None:
        proxy = wire.serve(always("{}"))
        wire.patch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        wire.patch.setenv("no_proxy", "127.0.0.1")
        assert post(wire.transport(wire.serve(always("{}")))) == Answer(200, b"{}")
        assert proxy.connections == 0

    @pytest.mark.parametrize("proxy", ["http://", "http://127.0.0.1:x"])
    def test_a_proxy_that_cannot_be_used_sends_nothing(self, wire: Wire, proxy: str) -> None:
        wire.patch.setenv("https_proxy", proxy)
        assert isinstance(post(wire.transport(NOWHERE)), NotSent)

    @pytest.mark.parametrize("proxy", ["socks5://someone:hidden@127.0.0.1:1", "ftp://someone:hidden@127.0.0.1:1"])
    @pytest.mark.parametrize("name", ["https_proxy", "all_proxy"])
    def test_a_proxy_that_is_no_http_proxy_is_refused_at_once(self, wire: Wire, proxy: str, name: str) -> None:
        wire.patch.setenv(name, proxy)
        with pytest.raises(SettingsError, match="not an HTTP proxy") as caught:
            wire.transport(NOWHERE)
        assert "hidden" not in str(caught.value)

    def test_a_proxys_password_shows_in_no_reason(self, wire: Wire) -> None:
        wire.patch.setenv("https_proxy", "http://someone:hidden@127.0.0.1:1")
        assert "hidden" not in repr(post(wire.transport(NOWHERE)))


class Inner:
    """The server's end of TLS within the TLS of a proxy's connection."""

    def __init__(self, outer: socket.socket) -> None:
        self._outer = outer
        self._come, self._going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = server_context().wrap_bio(self._come, self._going, server_side=True)
        self._until_done(self._tls.do_handshake)

    def read(self) -> bytes:
        return bytes(self._until_done(lambda: self._tls.read(65_536)))

    def send(self, data: bytes, drip: float) -> None:
        self._tls.write(data)
        for byte in self._going.read():
            self._outer.sendall(bytes([byte]))
            time.sleep(drip)

    def _until_done(self, step: Callable[[], Any]) -> Any:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                self._outer.sendall(self._going.read())
                self._come.write(self._outer.recv(65_536))
            finally:
                self._outer.sendall(self._going.read())


class TestCertificates:
    @pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    def test_the_environments_own_are_trusted(self, wire: Wire, name: str) -> None:
        wire.patch.delenv("REQUESTS_CA_BUNDLE")
        wire.patch.setenv(name, str(CERTIFICATE))
        assert post(wire.transport(wire.serve(always("{}"), tls=True), tls=True)) == Answer(200, b"{}")

    def test_a_bundle_that_is_not_there_is_named(self, wire: Wire) -> None:
        wire.patch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
        with pytest.raises(SettingsError, match="REQUESTS_CA_BUNDLE names /nowhere"):
            wire.transport(NOWHERE)

    def test_a_bundle_that_is_none_sends_nothing(self, wire: Wire, tmp_path: Path) -> None:
        bundle = tmp_path / "bundle.pem"
        bundle.write_text("not a certificate")
        wire.patch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        server = wire.serve(always("{}"), tls=True)
        assert isinstance(post(wire.transport(server, tls=True)), NotSent)
        assert server.heard == []


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [("7", 7.0), (" 0 ", 0.0), (None, None), ("", None), ("-1", None), ("1.5", None), ("soon", None), ("٣", None)],
    )
    def test_seconds(self, value: str | None, seconds: float | None) -> None:
        assert parse_retry_pause(value) == seconds

    def test_a_date(self) -> None:
        assert parse_retry_pause("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
        later = datetime.now(UTC) + timedelta(seconds=90)
        seconds = parse_retry_pause(format_datetime(later, usegmt=True))
        assert seconds is not None
        assert 85 < seconds <= 90

    def test_a_number_without_measure_is_a_long_wait(self) -> None:
        seconds = parse_retry_pause("9" * 5000)
        assert seconds is not None
        assert seconds >= 10**8

    @given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,5} \d+:\d+:\d+ [+-]\d{4}"))
    def test_anything_else_is_nothing(self, value: str) -> None:
        seconds = parse_retry_pause(value)
        assert seconds is None or seconds >= 0

"""The four calls against a scripted server: what is asked, what comes of it, and what never shows."""

from __future__ import annotations

import io
import json
import logging
import time
import traceback
from collections.abc import Callable
from decimal import Decimal

import pytest

from batch.errors import ProviderError, ProviderRefused, ProviderUnreachable
from batch.model import Direction, Movement
from batch.notes import Applied, Doubt, NotApplied, Refused, Throttled, Unproven, make_note
from batch.provider import client as client_module
from batch.provider.client import Client
from tests.provider.conftest import KEY, Wire, at_once
from tests.provider.server import Heard, Peer, Scenario, after_reading, always

ADD = Movement(2, "token-é", Direction.ADD, Decimal("12.5"))
REMOVE = Movement(3, "token1", Direction.REMOVE, Decimal("0.125"))
SUCCESS = '{"success": true, "code": 200, "credit": 2869.2, "subaccountCredit": 61.8, "currency": "EUR"}'
WRONG_KEY = '{"success": false, "code": 10, "message": "Clé API incorrecte"}'
SLOW_DOWN = '{"success": false, "code": 429, "message": "Too many requests"}'
ME = json.dumps(
    {
        "success": True,
        "code": 200,
        "user": {"username": "exemple@email.com"},
        "credits": {"solde": "10225.119", "currency": "EUR", "balance": "10225.119"},
    }
)


def replies(*answers: tuple[str, int] | str) -> Scenario:
    def scenario(peer: Peer) -> None:
        for count in range(100):
            if not peer.read():
                return
            answer = answers[min(count, len(answers) - 1)]
            peer.answer(*([answer] if isinstance(answer, str) else answer))

    return scenario


class TestMove:
    @pytest.mark.parametrize(
        ("movement", "path", "credit"),
        [(ADD, "/v1/subaccount/credit/add", "12.50"), (REMOVE, "/v1/subaccount/credit/remove", "0.125")],
    )
    def test_it_is_asked_for_as_the_api_says(self, wire: Wire, movement: Movement, path: str, credit: str) -> None:
        server = wire.serve(always(SUCCESS))
        assert wire.client(server).move(movement, at_once) == Applied(Decimal("2869.2"), Decimal("61.8"))
        [heard] = server.heard
        assert heard.target == path
        assert json.loads(heard.body) == {"apiKey": KEY, "credit": credit, "tokenSubaccount": movement.token}

    def test_xml_can_be_asked_for(self, wire: Wire) -> None:
        body = "<result><entry>false</entry><entry>10</entry><entry><![CDATA[Clé API incorrecte]]></entry></result>"
        server = wire.serve(always(body))
        assert wire.client(server, answers="xml").move(ADD, at_once) == Refused(
            10, "Clé API incorrecte", of_account=True
        )
        assert server.heard[0].target == "/v1/subaccount/credit/add?_format=xml"

    @pytest.mark.parametrize(
        ("scenario", "kind"),
        [
            (always(WRONG_KEY, 403), Refused), (always("", 429, "Retry-After: 1"), Throttled),
            (always(SLOW_DOWN), Throttled), (always(WRONG_KEY.replace("10", "77")), Unproven),
            (always("<html>", 403), Doubt), (always(WRONG_KEY.replace("10", "500")), Doubt),
            (always(SUCCESS, 500), Doubt), (always("", 503, "Retry-After: 0"), Doubt),
            (always("", 302, "Location: /v1/subaccount/credit/add"), Doubt), (always(SUCCESS[:-1]), Doubt),
            (always(""), Doubt), (after_reading(), Doubt),
        ],
    )  # fmt: skip
    def test_it_is_sent_once_whatever_comes_back(self, wire: Wire, scenario: Scenario, kind: type) -> None:
        server = wire.serve(scenario)
        assert isinstance(wire.client(server).move(ADD, at_once), kind)
        assert len(server.heard) == 1

    def test_what_the_provider_asks_to_wait_is_handed_on(self, wire: Wire) -> None:
        outcome = wire.client(wire.serve(always("", 429, "Retry-After: 17"))).move(ADD, at_once)
        assert outcome == Throttled(make_note("asked-to-slow-down"), 17.0)


class TestMainAccount:
    def test_it_is_asked_for_as_the_api_says(self, wire: Wire) -> None:
        server = wire.serve(always(ME))
        account = wire.client(server).fetch_main_account()
        assert (account.name, account.balance) == ("exemple@email.com", Decimal("10225.119"))
        assert (server.heard[0].method, server.heard[0].target) == ("GET", f"/v1/me?apiKey={KEY}")

    def test_xml_can_be_asked_for(self, wire: Wire) -> None:
        figures = "".join(f"<entry>{text}</entry>" for text in ("1", "2", "3", "0", "1.500", "EUR", "1.500"))
        user = "<entry><username>me</username></entry>"
        server = wire.serve(
            always(f"<result><entry>true</entry><entry>200</entry>{user}<entry>{figures}</entry></result>")
        )
        assert wire.client(server, answers="xml").fetch_main_account().balance == Decimal("1.5")
        assert server.heard[0].target == f"/v1/me?apiKey={KEY}&_format=xml"

    def test_a_question_is_asked_again(self, wire: Wire) -> None:
        server = wire.serve(after_reading(), replies(("{}", 503), ME))
        assert wire.client(server).fetch_main_account().balance == Decimal("10225.119")
        assert len(server.heard) == 3

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_provider_in_trouble_is_said_to_be(self, wire: Wire, status: int) -> None:
        server = wire.serve(always("<html>", status))
        with pytest.raises(ProviderUnreachable, match=f"HTTP status {status}: try again later; nothing was moved"):
            wire.client(server).fetch_main_account()
        assert len(server.heard) == client_module.QUESTION_ATTEMPTS

    def test_the_wait_asked_for_is_kept_while_there_is_time(self, wire: Wire) -> None:
        server = wire.serve(always("", 429, "Retry-After: 3600"))
        with pytest.raises(ProviderUnreachable):
            wire.client(server).fetch_main_account()
        assert len(server.heard) == 1

    @pytest.mark.parametrize(
        "scenario", [always("", 429, "Retry-After: 17"), always(SLOW_DOWN, 200, "Retry-After: 17")]
    )
    def test_whoever_asks_again_is_told_for_how_long_to_wait(self, wire: Wire, scenario: Scenario) -> None:
        with pytest.raises(ProviderUnreachable) as caught:
            wire.client(wire.serve(scenario)).fetch_main_account()
        assert caught.value.retry_after == 17.0

    @pytest.mark.parametrize("status", [200, 400, 401, 403])
    def test_a_wrong_key_is_refused_with_code_and_words(self, wire: Wire, status: int) -> None:
        with pytest.raises(ProviderRefused, match=r"“Clé API incorrecte”.*check the API key") as caught:
            wire.client(wire.serve(always(WRONG_KEY, status))).fetch_main_account()
        assert (caught.value.code, caught.value.words) == (10, "Clé API incorrecte")

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ("<html><body>It works!</body></html>", 200), ("", 200), ("{}", 404), ("<html>", 404), ("<html>", 302),
            ('{"success": true, "code": 200}', 200), (SUCCESS, 200), (ME, 403), (ME.replace("EUR", "USD"), 200),
        ],
    )  # fmt: skip
    def test_an_answer_that_is_not_the_apis_is_one_sentence(self, wire: Wire, body: str, status: int) -> None:
        with pytest.raises(ProviderUnreachable, match=r"^The [^\n]+; nothing was moved\.$"):
            wire.client(wire.serve(always(body, status))).fetch_main_account()

    def test_an_unreachable_host_is_one_sentence(self, wire: Wire) -> None:
        with pytest.raises(ProviderUnreachable, match=r"cannot be reached: the host name is not known; nothing was"):
            wire.client("https://nobody.invalid/v1").fetch_main_account()

    @pytest.mark.parametrize("drip", [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 5000, b""], ids=["a drip", "silence"])
    def test_it_ends_in_time(self, wire: Wire, drip: bytes) -> None:
        def scenario(peer: Peer) -> None:
            peer.read()
            peer.drip(drip, 0.02)
            peer.wait()

        wire.patch.setattr(client_module, "QUESTION_SECONDS", 1.0)
        start = time.monotonic()
        with pytest.raises(ProviderUnreachable, match="no answer came in time"):
            wire.client(wire.serve(scenario), read=30).fetch_main_account()
        assert time.monotonic() - start < 1.6


class Listing:
    """A list of sub-accounts; `pages` gives the total and the tokens of a page, and how often it was asked."""

    def __init__(self, pages: Callable[[int, int], tuple[int, list[str]]]) -> None:
        self._pages = pages
        self.asked: list[int] = []

    def __call__(self, peer: Peer) -> None:
        while heard := peer.read():
            peer.answer(self._body(heard))

    def _body(self, heard: Heard) -> str:
        number = int(heard.target.partition("&page=")[2])
        self.asked.append(number)
        total, tokens = self._pages(number, len(self.asked))
        data = [
            {"token": token, "apiKey": "hidden", "credits": {"balance": "1.000", "currency": "EUR"}} for token in tokens
        ]
        return json.dumps(
            {"success": True, "code": 200, "total": total, "nb_per_page": 20, "page": number, "data": data}
        )


def tokens(first: int, end: int) -> list[str]:
    return [f"t{number}" for number in range(first, end)]


class TestSubAccounts:
    def test_29_are_on_two_pages(self, wire: Wire) -> None:
        listing = Listing(lambda page, _: (29, tokens(0, 20) if page == 1 else tokens(20, 29)))
        server = wire.serve(listing)
        accounts = wire.client(server).fetch_subaccounts()
        assert [account.token for account in accounts] == tokens(0, 29)
        assert [account.page for account in accounts] == [1] * 20 + [2] * 9
        assert listing.asked == [1, 2]
        assert server.connections == 1
        assert server.heard[0].target == f"/v1/subaccount/list?apiKey={KEY}&page=1"

    @pytest.mark.parametrize("count", [0, 1, 19, 20, 21, 40])
    def test_no_page_is_asked_for_beyond_the_end(self, wire: Wire, count: int) -> None:
        listing = Listing(lambda page, _: (count, tokens(20 * (page - 1), min(20 * page, count))))
        assert len(wire.client(wire.serve(listing)).fetch_subaccounts()) == count
        assert listing.asked == list(range(1, max(1, -(-count // 20)) + 1))

    def test_the_list_is_asked_for_in_json_even_where_xml_is_wanted(self, wire: Wire) -> None:
        server = wire.serve(Listing(lambda *_: (0, [])))
        assert wire.client(server, answers="xml").fetch_subaccounts() == ()
        assert "xml" not in server.heard[0].target

    def test_one_page_can_be_asked_for(self, wire: Wire) -> None:
        listing = Listing(lambda *_: (29, tokens(20, 29)))
        assert [account.page for account in wire.client(wire.serve(listing)).fetch_page(2)] == [2] * 9
        assert listing.asked == [2]

    def test_a_total_that_changes_under_way_begins_the_list_anew(self, wire: Wire) -> None:
        def pages(page: int, asked: int) -> tuple[int, list[str]]:
            return 28 if asked == 1 else 29, tokens(0, 20) if page == 1 else tokens(20, 29)

        listing = Listing(pages)
        assert len(wire.client(wire.serve(listing)).fetch_subaccounts()) == 29
        assert listing.asked == [1, 2, 1, 2]

    @pytest.mark.parametrize(
        "pages",
        [
            pytest.param(lambda page, asked: (29 + asked, tokens(20 * (page - 1), 20 * page)), id="a changing total"),
            pytest.param(lambda _, __: (29, tokens(0, 20)), id="the same page again"),
            pytest.param(lambda page, _: (29, tokens(0, 20) if page == 1 else tokens(19, 28)), id="one on two pages"),
            pytest.param(lambda page, _: (29, tokens(0, 20) if page == 1 else []), id="an empty page"),
            pytest.param(lambda page, _: (21, tokens(0, 20) if page == 1 else tokens(20, 29)), id="too many"),
            pytest.param(lambda _, __: (5, tokens(0, 20)), id="more than the total"),
            pytest.param(lambda _, __: (3, ["a", "a", "b"]), id="one twice on a page"),
        ],
    )
    def test_a_list_that_never_agrees_with_itself_is_given_up(
        self, wire: Wire, pages: Callable[[int, int], tuple[int, list[str]]]
    ) -> None:
        listing = Listing(pages)
        with pytest.raises(ProviderUnreachable, match="keeps changing"):
            wire.client(wire.serve(listing)).fetch_subaccounts()
        assert len(listing.asked) <= 3 * client_module.LIST_ATTEMPTS

    def test_a_total_beyond_all_measure_is_not_followed(self, wire: Wire) -> None:
        listing = Listing(lambda page, _: (999_999_999, tokens(20 * (page - 1), 20 * page)))
        with pytest.raises(ProviderUnreachable, match="999,999,999"):
            wire.client(wire.serve(listing)).fetch_subaccounts()
        assert listing.asked == [1]

    def test_a_refused_page_is_refused(self, wire: Wire) -> None:
        with pytest.raises(ProviderRefused):
            wire.client(wire.serve(always(WRONG_KEY))).fetch_subaccounts()

    def test_a_page_without_end_is_cut(self, wire: Wire) -> None:
        with pytest.raises(ProviderUnreachable, match="the answer was too long"):
            wire.client(wire.serve(always(b" " * (5 * 1024 * 1024)))).fetch_subaccounts()


ECHO = json.dumps({"success": False, "code": 10, "message": f"Clé {KEY} incorrecte"})


class TestTheKeyNeverShows:
    @pytest.mark.parametrize(
        "scenario",
        [
            always(ME), always(WRONG_KEY, 403), always(ECHO, 403), always(ECHO.replace("10", "77")),
            always(ECHO.replace("10", "500")), always(ECHO, 503, "Retry-After: 0"),
            always("<html>", 503, "Retry-After: 0"), always("<html>"),
            always("", 302, f"Location: https://127.0.0.1:1/?apiKey={KEY}"), after_reading(), after_reading(b"garbage"),
            after_reading(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n{}"),
            after_reading(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz"),
            always(b"x" * 100_000),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("tls", [False, True])
    def test_in_a_log_or_an_exception_or_a_repr(
        self, wire: Wire, logged: io.StringIO, capfd: pytest.CaptureFixture[str], scenario: Scenario, tls: bool
    ) -> None:
        client = wire.client(wire.serve(scenario, tls=tls), tls=tls)
        seen = [repr(client.move(ADD, at_once))]
        for question in (client.fetch_main_account, client.fetch_subaccounts):
            try:
                seen.append(repr(question()))
            except ProviderError as error:
                seen += ["".join(traceback.format_exception(error)), *everything_in(error)]
        seen += [
            repr(client),
            repr(vars(client)),
            *(repr(vars(part)) for part in vars(client).values() if hasattr(part, "__dict__")),
        ]
        assert not [text for text in seen if KEY in text]
        assert "Starting new HTTP" in logged.getvalue()
        assert KEY not in logged.getvalue()
        assert KEY not in "".join(capfd.readouterr())

    def test_when_the_certificate_is_nobodys(self, wire: Wire, logged: io.StringIO) -> None:
        wire.patch.delenv("REQUESTS_CA_BUNDLE")
        client = wire.client(wire.serve(always(ME), tls=True), tls=True)
        assert client.move(ADD, at_once) == NotApplied(make_note("certificate-invalid"))
        with pytest.raises(ProviderUnreachable, match="certificate is not valid; nothing was moved") as caught:
            client.fetch_main_account()
        assert KEY not in "".join([*traceback.format_exception(caught.value), *everything_in(caught.value)])
        assert KEY not in logged.getvalue()

    def test_words_that_repeat_it_are_kept_without_it(self, wire: Wire) -> None:
        assert wire.client(wire.serve(always(ECHO))).move(ADD, at_once) == Refused(
            10, "Clé … incorrecte", of_account=True
        )

    def test_a_request_line_is_all_that_held_it(self, wire: Wire) -> None:
        client: Client = wire.client(wire.serve(always(ME)))
        client.fetch_main_account()
        transport = vars(client)["_transport"]
        assert KEY not in repr(vars(vars(transport)["call"]))


def everything_in(error: BaseException | None) -> list[str]:
    found: list[str] = []
    while error is not None:
        found += [repr(error), repr(vars(error)), repr(error.args)]
        error = error.__cause__ or error.__context__
    return found


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    stream = io.StringIO()
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [*root.handlers, logging.StreamHandler(stream)])
    monkeypatch.setattr(root, "level", logging.DEBUG)
    for name in [name for name in logging.root.manager.loggerDict if name.startswith(("urllib3", "requests"))]:
        logger = logging.getLogger(name)
        monkeypatch.setattr(logger, "level", logging.DEBUG)
        logger.manager._clear_cache()  # type: ignore[attr-defined]
    return stream

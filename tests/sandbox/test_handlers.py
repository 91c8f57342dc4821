from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from .conftest import ADD, KEY, REMOVE, Client, Opener

ME = f"/v1/me?apiKey={KEY}"
LIST = f"/v1/subaccount/list?apiKey={KEY}"
GOOD: dict[str, Any] = {"apiKey": KEY, "credit": "10", "tokenSubaccount": "sub-0001"}


def entries(body: bytes) -> list[str | None]:
    return [entry.text for entry in ET.fromstring(body)]  # noqa: S314 - it is our own


def test_an_add_answers_both_balances_as_numbers(client: Client) -> None:
    heard = client.move(credit="10.5")
    assert heard.status == 200
    assert heard.headers["content-type"] == "application/json"
    balances = {"credit": Decimal("9989.5"), "subaccountCredit": Decimal("110.5")}
    assert heard.json == {"success": True, "code": 200, **balances, "currency": "EUR"}


@pytest.mark.parametrize(
    "content_type",
    [
        *(None, "application/json", "application/json; charset=utf-8"),
        *("application/x-www-form-urlencoded", "text/plain", "nonsense"),
    ],
)
def test_a_json_body_is_read_whatever_its_content_type(client: Client, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = "\ufeff " + json.dumps(GOOD) + "\n"
    assert client.ask("POST", ADD, body.encode(), headers).json["credit"] == 9990


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"apiKey": None}, 1), ({"apiKey": ""}, 1),
        ({"credit": None}, 2), ({"credit": ""}, 2),
        ({"tokenSubaccount": None}, 3), ({"tokenSubaccount": ""}, 3),
        ({"credit": "0"}, 5), ({"credit": -1}, 5), ({"credit": "12,5"}, 5),
        ({"tokenSubaccount": "nobody"}, 7), ({"tokenSubaccount": 1}, 7),
        ({"credit": "10000.001"}, 8), ({"credit": 10**400}, 8),
        ({"apiKey": "other"}, 10), ({"apiKey": 12}, 10),
        # The key comes first; the order of the others is the account's.
        ({"apiKey": "", "credit": "", "tokenSubaccount": ""}, 1),
        ({"apiKey": "other", "credit": "", "tokenSubaccount": ""}, 10),
    ],
)  # fmt: skip
def test_each_refusal_has_its_reason_and_moves_nothing(client: Client, change: dict[str, Any], code: int) -> None:
    heard = client.post(ADD, **{**GOOD, **change})
    assert (heard.status, heard.json["success"], heard.json["code"]) == (200, False, code)
    assert heard.json["message"]
    assert client.ledger()["movements"] == []


def test_a_missing_parameter_is_as_an_empty_one(client: Client) -> None:
    for left_out, code in (("apiKey", 1), ("credit", 2), ("tokenSubaccount", 3)):
        kept: dict[str, Any] = {name: value for name, value in GOOD.items() if name != left_out}
        assert client.post(ADD, **kept).json["code"] == code
    assert client.ask("POST", ADD).json["code"] == 1


@pytest.mark.parametrize(
    "body",
    [
        *(b"{", b'{"apiKey": "sandbox-key", }', b'{"credit": NaN}', b'{"credit": 1e99999999999999999999}'),
        *(b"\xff{}", b'{"a":' * 100_000, b"not json", b"[]", b'"text"', b"12"),
    ],
)
def test_a_json_body_that_cannot_be_read_or_is_no_object_is_code_90(client: Client, body: bytes) -> None:
    heard = client.ask("POST", ADD, body, {"Content-Type": "application/json"})
    assert heard.json["code"] == 90
    assert client.move().json["success"] is True


@pytest.mark.parametrize(("language", "said"), [("fr", "Clé API incorrecte"), ("en", "Invalid API key")])
@pytest.mark.parametrize("status", [200, 400])
def test_language_and_status_of_refusals_are_options(opened: Opener, language: str, said: str, status: int) -> None:
    _, client = opened(language=language, error_status=status)
    heard = client.ask("GET", "/v1/me?apiKey=wrong")
    assert (heard.status, heard.json) == (status, {"success": False, "code": 10, "message": said})
    assert client.ask("GET", ME).status == 200


@pytest.mark.parametrize(
    "path", [ME, "/me?apiKey=sandbox-key", "/v1/me??apiKey=sandbox-key", "//v1//me/?apiKey=sandbox-key"]
)
def test_me_is_the_documented_one(client: Client, path: str) -> None:
    client.post("/sandbox/top-up", amount="225.119")
    assert client.ask("GET", path).json == {
        "success": True,
        "code": 200,
        "user": {"username": "exemple@email.com", "firstname": "John", "lastname": "Doe"},
        "credits": {
            "creditSms": 269082, "creditSmsECO": 444570, "creditHlr": 2045023, "toSend": 0,
            "solde": "10225.119", "currency": "EUR", "balance": "10225.119",
        },
    }  # fmt: skip


def test_me_in_xml_names_the_user_and_nothing_else(client: Client) -> None:
    body = client.ask("GET", ME + "&_format=xml").body
    success, code, user, credits_ = ET.fromstring(body)  # noqa: S314 - it is our own
    assert (success.text, code.text) == ("true", "200")
    named = {"username": "exemple@email.com", "firstname": "John", "lastname": "Doe"}
    assert [(child.tag, child.text) for child in user] == list(named.items())
    assert [child.text for child in credits_][3:] == ["0", "10000.000", "EUR", "10000.000"]
    assert body.count(b"<![CDATA[") == 6


def test_the_list_has_twenty_a_page(client: Client) -> None:
    first, second, third = (client.ask("GET", f"{LIST}&page={page}").json for page in (1, 2, 3))
    told = [(p["total"], p["nb_per_page"], p["page"], len(p["data"])) for p in (first, second, third)]
    assert told == [(29, 20, 1, 20), (29, 20, 2, 9), (29, 20, 3, 0)]
    tokens = [entry["token"] for page in (first, second) for entry in page["data"]]
    assert tokens == [f"sub-{n:04d}" for n in range(1, 30)]


@pytest.mark.parametrize("page", ["", "&page=", "&page=0", "&page=-1", "&page=x", "&page=1", "&page=%C2%B2"])
def test_a_page_that_is_no_number_is_the_first(client: Client, page: str) -> None:
    assert client.ask("GET", LIST + page).json["page"] == 1


def test_an_entry_of_the_list_has_every_documented_field(client: Client) -> None:
    entry = client.ask("GET", LIST).json["data"][0]
    assert entry == {
        "id": 1,
        "email": "sub-0001@example.com",
        "type": "simple",
        "token": "sub-0001",
        "apiKey": "secret-of-sub-0001",
        "createdAt": "2016-03-04 11:23:14",
        "credits": {"balance": "100.000", "currency": "EUR"},
    }
    assert {e["type"] for e in client.ask("GET", LIST).json["data"]} == {"simple", "advanced"}


def test_the_list_in_xml_keeps_the_order_of_the_fields(client: Client) -> None:
    root = ET.fromstring(client.ask("GET", LIST + "&_format=XML&page=2").body)  # noqa: S314 - it is our own
    assert [e.text for e in root[:5]] == ["true", "200", "29", "20", "2"]
    assert len(root[5]) == 9
    assert [e.text for e in root[5][0]][:4] == ["21", "sub-0021@example.com", "advanced", "sub-0021"]


@pytest.mark.parametrize("path", ["/v1/me", "/v1/subaccount/list"])
def test_reading_needs_the_key_too(client: Client, path: str) -> None:
    assert client.ask("GET", path).json["code"] == 1
    assert client.ask("GET", path + "?apiKey=").json["code"] == 1
    assert client.ask("GET", path + "?apiKey=secret-of-sub-0001").json["code"] == 10


def test_wrong_methods_and_addresses_are_told_in_json(client: Client) -> None:
    wrong_methods = [("GET", ADD), ("POST", "/v1/me"), ("PUT", "/sandbox/ledger")]
    for status, calls in {405: wrong_methods, 404: [("GET", "/v1/nowhere"), ("GET", "/"), ("GET", "/v1")]}.items():
        for method, path in calls:
            heard = client.ask(method, path)
            assert (heard.status, heard.json["success"], heard.json["code"]) == (status, False, status)
    assert client.ask("GET", ADD).headers["allow"] == "POST"


def test_the_ledger_tells_what_was_applied_in_order(client: Client) -> None:
    client.move(ADD, credit="50")
    client.move(ADD, credit="99999")
    removed = client.move(REMOVE, credit=0.5, number=2).json
    assert (removed["credit"], removed["subaccountCredit"]) == (Decimal("9950.5"), Decimal("99.5"))
    client.ask("GET", ME)
    client.ask("GET", LIST)
    ledger = client.ledger()
    names = ("n", "direction", "token", "amount", "main_balance", "subaccount_balance", "at")
    added, removed = (tuple(movement.pop(name) for name in names) for movement in ledger["movements"])
    assert added[:-1] == (1, "add", "sub-0001", "50.000", "9950.000", "150.000")
    assert removed[:-1] == (2, "remove", "sub-0002", "0.500", "9950.500", "99.500")
    assert ledger["movements"] == [{}, {}]
    assert added[-1].endswith("Z")
    assert ledger["main_balance"] == "9950.500"
    assert ledger["subaccounts"]["sub-0001"] == "150.000"
    assert ledger["spent"] == {}
    assert ledger["calls"] == {"add": 2, "remove": 1, "me": 1, "list": 1}


def test_subaccounts_that_drift_have_spent_whenever_they_are_seen(opened: Opener) -> None:
    _, client = opened(drift=Decimal("0.015"), subaccounts=2)
    balances = [e["credits"]["balance"] for e in client.ask("GET", LIST).json["data"]]
    assert balances == ["99.985", "99.985"]
    assert client.move(credit="10").json["subaccountCredit"] == Decimal("109.970")
    assert client.ledger()["spent"] == {"sub-0001": "0.030", "sub-0002": "0.015"}
    assert client.ledger()["main_balance"] == "9990.000"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "amount"), ({"amount": "much"}, "not an amount"), ({"amount": "NaN"}, ""),
        ({"amount": 1, "token": "nobody"}, "no sub-account"),
    ],
)  # fmt: skip
def test_a_top_up_that_cannot_be_is_told(client: Client, body: dict[str, Any], says: str) -> None:
    heard = client.post("/sandbox/top-up", **body)
    assert heard.status == 400
    assert says in heard.json["message"]


def test_a_top_up_may_go_to_a_subaccount(client: Client) -> None:
    assert client.post("/sandbox/top-up", amount=5, token="sub-0002").status == 200
    ledger = client.ledger()
    assert ledger["subaccounts"]["sub-0002"] == "105.000"
    assert [(t["token"], t["amount"]) for t in ledger["top_ups"]] == [("sub-0002", "5.000")]


def test_faults_are_added_listed_and_cleared(client: Client) -> None:
    given: list[object] = [{"kind": "429", "retry_after": 1, "on": "me"}, "refuse:code=40,on=list"]
    assert client.ask("POST", "/sandbox/faults", json.dumps(given)).status == 200
    listed = client.ask("GET", "/sandbox/faults").json["faults"]
    assert [(one["kind"], one["on"], one["hits"]) for one in listed] == [("429", "me", 0), ("refuse", "list", 0)]
    assert client.ask("GET", ME).status == 429
    assert client.ask("GET", LIST).json["code"] == 40
    assert client.ask("DELETE", "/sandbox/faults").json["faults"] == []


@pytest.mark.parametrize("body", ['{"kind": "explode"}', "{", "12", '[{"kind": "reset"}, {"kind": "refuse"}]'])
def test_faults_that_make_no_sense_are_told_and_none_is_added(client: Client, body: str) -> None:
    heard = client.ask("POST", "/sandbox/faults", body)
    assert heard.status == 400
    assert heard.json["message"]
    assert client.ask("GET", "/sandbox/faults").json["faults"] == []

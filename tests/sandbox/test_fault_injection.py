from __future__ import annotations

import http.client
import socket
import time
from decimal import Decimal

import pytest

from batch.sandbox import Fault, Sandbox

from .conftest import ADD, KEY, Client, Opener

BROKEN = (http.client.HTTPException, OSError)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("reset", ConnectionResetError),
        ("close", http.client.RemoteDisconnected),
        ("hang", http.client.RemoteDisconnected),
        ("refuse-connection", http.client.RemoteDisconnected),
    ],
)
def test_a_lost_answer_was_applied_or_not_as_asked(
    sandbox: Sandbox, client: Client, moment: str, fault: str, error: type[Exception]
) -> None:
    sandbox.add_fault(f"{fault}-{moment}" + (":seconds=0.05" if fault in {"hang", "refuse-connection"} else ""))
    with pytest.raises(BROKEN) as caught:
        client.move()
    assert caught.type is error
    assert str(sandbox.ledger()["movements"]).count("sub-0001") == (1 if moment == "after" else 0)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        ("429", 429, "text/html"), ("502-html", 502, "text/html"), ("redirect", 302, "text/html"),
        ("500", 500, "application/json"), ("empty", 200, "application/json"), ("garbage", 200, "application/json"),
        ("contradiction", 200, "application/json"),
    ],
)  # fmt: skip
def test_a_bad_answer_was_applied_or_not_as_asked(
    sandbox: Sandbox, client: Client, moment: str, fault: str, status: int, content_type: str
) -> None:
    sandbox.add_fault(f"{fault}-{moment}")
    heard = client.move()
    assert (heard.status, heard.headers["content-type"]) == (status, content_type)
    assert len(client.ledger()["movements"]) == (1 if moment == "after" else 0)
    assert client.move().json["success"] is True


def test_429_says_when_to_come_back_only_if_asked_to(sandbox: Sandbox, client: Client) -> None:
    sandbox.add_fault("429:retry_after=3")
    sandbox.add_fault("429")
    assert client.move().headers["retry-after"] == "3"
    assert "retry-after" not in client.move().headers


def test_bad_bodies_are_as_bad_as_they_claim(sandbox: Sandbox, client: Client) -> None:
    for fault in ("empty", "garbage", "502-html", "contradiction-after", "redirect"):
        sandbox.add_fault(fault)
    assert client.move().body == b""
    assert client.move().body.startswith(b"\x00\xff")
    assert b"<h1>502 Bad Gateway</h1>" in client.move().body
    contradiction = client.move().json
    assert (contradiction["success"], contradiction["code"], contradiction["credit"]) == (True, 500, 9990)
    assert client.ask("GET", client.move().headers["location"]).status == 404


@pytest.mark.parametrize(("moment", "applied"), [("before", 0), ("after", 1)])
def test_a_truncated_body_is_shorter_than_it_says(sandbox: Sandbox, client: Client, moment: str, applied: int) -> None:
    sandbox.add_fault(f"truncated-{moment}")
    with pytest.raises(http.client.IncompleteRead):
        client.move()
    client.close()
    assert len(client.ledger()["movements"]) == applied


def test_a_late_movement_is_applied_after_the_client_gave_up(opened: Opener) -> None:
    sandbox, client = opened(timeout=0.1)
    sandbox.add_fault("late:seconds=0.3")
    with pytest.raises(TimeoutError):
        client.move()
    client.close()
    assert client.ledger()["movements"] == []
    client.close()
    end = time.monotonic() + 3
    while not client.ledger()["movements"] and time.monotonic() < end:
        time.sleep(0.01)
    assert len(client.ledger()["movements"]) == 1


def test_a_patient_client_hears_a_late_answer(sandbox: Sandbox, client: Client) -> None:
    sandbox.add_fault("late:seconds=0.05")
    assert client.move().json["credit"] == 9990


def test_a_hang_keeps_silent_for_its_seconds(opened: Opener) -> None:
    sandbox, client = opened(timeout=0.1)
    sandbox.add_fault("hang-after:seconds=30")
    with pytest.raises(TimeoutError):
        client.move()
    client.close()
    assert len(client.ledger()["movements"]) == 1


def test_refuse_connection_closes_the_port_for_everybody_and_opens_it_again(sandbox: Sandbox, client: Client) -> None:
    other = Client(sandbox.port)
    assert other.move().json["success"] is True
    sandbox.add_fault("refuse-connection:seconds=0.4")
    with pytest.raises(BROKEN):
        client.move()
    with pytest.raises(BROKEN):
        other.move()
    other.close()
    with pytest.raises(ConnectionRefusedError):
        other.move()
    other.close()
    time.sleep(0.6)
    assert other.move().json["credit"] == 9980
    other.close()


@pytest.mark.parametrize("code", [4, 11, 20, 30, 40, 77, 96, 500])
def test_any_code_can_be_demanded_once_the_key_is_right(sandbox: Sandbox, client: Client, code: int) -> None:
    sandbox.add_fault(f"refuse:code={code},times=0,on=any")
    heard = client.move(credit="")
    assert (heard.status, heard.json["success"], heard.json["code"]) == (200, False, code)
    assert heard.json["message"]
    assert client.ask("GET", f"/v1/me?apiKey={KEY}").json["code"] == code
    assert client.post(ADD, apiKey="wrong").json["code"] == 10
    assert client.post(ADD).json["code"] == 1
    assert client.ledger()["movements"] == []


def test_an_error_list_is_a_refusal_of_another_shape(sandbox: Sandbox, client: Client) -> None:
    sandbox.add_fault("error-list")
    heard = client.move()
    assert heard.status == 400
    assert heard.json["error"][0].keys() == {"elementId", "message"}
    assert client.ledger()["movements"] == []


def test_a_slow_drip_is_the_true_answer_in_its_own_time(sandbox: Sandbox, client: Client) -> None:
    sandbox.add_fault("slow-drip:seconds=0.2")
    begun = time.monotonic()
    assert client.move().json["credit"] == 9990
    assert time.monotonic() - begun >= 0.18


@pytest.mark.parametrize(("fault", "wrong"), [("other-currency", "USD"), ("not-a-number", "NaN")])
def test_the_true_answer_can_be_told_wrong(sandbox: Sandbox, client: Client, fault: str, wrong: str) -> None:
    sandbox.add_fault(f"{fault}:on=any,times=0")
    moved = client.move().json
    me = client.ask("GET", f"/v1/me?apiKey={KEY}").json["credits"]
    listed = client.ask("GET", f"/v1/subaccount/list?apiKey={KEY}").json["data"][0]["credits"]
    if fault == "other-currency":
        assert (moved["currency"], me["currency"], listed["currency"]) == (wrong, wrong, wrong)
        assert moved["credit"] == 9990
    else:
        assert (moved["credit"], moved["subaccountCredit"], me["solde"], listed["balance"]) == (wrong,) * 4
    xml = client.move(query="?_format=xml").body
    assert wrong.encode() in xml


def test_faults_may_be_options(opened: Opener) -> None:
    _, client = opened(faults=(Fault.from_text("500:skip=1"),), main_balance=Decimal(100))
    assert [client.move().status for _ in range(3)] == [200, 500, 200]


def test_a_fault_may_wait_for_one_subaccount(sandbox: Sandbox, client: Client) -> None:
    sandbox.add_fault("500:token=sub-0002")
    assert client.post(ADD, apiKey=KEY, credit="1", tokenSubaccount=["sub-0002"]).json["code"] == 7
    assert [client.move(number=n).status for n in (1, 2, 2)] == [200, 500, 200]


@pytest.mark.parametrize(("code", "status"), [(8, 200), (77, 400), (500, 200), (429, 403)])
def test_a_refusal_may_be_a_lie(sandbox: Sandbox, client: Client, code: int, status: int) -> None:
    sandbox.add_fault(f"refuse-after:code={code},status={status}")
    heard = client.move()
    assert (heard.status, heard.json["success"], heard.json["code"]) == (status, False, code)
    assert len(client.ledger()["movements"]) == 1


@pytest.mark.parametrize(("moment", "applied"), [("before", 0), ("after", 1)])
def test_a_filter_says_no_with_a_page_of_its_own(sandbox: Sandbox, client: Client, moment: str, applied: int) -> None:
    sandbox.add_fault(f"page-{moment}")
    sandbox.add_fault(Fault.from_fields({"kind": "page", "status": 499, "body": '{"success": false, "code": 1}'}))
    assert (client.move().status, len(client.ledger()["movements"])) == (403, applied)
    heard = client.move()
    assert (heard.status, heard.json) == (499, {"success": False, "code": 1})


def test_an_answer_may_come_twice(sandbox: Sandbox, raw: socket.socket) -> None:
    sandbox.add_fault("twice:on=me")
    raw.sendall(f"GET /v1/me?apiKey={KEY} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    heard = b""
    while heard.count(b"HTTP/1.1 200 OK") < 2 or not heard.endswith(b"}"):
        heard += raw.recv(4096)
    first, second = heard.split(b"HTTP/1.1 200 OK")[1:]
    assert first == second


@pytest.mark.parametrize(("on", "old"), [("me", (True, False)), ("list", (False, True)), ("read", (True, True))])
def test_questions_may_be_answered_as_of_some_time_ago(
    sandbox: Sandbox, client: Client, on: str, old: tuple[bool, bool]
) -> None:
    sandbox.add_fault(f"stale:on={on},seconds=30,times=0")
    client.move()
    me = client.ask("GET", f"/v1/me?apiKey={KEY}").json["credits"]["balance"]
    listed = client.ask("GET", f"/v1/subaccount/list?apiKey={KEY}").json["data"][0]["credits"]["balance"]
    assert me == ("10000.000" if old[0] else "9990.000")
    assert listed == ("100.000" if old[1] else "110.000")

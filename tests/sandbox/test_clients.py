"""Clients in the manner of those found in the wild, with nothing changed but the base URL."""

from __future__ import annotations

import json
import socket
import urllib.parse
import urllib.request
from typing import Any

import requests

from batch.sandbox import Sandbox

from .conftest import KEY


def test_requests_without_a_content_type_and_with_credit_as_given(sandbox: Sandbox) -> None:
    data = {"apiKey": KEY, "credit": 10, "tokenSubaccount": "sub-0001"}
    with requests.post(f"{sandbox.url}/subaccount/credit/add", data=json.dumps(data), timeout=10) as answer:
        assert answer.json()["success"] is True
    with requests.get(f"{sandbox.url}/subaccount/list?apiKey={KEY}", timeout=10) as listed:
        assert len(listed.json()["data"]) == 20


def test_requests_with_a_session_and_a_real_form(sandbox: Sandbox) -> None:
    data = {"apiKey": KEY, "credit": "10.5", "tokenSubaccount": "sub-0001"}
    with requests.Session() as session:
        for balance in (9989.5, 9979):
            answer = session.post(f"{sandbox.url}/subaccount/credit/add", data=data, timeout=10)
            assert answer.json()["credit"] == balance
        assert len(session.get(f"{sandbox.url}/me", params={"apiKey": KEY}, timeout=10).json()["user"]) == 3


def test_urllib_labels_json_as_a_form(sandbox: Sandbox) -> None:
    body = json.dumps({"apiKey": KEY, "credit": "100", "tokenSubaccount": "sub-0001"}).encode()
    request = urllib.request.Request(f"{sandbox.url}/subaccount/credit/add", data=body)
    with urllib.request.urlopen(request, timeout=10) as answer:
        told: dict[str, Any] = json.load(answer)
    assert (told["code"], told["credit"], told["subaccountCredit"]) == (200, 9900, 200)


def test_a_query_with_two_question_marks(sandbox: Sandbox) -> None:
    query = urllib.parse.urlencode({"apiKey": KEY})
    with urllib.request.urlopen(f"{sandbox.url}/me??{query}", timeout=10) as answer:
        assert json.load(answer)["credits"]["balance"] == "10000.000"


def test_a_base_address_that_ends_in_a_slash(sandbox: Sandbox) -> None:
    with requests.get(f"{sandbox.url}//me", params={"apiKey": KEY}, timeout=10) as answer:
        assert answer.json()["success"] is True


def test_a_command_line_client_that_sends_a_line_end_in_its_body(sandbox: Sandbox) -> None:
    body = b'{"apiKey":"sandbox-key","credit":"10","tokenSubaccount":"sub-0001"}\n'
    head = (
        "POST /v1/subaccount/credit/add HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as raw:
        raw.sendall(head.encode() + body)
        told = b""
        while more := raw.recv(65536):
            told += more
    assert told.endswith(b'"credit":9990,"subaccountCredit":110,"currency":"EUR"}')

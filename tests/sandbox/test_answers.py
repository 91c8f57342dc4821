from __future__ import annotations

import json
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from batch.sandbox.account import Code, find_message
from batch.sandbox.handlers import reply

_BALANCES = {"credit": Decimal("2869.200"), "subaccountCredit": Decimal("61.800")}
MOVED = {"success": True, "code": 200, **_BALANCES, "currency": "EUR"}


def test_a_movement_in_json_is_the_documented_one() -> None:
    answer = reply(MOVED)
    assert answer.content_type == "application/json"
    assert answer.body == (b'{"success":true,"code":200,"credit":2869.2,"subaccountCredit":61.8,"currency":"EUR"}')


def test_a_movement_in_xml_is_the_documented_one() -> None:
    assert reply(MOVED, xml=True).body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<result><entry>true</entry><entry>200</entry><entry>2869.2</entry><entry>61.8</entry>"
        "<entry><![CDATA[EUR]]></entry></result>"
    )


def test_a_refusal_in_xml_is_the_documented_one() -> None:
    answer = reply({"success": False, "code": 10, "message": find_message(10, "en")}, xml=True)
    assert answer.content_type.startswith("text/xml")
    assert answer.body.decode().endswith(
        "<result><entry>false</entry><entry>10</entry><entry><![CDATA[Invalid API key]]></entry></result>"
    )


def test_both_formats_may_be_french() -> None:
    refused = {"success": False, "code": 10, "message": find_message(10, "fr")}
    root = ET.fromstring(reply(refused, xml=True).body)  # noqa: S314 - it is our own
    assert [entry.text for entry in root] == ["false", "10", "Clé API incorrecte"]
    assert json.loads(reply(refused).body)["message"] == "Clé API incorrecte"


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("9007199254740993.001", "9007199254740993.001"),
        ("0.100", "0.1"), ("100.000", "100"), ("0.000", "0"), ("-1.500", "-1.5"),
    ],
)  # fmt: skip
def test_a_json_number_keeps_its_digits(amount: str, written: str) -> None:
    assert reply({"credit": Decimal(amount)}).body.decode() == f'{{"credit":{written}}}'


def test_cdata_cannot_be_broken_out_of() -> None:
    root = ET.fromstring(reply({"message": "a]]>b"}, xml=True).body)  # noqa: S314 - it is our own
    assert root[0].text == "a]]>b"


def test_every_code_speaks_both_languages() -> None:
    for code in set(Code) - {Code.OK}:
        assert find_message(code, "fr") != f"Erreur {int(code)}"
        assert find_message(code, "en") != f"Error {int(code)}"
    assert find_message(77, "en") == "Error 77"

from __future__ import annotations

import json
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from batch.sandbox.account import Direction, Movement
from batch.sandbox.answers import Format, moved, refused, reply
from batch.sandbox.api_codes import Code, Language, message

MOVEMENT = Movement(1, "", Direction.ADD, "a", Decimal("10.000"), Decimal("2869.200"), Decimal("61.800"))


def test_a_movement_in_json_is_the_documented_one() -> None:
    answer = reply(moved(MOVEMENT))
    assert answer.content_type == "application/json"
    assert answer.body == (b'{"success":true,"code":200,"credit":2869.2,"subaccountCredit":61.8,"currency":"EUR"}')


def test_a_movement_in_xml_is_the_documented_one() -> None:
    assert reply(moved(MOVEMENT), Format.XML).body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<result><entry>true</entry><entry>200</entry><entry>2869.2</entry><entry>61.8</entry>"
        "<entry><![CDATA[EUR]]></entry></result>"
    )


def test_a_refusal_in_xml_is_the_documented_one() -> None:
    answer = reply(refused(Code.WRONG_KEY, Language.EN), Format.XML)
    assert answer.content_type.startswith("text/xml")
    assert answer.body.decode().endswith(
        "<result><entry>false</entry><entry>10</entry><entry><![CDATA[Invalid API key]]></entry></result>"
    )


def test_xml_may_be_french() -> None:
    root = ET.fromstring(reply(refused(10, Language.FR), Format.XML).body)  # noqa: S314 - it is our own
    assert [entry.text for entry in root] == ["false", "10", "Clé API incorrecte"]


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("9007199254740993.001", "9007199254740993.001"),
        ("0.100", "0.1"),
        ("100.000", "100"),
        ("0.000", "0"),
        ("-1.500", "-1.5"),
    ],
)
def test_a_json_number_keeps_its_digits(amount: str, written: str) -> None:
    assert reply({"credit": Decimal(amount)}).body.decode() == f'{{"credit":{written}}}'


def test_cdata_cannot_be_broken_out_of() -> None:
    root = ET.fromstring(reply({"message": "a]]>b"}, Format.XML).body)  # noqa: S314 - it is our own
    assert root[0].text == "a]]>b"


def test_every_code_speaks_both_languages() -> None:
    for code in set(Code) - {Code.OK}:
        assert message(code, Language.FR) != f"Erreur {int(code)}"
        assert message(code, Language.EN) != f"Error {int(code)}"
    assert message(77, Language.EN) == "Error 77"


def test_an_answer_has_its_length_in_bytes_and_leaves_in_one_piece() -> None:
    head, _, body = reply(refused(10, Language.FR), Format.XML).encode(keep_alive=True).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(reply(refused(10, Language.FR)).body)["message"] == "Clé API incorrecte"

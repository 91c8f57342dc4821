"""Answers as bytes: JSON or XML, written exactly as the provider writes them.

A payload is what an answer says, in the provider's order of fields. JSON names the fields; XML gives them
by position only, strings in CDATA, which is how the provider's serialiser works.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from typing import TypeAlias

from batch.sandbox.account import Movement
from batch.sandbox.api_codes import Code, Language, message

Value: TypeAlias = "bool | int | float | str | Sequence[Value] | Mapping[str, Value]"
Payload: TypeAlias = "Mapping[str, Value | Decimal]"

CURRENCY = "EUR"
_encode = json.JSONEncoder(separators=(",", ":")).encode
_NAMED_IN_XML = frozenset({"user"})


class Format(StrEnum):
    """What `_format` may ask for."""

    JSON = "json"
    XML = "xml"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, before it is known whether the connection stays open."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self, *, keep_alive: bool) -> bytes:
        """Head and body in one piece, so that they leave in one write."""
        lines = [
            f"HTTP/1.1 {self.status} {_phrase(self.status)}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers),
            f"Connection: {'keep-alive' if keep_alive else 'close'}",
        ]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + self.body


def _phrase(status: int) -> str:
    """The words beside a status; a server may give one that nobody has named."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def moved(movement: Movement) -> Payload:
    """The answer to a movement that was applied; both balances are JSON numbers."""
    return {
        "success": True,
        "code": Code.OK.value,
        "credit": movement.main_balance,
        "subaccountCredit": movement.subaccount_balance,
        "currency": CURRENCY,
    }


def refused(code: int, language: Language) -> Payload:
    """A refusal: the code, and the message in the server's language."""
    return {"success": False, "code": int(code), "message": message(code, language)}


def three_decimals(amount: Decimal) -> str:
    """A balance as `/me` and `/subaccount/list` write it."""
    return f"{amount:.3f}"


def reply(payload: Payload, wanted: Format = Format.JSON, status: int = 200) -> Reply:
    """A payload in the format that the client wants."""
    if wanted is Format.XML:
        body = '<?xml version="1.0" encoding="UTF-8"?>\n' + f"<result>{_content(payload)}</result>"
        return Reply(status, "text/xml; charset=UTF-8", body.encode())
    return Reply(status, "application/json", _json(payload).encode("ascii"))


def _json(payload: Payload) -> str:
    """JSON whose money is written from its decimal digits, which `json` alone can only do through a float."""
    items = (f"{_encode(name)}:{_plain(value)}" for name, value in payload.items())
    return "{" + ",".join(items) + "}"


def _plain(value: Value | Decimal) -> str:
    return _number(value) if isinstance(value, Decimal) else _encode(value)


def _number(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _content(value: Value | Payload | Decimal, *, named: bool = False) -> str:
    if isinstance(value, str):
        return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        if named:
            return "".join(f"<{name}>{_content(inner)}</{name}>" for name, inner in value.items())
        return "".join(_entry(inner, named=name in _NAMED_IN_XML) for name, inner in value.items())
    if isinstance(value, Sequence):
        return "".join(_entry(inner) for inner in value)
    return _number(value) if isinstance(value, Decimal) else str(value)


def _entry(value: Value | Decimal, *, named: bool = False) -> str:
    return f"<entry>{_content(value, named=named)}</entry>"

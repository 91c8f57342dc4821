"""Answers as bytes: JSON or XML, written exactly as the provider writes them.

A payload is what an answer says, in the provider's order of fields. JSON names the fields; XML gives them
by position only, strings in CDATA, which is how the provider's serialiser works.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Payload = dict[str, Any]

_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, before it is known whether the connection stays open."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def reply(payload: Payload, *, xml: bool = False, status: int = 200) -> Reply:
    """Write a payload in the format that the client wants."""
    if xml:
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<result>{_write_xml(payload)}</result>'
        return Reply(status, "text/xml; charset=UTF-8", body.encode())
    # Money is written from its decimal digits, which `json` alone can only do through a float.
    items = (
        f"{_encode(name)}:{_write_number(value) if isinstance(value, Decimal) else _encode(value)}"
        for name, value in payload.items()
    )
    return Reply(status, "application/json", f"{{{','.join(items)}}}".encode("ascii"))


def _write_number(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _write_xml(value: Any) -> str:
    if isinstance(value, str):
        return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        # The user alone has names.
        return "".join(
            f"<entry>{_write_named(inner) if name == 'user' else _write_xml(inner)}</entry>"
            for name, inner in value.items()
        )
    if isinstance(value, list):
        return "".join(f"<entry>{_write_xml(inner)}</entry>" for inner in value)
    return _write_number(value) if isinstance(value, Decimal) else str(value)


def _write_named(user: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{_write_xml(inner)}</{name}>" for name, inner in user.items())

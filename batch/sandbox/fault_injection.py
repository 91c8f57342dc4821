"""Acting a fault out on a connection."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from asyncio import StreamWriter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from batch.sandbox.answers import Format, Payload, Reply, Value, reply
from batch.sandbox.api_codes import Code
from batch.sandbox.faults import Fault, Kind
from batch.sandbox.handlers import Asked, Desk

# Windows keeps the two fields of SO_LINGER in shorts.
_NO_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
_BALANCES = frozenset({"credit", "subaccountCredit", "solde", "balance"})


@dataclass(frozen=True, slots=True)
class Line:
    """The connection that a call came over, and how to shut the door on every client for some seconds."""

    writer: StreamWriter
    keep_alive: bool
    shut: Callable[[float], None]


async def act(fault: Fault, asked: Asked, desk: Desk, line: Line) -> bool:
    """Do what the fault says to this call, and say whether the connection can be used again."""
    if fault.kind is Kind.LATE:
        await asyncio.sleep(fault.duration)
    # A fault that comes before applying has nothing true to say, so it distorts an internal problem.
    told = desk.refusal(Code.INTERNAL_PROBLEM)
    if fault.after:
        told = desk.answer(asked, ago=fault.duration if fault.kind is Kind.STALE else 0.0)
    if fault.code is not None:
        # Once it is known that the key is right; and whatever really happened.
        told = desk.refusal(fault.code) if fault.after and told["success"] is True else desk.answer(asked, fault.code)
    if fault.kind in _DISTORTED:
        return await _answer(fault, _DISTORTED[fault.kind](fault, told, asked.wanted, desk), line)
    if fault.kind is Kind.REFUSE_CONNECTION:
        line.shut(fault.duration)
    elif fault.kind is Kind.RESET:
        line.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        line.writer.transport.abort()
    elif fault.kind is Kind.HANG:
        await asyncio.sleep(fault.duration)
    return False  # What is left, close, is nothing but that.


async def _answer(fault: Fault, answer: Reply, line: Line) -> bool:
    whole = answer.encode(keep_alive=line.keep_alive)
    if fault.kind is Kind.TRUNCATED:
        line.writer.write(whole[: len(whole) - len(answer.body) // 2])
        return False
    if fault.kind is Kind.SLOW_DRIP:
        head = len(whole) - len(answer.body)
        line.writer.write(whole[:head])
        for place in range(head, len(whole)):
            await asyncio.sleep(fault.duration / len(answer.body))
            line.writer.write(whole[place : place + 1])
            await line.writer.drain()
        return line.keep_alive
    line.writer.write(whole * 2 if fault.kind is Kind.TWICE else whole)
    return line.keep_alive


def _true(_fault: Fault, told: Payload, wanted: Format, desk: Desk) -> Reply:
    return desk.reply(told, wanted)


def _refuse(fault: Fault, told: Payload, wanted: Format, desk: Desk) -> Reply:
    return desk.reply(told, wanted) if fault.status is None else reply(told, wanted, fault.status)


def _filter(fault: Fault, *_: object) -> Reply:
    answer = _page(403 if fault.status is None else fault.status, "Forbidden")
    return answer if fault.body is None else replace(answer, body=fault.body.encode())


def _too_many(fault: Fault, *_: object) -> Reply:
    wait = () if fault.retry_after is None else (("Retry-After", str(fault.retry_after)),)
    return _page(429, "429 Too Many Requests", wait)


def _error(_fault: Fault, _told: Payload, wanted: Format, desk: Desk) -> Reply:
    return reply(desk.refusal(Code.INTERNAL_PROBLEM), wanted, 500)


def _bad_gateway(*_: object) -> Reply:
    return _page(502, "502 Bad Gateway")


def _page(status: int, title: str, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """What a proxy in front of the provider says for itself."""
    page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
    return Reply(status, "text/html", page.encode("ascii"), headers)


def _empty(*_: object) -> Reply:
    return Reply(200, "application/json", b"")


def _garbage(*_: object) -> Reply:
    return Reply(200, "application/json", b'\x00\xff\xfe{"success"; tru\x00')


def _error_list(_fault: Fault, _told: Payload, wanted: Format, desk: Desk) -> Reply:
    said = str(desk.refusal(Code.CREDIT_NOT_POSITIVE)["message"])
    return reply({"error": [{"elementId": "credit", "message": said}]}, wanted, 400)


def _redirect(*_: object) -> Reply:
    return Reply(302, "text/html", b"", (("Location", "/elsewhere"),))


def _contradiction(_fault: Fault, told: Payload, wanted: Format, _desk: Desk) -> Reply:
    return reply({**told, "success": True, "code": Code.INTERNAL_PROBLEM.value}, wanted)


def _other_currency(_fault: Fault, told: Payload, wanted: Format, desk: Desk) -> Reply:
    return desk.reply(_with(told, frozenset({"currency"}), "USD"), wanted)


def _not_a_number(_fault: Fault, told: Payload, wanted: Format, desk: Desk) -> Reply:
    return desk.reply(_with(told, _BALANCES, "NaN"), wanted)


def _with(payload: Payload, names: frozenset[str], text: str) -> Payload:
    """The payload with another text wherever one of these names is."""
    return {
        name: text if name in names else value if isinstance(value, Decimal) else _within(value, names, text)
        for name, value in payload.items()
    }


def _within(value: Value, names: frozenset[str], text: str) -> Value:
    if isinstance(value, Mapping):
        return {name: text if name in names else _within(inner, names, text) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_within(inner, names, text) for inner in value]
    return value


_DISTORTED: dict[Kind, Callable[[Fault, Payload, Format, Desk], Reply]] = {
    Kind.TOO_MANY: _too_many,
    Kind.ERROR: _error,
    Kind.BAD_GATEWAY: _bad_gateway,
    Kind.EMPTY: _empty,
    Kind.TRUNCATED: _true,
    Kind.GARBAGE: _garbage,
    Kind.LATE: _true,
    Kind.REFUSE: _refuse,
    Kind.PAGE: _filter,
    Kind.TWICE: _true,
    Kind.STALE: _true,
    Kind.ERROR_LIST: _error_list,
    Kind.SLOW_DRIP: _true,
    Kind.REDIRECT: _redirect,
    Kind.CONTRADICTION: _contradiction,
    Kind.OTHER_CURRENCY: _other_currency,
    Kind.NOT_A_NUMBER: _not_a_number,
}

"""An answer that comes twice is not taken for the answer to the next movement."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from batch.model import Direction, Movement
from batch.notes import Answer, Applied, Doubt, Exchange
from batch.provider.client import Client
from batch.provider.http import HttpTransport, MaySend
from batch.settings import Secret


class Scripted:
    def __init__(self, *mains: str) -> None:
        self.closed = 0
        self._mains = list(mains)

    def post(self, _path: str, _body: bytes, _may_send: MaySend, *, query: dict[str, str], limit: int) -> Exchange:
        del query, limit
        main = self._mains.pop(0)
        body = f'{{"success":true,"code":200,"credit":{main},"subaccountCredit":1.5,"currency":"EUR"}}'
        return Answer(200, body.encode())

    def close(self) -> None:
        self.closed += 1


def outcomes(transport: Scripted, *amounts: str) -> list[type]:
    client = Client(cast("HttpTransport", transport), Secret("a-key"), answers="json")
    return [type(client.move(Movement(2, "sub-1", Direction.ADD, Decimal(amount)), lambda: True)) for amount in amounts]


def test_a_repeated_main_balance_is_a_doubt_and_its_connection_is_dropped() -> None:
    transport = Scripted("90", "90", "80")
    assert outcomes(transport, "10", "10", "10") == [Applied, Doubt, Applied]
    assert transport.closed == 1


def test_other_balances_are_answers() -> None:
    transport = Scripted("90", "80.5")
    assert outcomes(transport, "10", "9.5") == [Applied, Applied]
    assert transport.closed == 0


def test_an_amount_that_rounding_can_hide_may_repeat_the_balance() -> None:
    assert outcomes(Scripted("90", "90"), "10", "0.004") == [Applied, Applied]

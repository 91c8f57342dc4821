"""The state file: one JSON line for the opening balances, then one for every event, in order.

A line is flushed before the client is answered, so killing the sandbox loses nothing that anybody was told.
When the file exists, its opening balances and sub-accounts win over the options.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TextIO

from batch.language import _
from batch.sandbox.account import Account, Direction, Event, Movement, Opening, Spend, TopUp

_FIRST = b'{"event": "opening"'
_NAMES: dict[type[Event], str] = {Movement: "movement", Spend: "spend", TopUp: "top-up"}


class StateFile:
    """The file that an account is replayed from and recorded to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._out: TextIO | None = None

    def open_account(self, opening: Opening, drift: Decimal) -> Account:
        """The account as the file has it, or a new file with these opening balances."""
        lines = self._whole_lines()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Rewriting would risk the past; only a half-written last line is cut off, then lines are added.
        self._out = self._path.open("a", encoding="utf-8", newline="\n")
        if not lines:
            self._write(_opening_record(opening))
            return Account(opening, drift=drift, record=self.append)
        try:
            return Account(
                _read_opening(json.loads(lines[0])),
                drift=drift,
                past=[_read_event(json.loads(line)) for line in lines[1:]],
                record=self.append,
            )
        except (ValueError, KeyError, TypeError, InvalidOperation) as wrong:
            self.close()
            raise ValueError(self._not_ours(repr(wrong))) from wrong

    def append(self, event: Event) -> None:
        """Write an event down."""
        self._write({"event": _NAMES[type(event)], **asdict(event)})

    def close(self) -> None:
        """Let go of the file."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def _write(self, record: Mapping[str, object]) -> None:
        if self._out is None:
            raise ValueError("The state file is closed.")
        self._out.write(json.dumps(record, default=str) + "\n")
        self._out.flush()

    def _not_ours(self, why: str) -> str:
        sentence = _("{file} is not a state file of the sandbox: {why}. Give another name, or delete it.")
        return sentence.format(file=self._path, why=why)

    def _whole_lines(self) -> list[bytes]:
        """The lines of the file; what a kill left half-written at the end is cut off."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return []
        if not content.startswith(_FIRST[: len(content)]):  # Never mend, nor add to, somebody's other file.
            raise ValueError(self._not_ours(_("it does not begin with the opening balances")))
        lines = content.splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):
            if _is_record(lines[-1]):  # Only its line end is missing.
                with self._path.open("ab") as out:
                    out.write(b"\n")
            else:
                with self._path.open("r+b") as out:
                    out.truncate(len(content) - len(lines.pop()))
        return [line for line in lines if line.strip()]


def _is_record(line: bytes) -> bool:
    """Whether a line is whole: no beginning of a JSON object is itself one."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _opening_record(opening: Opening) -> dict[str, object]:
    return {"event": "opening", "main": opening.main, "subaccounts": dict(opening.subaccounts)}


def _read_opening(record: dict[str, Any]) -> Opening:
    if record["event"] != "opening":
        raise ValueError(_("the first line is not the opening"))
    held = {token: Decimal(balance) for token, balance in record["subaccounts"].items()}
    return Opening(main=Decimal(record["main"]), subaccounts=held)


def _read_event(record: dict[str, Any]) -> Event:
    at, token, amount = record["at"], record["token"], Decimal(record["amount"])
    match record["event"]:
        case "movement":
            return Movement(
                n=record["n"],
                at=at,
                direction=Direction(record["direction"]),
                token=token,
                amount=amount,
                main_balance=Decimal(record["main_balance"]),
                subaccount_balance=Decimal(record["subaccount_balance"]),
            )
        case "spend":
            return Spend(at=at, token=token, amount=amount)
        case "top-up":
            return TopUp(at=at, token=token, amount=amount)
        case other:
            raise ValueError(_("there is no event “{name}”").format(name=other))

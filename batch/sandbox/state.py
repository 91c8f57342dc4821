"""The state file: one JSON line for the opening balances, then one for every event, in order.

A line is flushed before the client is answered, so killing the sandbox loses nothing that anybody was told.
When the file exists, its opening balances and sub-accounts win over the options.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Any, TextIO

from batch.language import _
from batch.sandbox.account import Account, Event
from batch.sandbox.options import SandboxOptions

_FIRST = b'{"event": "opening"'
_AMOUNTS = {"amount", "main_balance", "subaccount_balance"}
# A line leaves out what does not concern it.
_NOTHING = dict.fromkeys(("n", "direction", "token"))


def open_account(options: SandboxOptions) -> tuple[Account, TextIO | None]:
    """Open the account, as the state file has it if there is one, and the file that is to be closed in the end."""
    path = options.state
    if path is None:
        return _new_account(options), None
    sentence = _("{file} is not a state file of the sandbox: {why}. Give another name, or delete it.")
    content = path.read_bytes() if path.exists() else b""
    if not content.startswith(_FIRST[: len(content)]):  # Never mend, nor add to, somebody's other file.
        raise ValueError(sentence.format(file=path, why=_("it does not begin with the opening balances")))
    whole = content[: content.rfind(b"\n") + 1]
    try:
        account = _replay(whole.splitlines(), options.drift) if whole else _new_account(options)
    except (ValueError, KeyError, TypeError, InvalidOperation) as wrong:
        raise ValueError(sentence.format(file=path, why=repr(wrong))) from wrong
    path.parent.mkdir(parents=True, exist_ok=True)
    out = path.open("a", encoding="utf-8", newline="\n", buffering=1)
    # Rewriting would risk the past; only what a kill left half-written at the end is cut off, then lines are added.
    os.truncate(path, len(whole))

    def write(record: dict[str, object]) -> None:
        out.write(json.dumps(record, default=str) + "\n")

    if not whole:
        write({"event": "opening", "main": account.main_balance, "subaccounts": account.subaccounts})
    account.record = lambda event: write({name: value for name, value in asdict(event).items() if value is not None})
    return account, out


def _new_account(options: SandboxOptions) -> Account:
    return Account(options.main_balance, options.opening_balances(), drift=options.drift)


def _replay(lines: list[bytes], drift: Decimal) -> Account:
    opening, *past = map(json.loads, lines)
    held = {token: Decimal(balance) for token, balance in opening["subaccounts"].items()}
    return Account(Decimal(opening["main"]), held, drift=drift, past=map(_read_event, past))


def _read_event(record: dict[str, Any]) -> Event:
    return Event(**_NOTHING | {name: Decimal(value) if name in _AMOUNTS else value for name, value in record.items()})

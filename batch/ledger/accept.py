"""The facts that a new batch begins with."""

from __future__ import annotations

import hashlib
import json

from batch.ledger.encoding import cell_to_json
from batch.ledger.facts import Accepted, BalancesRead, Purpose, StateChanged
from batch.ledger.protocol import NewBatch
from batch.model import BatchState, SheetRow
from batch.money import to_thousandths


def accepted(new: NewBatch) -> tuple[Accepted, BalancesRead, StateChanged]:
    """What is recorded when a plan is accepted: the plan, the balances it was accepted with, and the approval."""
    fact = Accepted(
        at=new.at,
        batch=new.name,
        digest=new.plan.digest,
        file_name=new.sheet.source.file_name,
        sha256=new.sheet.source.sha256,
        rows=len(new.sheet.frame),
        movements=len(new.plan.frame),
        added=new.plan.added,
        removed=new.plan.removed,
        rows_sha256=rows_sha256(new.sheet.rows),
        api_url=new.access.api_url,
        account=new.owner,
        key_fingerprint=new.access.fingerprint,
        options=new.options,
        why=new.why,
        prepared=new.prepared,
        approved=new.approved,
    )
    named = new.plan.tokens
    balances = {token: balance for token, balance in new.opening.subaccounts.items() if token in named}
    opening = BalancesRead(new.opening.at, Purpose.OPENING, new.opening.main, balances)
    return fact, opening, StateChanged(new.at, BatchState.APPROVED)


def rows_sha256(rows: tuple[SheetRow, ...]) -> str:
    """SHA-256 over every row: its number, its cells, and what was read in them."""
    digest = hashlib.sha256()
    for row in rows:
        cells = [cell_to_json(cell) for cell in row.cells]
        amount = None if row.amount is None else to_thousandths(row.amount)
        line = json.dumps([row.number, cells, row.token, row.direction, amount, row.is_valid], ensure_ascii=True)
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()

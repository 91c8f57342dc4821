"""Looking in the ledger for batches that the plan at hand looks like."""

from __future__ import annotations

from dataclasses import replace

from batch.findings import Finding
from batch.ledger.protocol import BatchKey, Ledger
from batch.rules.likeness import REMEMBERED, counted, differ_in_one, same_movements_finding, same_name_finding
from batch.runner.dry_run import DryRun


def with_likeness(checked: DryRun, ledger: Ledger, account: BatchKey) -> DryRun:
    """The dry run with a warning for each batch of the last 40 days that may be the same list."""
    source, plan = checked.sheet.source, checked.plan
    mine = counted(plan.movements)
    found: list[Finding] = []
    for earlier in ledger.earlier(account, checked.at - REMEMBERED):
        day = f"{earlier.at.astimezone():%Y-%m-%d}"
        if earlier.file_name == source.file_name and earlier.sha256 != source.sha256:
            found.append(same_name_finding(source.file_name, earlier.batch, day))
        # Movements are only fetched where their number allows that all but one are the same.
        if abs(earlier.movements - len(plan.rows)) <= 1 and differ_in_one(
            mine, counted(ledger.movements(earlier.batch))
        ):
            found.append(same_movements_finding(earlier.batch, day))
    return replace(checked, sheet=replace(checked.sheet, findings=(*checked.sheet.findings, *found)))

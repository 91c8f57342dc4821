"""Verifying the record of a batch of 100,000 rows, as a person asks for it: seconds and memory of the whole command."""

from __future__ import annotations

from collections.abc import Iterator

from bench.batches import record_finished
from bench.measuring import Effort, folder, process, python, turn_about
from bench.results import Answer, limited
from bench.running import database

ROWS = 100_000
BATCH = "b-1"


def answers(effort: Effort) -> Iterator[Answer]:
    """At most 10 s and 300 MiB."""
    rows = effort.of(ROWS)
    with folder() as home:
        with database(home) as ledger:
            record_finished(ledger, rows, BATCH)
        command = python("-m", "batch", "verify", BATCH)
        environ = {"CREDITBATCH_HOME": str(home)}
        mib = process(command, cwd=home, environ=environ, memory=True)[0].mib
        taken = turn_about(effort.repeats, ours=lambda: process(command, cwd=home, environ=environ)[0])
    seconds = taken["ours"].seconds
    yield limited(f"verify {rows:,} rows", seconds, 10, "s", f"{seconds:.1f} s")
    yield limited(f"verify {rows:,} rows: memory", mib, 300, "MiB", f"{mib:.0f} MiB")

"""A run at 20 ms a call, the whole process with its check, its journal and its report: against a bare loop."""

from __future__ import annotations

from collections.abc import Iterator

from bench.measuring import Effort, folder, timed, turn_about
from bench.providers import address, bare_loop, provider
from bench.results import Answer, compared
from bench.running import Fresh
from bench.sheets import new_batch, workbook

ROWS = 2_000
LATENCY_MS = 20.0


def answers(effort: Effort) -> Iterator[Answer]:
    """At most 1.15 times."""
    rows = effort.of(ROWS)
    with folder() as home, provider(latency_ms=LATENCY_MS) as port:
        sheet = workbook(home / "sheet.xlsx", rows)
        movements = new_batch(rows, "plan").plan.movements
        ours = Fresh(home, address(port))
        taken = turn_about(
            effort.repeats,
            theirs=lambda: timed(lambda: bare_loop(address(port), movements)),
            ours=lambda: ours.run(sheet),
        )
    figures = f"{taken['ours'].seconds:.1f} s with check and report, bare loop {taken['theirs'].seconds:.1f} s"
    question = f"a whole run, {rows:,} rows, {LATENCY_MS:g} ms a call"
    yield compared(question, taken["ours"].seconds, taken["theirs"].seconds, 1.15, figures)

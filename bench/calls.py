"""A run's calls, to a server that answers at once, with the journal at full durability: against a bare loop."""

from __future__ import annotations

from collections.abc import Iterator

from bench.measuring import Effort, folder, timed, turn_about
from bench.providers import address, bare_loop, provider
from bench.results import Answer, compared
from bench.running import client, database, perform_here
from bench.sheets import new_batch

ROWS = 2_000


def answers(effort: Effort) -> Iterator[Answer]:
    """At most 1.8 times."""
    rows = effort.of(ROWS)
    names = iter(range(10**6))
    with folder() as home, provider() as port, database(home) as ledger, client(address(port)) as ours:
        movements = new_batch(rows, "plan").plan.movements
        taken = turn_about(
            effort.repeats,
            theirs=lambda: timed(lambda: bare_loop(address(port), movements)),
            ours=lambda: perform_here(ours, ledger, new_batch(rows, f"b-{next(names)}")),
        )
    figures = f"{taken['ours'].seconds / rows * 1e3:.2f} ms a row, bare loop {taken['theirs'].seconds / rows * 1e3:.2f}"
    question = f"the calls of a run, {rows:,} rows, server at once"
    yield compared(question, taken["ours"].seconds, taken["theirs"].seconds, 1.8, figures)

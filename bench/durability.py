"""What it costs a row that everything is written down, and what that is made of."""

from __future__ import annotations

from collections.abc import Iterator

from bench.measuring import Effort, Measure, folder, turn_about
from bench.providers import address, provider
from bench.results import Answer
from bench.running import client, database, memory, perform_here
from bench.sheets import new_batch

ROWS = 2_000


def answers(effort: Effort) -> Iterator[Answer]:
    """The figure; there is nothing to reach."""
    rows = effort.of(ROWS)
    with folder() as home, provider() as port, client(address(port)) as ours:

        def in_database(*, durable: bool) -> Measure:
            where = home / f"{next(numbers)}"
            with database(where, durable=durable) as ledger:
                return perform_here(ours, ledger, new_batch(rows, "b-1"))

        numbers = iter(range(10**6))
        taken = turn_about(
            effort.repeats,
            remembered=lambda: perform_here(ours, memory(), new_batch(rows, "b-1")),
            written=lambda: in_database(durable=False),
            durable=lambda: in_database(durable=True),
        )
    row = {name: measure.seconds / rows * 1e6 for name, measure in taken.items()}
    figures = (
        f"{row['durable'] - row['remembered']:.0f} µs: {row['written'] - row['remembered']:.0f} for the statements, "
        f"{row['durable'] - row['written']:.0f} for waiting until the disk has them"
    )
    ratio = f"{row['durable'] / row['remembered']:.2f}"
    yield Answer("what durability costs a row, against the ledger in memory", ratio, "", None, figures)

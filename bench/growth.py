"""Whether time and memory grow no faster than the rows: 1,000, 10,000 and 100,000 of them.

`python -m bench.growth STEP ROWS FILE` measures one step in a process of its own and prints its seconds.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.batches import record_finished
from bench.measuring import Effort, Measure, folder, process, python, timed, turn_about
from bench.results import Answer
from bench.running import memory, perform_here, provider_here
from bench.sheets import checked, new_batch, workbook

SIZES = (1_000, 10_000, 100_000)
MOST = 1.05
"""An exponent of 1 is growth as the rows; the rest is noise."""


def answers(effort: Effort) -> Iterator[Answer]:
    """Exponents of at most 1."""
    sizes = [effort.of(size) for size in SIZES]
    with folder() as home:
        sheets = {size: workbook(home / f"{size}.xlsx", size) for size in sizes}
        for step in _STEPS:
            taken = turn_about(effort.repeats, **{str(size): _contender(step, size, sheets[size]) for size in sizes})
            measures = [taken[str(size)] for size in sizes]
            seconds = exponent(sizes, [measure.seconds for measure in measures])
            mib = exponent(sizes, [measure.mib for measure in measures])
            figures = "; ".join(
                f"{size:,} rows {measure.seconds:.2f} s, {measure.mib:.0f} MiB"
                for size, measure in zip(sizes, measures, strict=True)
            )
            ratio = f"{seconds:.2f}, memory {mib:.2f}"
            reached = max(seconds, mib) <= MOST
            yield Answer(f"growth of {step}: exponent", ratio, "at most 1", reached, figures)


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """The slope of the line through the logarithms, by least squares."""
    across, up = [math.log(size) for size in sizes], [math.log(value) for value in values]
    middle, level = sum(across) / len(across), sum(up) / len(up)
    covered = sum((x - middle) * (y - level) for x, y in zip(across, up, strict=True))
    return covered / sum((x - middle) ** 2 for x in across)


def _contender(step: str, rows: int, sheet: Path) -> Callable[[], Measure]:
    def measured() -> Measure:
        whole, out = process(python("-m", "bench.growth", step, str(rows), sheet), cwd=sheet.parent)
        return Measure(float(out), whole.mib)

    return measured


def _read(_rows: int, sheet: Path) -> Measure:
    from batch.sheet import open_sheet

    def read() -> None:
        with open_sheet(sheet) as reader:
            reader.result()

    return timed(read)


def _check(rows: int, _sheet: Path) -> Measure:
    return timed(lambda: checked(rows))


def _run(rows: int, _sheet: Path) -> Measure:
    return perform_here(provider_here(), memory(), new_batch(rows, "b-1"))


def _report(rows: int, sheet: Path) -> Measure:
    from batch.report.verdict import Contents
    from batch.report.workbook import write_report

    ledger = memory()
    record_finished(ledger, rows, "b-1")
    view = ledger.view("b-1")
    return timed(lambda: write_report(sheet.with_name("report.xlsx"), Contents(view, None)))


_STEPS: dict[str, Callable[[int, Path], Measure]] = {"read": _read, "check": _check, "run": _run, "report": _report}


if __name__ == "__main__":
    print(_STEPS[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3])).seconds)

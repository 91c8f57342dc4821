from __future__ import annotations

import runpy
from decimal import Decimal
from pathlib import Path

import pytest

from batch.finding_rules import RULES, Severity
from batch.frames import CheckedSheet, Grid, make_frame
from batch.model import Source
from batch.planning.plan import compute_forecast, make_plan
from batch.validation.check_sheet import Expected, check_sheet

from .reading import read

SAMPLES = Path(__file__).parents[2] / "samples"
SANDBOX = {f"sub-{number:04}": Decimal(100) for number in range(1, 30)}
# What cannot happen on the sandbox's account, what only a whole sheet, a cell's format or a ledger can say.
ELSEWHERE = {
    "token-zeros-lost", "token-with-decimals", "row-too-long", "token-as-shown", "token-shown-otherwise",
    "amount-shown-rounded", "amount-other-unit", "row-was-done",
}  # fmt: skip


def checked(name: str) -> CheckedSheet:
    data = (SAMPLES / name).read_bytes()
    sheet, rows = read(data, name)
    return check_sheet(Grid(Source(name, "", len(data), sheet), make_frame(rows)), SANDBOX, Expected())


def test_the_generator_writes_the_same_bytes(tmp_path: Path) -> None:
    runpy.run_path(str(SAMPLES / "make_samples.py"))["write_all"](tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in SAMPLES.iterdir() if path.suffix in {".xlsx", ".csv"}}
    assert written == kept


@pytest.mark.parametrize(("name", "count"), [("monthly.xlsx", 40), ("monthly-fr.csv", 40), ("thousand.xlsx", 1000)])
def test_the_good_sheets_pass_in_order(name: str, count: int) -> None:
    sheet = checked(name)
    plan = make_plan(sheet)
    assert len(plan.movements) == count
    assert not sheet.findings
    assert not any(row.findings for row in sheet.rows)
    assert compute_forecast(plan, Decimal(10_000), SANDBOX).passes
    assert plan.added < 5_000


def test_the_french_file_is_the_same_plan() -> None:
    assert make_plan(checked("monthly.xlsx")).digest == make_plan(checked("monthly-fr.csv")).digest
    assert b"1\xa0234,56" in (SAMPLES / "monthly-fr.csv").read_bytes()


def test_every_mistake_is_found_where_the_note_says() -> None:
    rows = checked("mistakes.xlsx").rows
    for row in rows:
        assert "".join(finding.code for finding in row.findings) == (row.cells[4] or "")
    found = {finding.code for row in rows for finding in row.findings}
    assert (
        found
        == {code for code in RULES if code.split("-")[0] in {"token", "amount", "direction", "sign", "row"}} - ELSEWHERE
    )
    assert {RULES[code].severity for code in found} == {Severity.ERROR, Severity.WARNING}


def test_every_mistake_in_a_header_is_found() -> None:
    codes = {finding.code for finding in checked("mistakes-columns.csv").findings}
    assert codes == {"column-twice", "column-unknown", "column-missing"}


def test_the_readme_names_every_sample() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"`{path.name}`" in readme for path in SAMPLES.iterdir() if path.suffix in {".xlsx", ".csv"})

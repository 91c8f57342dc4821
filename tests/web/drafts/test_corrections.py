"""Corrected cells are put over the grid and read by the same rules."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from batch.frames import Wrapped
from batch.model import Cell, CellFormatting
from batch.validation.check_sheet import Expected, check_sheet
from batch.web.drafts.conventions import Correction, correct_grid
from tests.builders import NOON, grid


def correction(row: int, column: int, after: str | None, before: Cell = None) -> Correction:
    return Correction(row, column, before, after, "Ada", NOON)


def test_a_corrected_cell_is_read_by_the_rules() -> None:
    read = grid(["sub-1", "12,345", "add"], ["sub-2", Decimal(5), "add"])
    assert not check_sheet(read, None, Expected()).rows[0].is_valid
    sheet = check_sheet(correct_grid(read, [correction(2, 1, "12,34")]), None, Expected())
    assert sheet.rows[0].amount == Decimal("12.34")
    assert sheet.rows[1].amount == Decimal(5)


def test_the_newest_correction_of_a_cell_counts_and_the_original_is_kept() -> None:
    read = grid(["sub-1", Decimal(1), "add"])
    now = correct_grid(read, [correction(2, 1, "2"), correction(2, 1, "3")])
    assert now.rows[1][1] == "3"
    assert read.rows[1][1] == Decimal(1)


def test_a_short_row_is_filled_up_and_a_row_beyond_the_sheet_is_left_alone() -> None:
    now = correct_grid(grid(["sub-1"]), [correction(2, 2, "add"), correction(99, 0, "x")])
    assert now.rows[1] == ("sub-1", None, "add")
    assert len(now.rows) == 2


def test_what_the_eye_saw_in_a_corrected_cell_is_no_more() -> None:
    appearance = CellFormatting(shown={(2, 1): "12.35", (3, 1): "1"}, struck=frozenset({(2, 1), (2, 0)}))
    read = replace(grid(["sub-1", Decimal("12.345"), "add"]), appearance=appearance)
    now = correct_grid(read, [correction(2, 1, "12.35")])
    assert now.appearance.shown == {(3, 1): "1"}
    assert now.appearance.struck == {(2, 0)}


def test_a_row_that_a_cell_has_swallowed_is_not_brought_back_by_correcting_the_cell() -> None:
    wrapped = Wrapped(";", {2: (2, ('sub-1;5;add;"North', 'sub-2;7;add"'))})
    read = replace(grid(["sub-1", Decimal(5), "add", "North\nsub-2;7;add"]), wrapped=wrapped)
    now = correct_grid(read, [correction(2, 3, "North")])
    assert [finding.code for finding in check_sheet(now, None, Expected()).findings] == ["rows-in-cell"]


def test_a_correction_survives_the_database() -> None:
    made = correction(2, 1, None, Decimal("12.345"))
    assert Correction.from_json(made.to_json()) == made

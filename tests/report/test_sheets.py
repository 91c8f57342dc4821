from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from batch import __version__
from batch.findings import Finding
from batch.frames import Grid, make_frame
from batch.i18n import Language, use_language
from batch.model import Cell, ColumnRole, Event, People, RowResult, Status
from batch.planning.plan import compute_forecast, make_plan
from batch.report.result_labels import Teller
from batch.report.rows_sheet import format_rows
from batch.report.table import choose_scale
from batch.report.verdict import Contents
from batch.validation.check_sheet import Expected, check_sheet
from tests.report.views import (
    DONE,
    INVALID,
    PENDING,
    REFUSED,
    SOURCE,
    START,
    TITLES,
    UNKNOWN,
    balances,
    cell_under,
    checked,
    dry_run_of,
    labelled,
    reopened,
    row,
    sheet_of,
    values,
    view_of,
)

REASON = "Why it was not done"
OURS = [
    "Status", "Code", "Meaning", "Provider’s message", "Main balance after", "Sub-account balance after", "Attempts",
    "Moved at (UTC)", "Established at (UTC)", "Findings",
]  # fmt: skip


def test_rows_have_their_number_then_the_accountants_columns_and_then_ours(tmp_path: Path) -> None:
    sheet = sheet_of(reopened(tmp_path, view_of([DONE, REFUSED])), "Rows")
    first, second, third, _total = values(sheet)
    assert first == ["Row in sheet", *TITLES, *OURS]
    assert second[:9] == [2, "A", "0001a", 50, "add", "done", 200, "Done", None]
    assert second[9:12] == [2869.2, 61.8, 1]
    assert second[13:] == [datetime(2026, 3, 31, 8, 15, 12, 345000), None]  # noqa: DTZ001
    assert third[5:9] == ["refused", 8, "Not enough credit", "Crédit insuffisant"]


@pytest.mark.parametrize("title", ["Rows", "Balances", "To fix"])
def test_totals_add_up_what_is_shown_and_are_there_before_anybody_has_calculated(tmp_path: Path, title: str) -> None:
    rows = [row(2, "50.005", token="b"), row(3, "20", token="a", direction="remove"), row(4, "7", token="c")]
    book = view_of([REFUSED, DONE, REFUSED], rows, opening=balances("100", a="30", b="1.5"))
    last = values(sheet_of(reopened(tmp_path, book), title))[-1]
    formulas = values(sheet_of(reopened(tmp_path, book, results=False), title))[-1]
    assert (last, formulas) == {
        "Rows": (
            ["Total", None, None, 77.005, None, 3, *[None] * 9],
            ["Total", None, None, "=SUBTOTAL(109,D2:D4)", None, "=SUBTOTAL(103,F2:F4)", *[None] * 9],
        ),
        "To fix": (
            ["Total", None, None, 57.005, None, 2],
            ["Total", None, None, "=SUBTOTAL(109,D2:D3)", None, "=SUBTOTAL(103,F2:F3)"],
        ),
        "Balances": (
            ["Total of the sub-accounts", 31.5, 0, 20, 11.5, None, None],
            ["Total of the sub-accounts", *(f"=SUBTOTAL(109,{letter}4:{letter}6)" for letter in "BCDE"), None, None],
        ),
    }[title]


def test_no_filter_takes_the_totals_or_the_main_account_along(tmp_path: Path) -> None:
    view = view_of([REFUSED, DONE], opening=balances("100"))
    book = reopened(tmp_path, view)
    table = sheet_of(book, "Rows").tables["Rows"]
    assert (table.ref, table.totalsRowCount, table.autoFilter.ref) == ("A1:O4", 1, "A1:O3")
    totals = {item.name: item.totalsRowFormula.attr_text for item in table.tableColumns if item.totalsRowFormula}
    assert totals == {"Amount": "SUBTOTAL(109,D2:D3)", "Status": "SUBTOTAL(103,F2:F3)"}
    assert sheet_of(book, "Balances").auto_filter.ref == "A3:G4"
    assert sheet_of(book, "To fix").auto_filter.ref == "A1:F2"
    assert book.defined_names["Balances"].attr_text == "'Balances'!$A$3:$G$4"
    assert book.defined_names["ToFix"].attr_text == "'To fix'!$A$1:$F$2"


def test_a_text_of_rows_that_could_not_be_read_is_in_no_total(tmp_path: Path) -> None:
    read = checked([["token", "amount", "direction"], ["a1", "12,50", "add"], ["a1", "1.250", "add"]])
    view = view_of([DONE, INVALID], read.rows, columns=read.columns, roles=read.roles)
    assert values(sheet_of(reopened(tmp_path, view), "Rows"))[-1][2] == 12.5


def test_each_title_of_the_rows_names_one_column_as_a_table_of_excels_needs_it(tmp_path: Path) -> None:
    sheet = sheet_of(reopened(tmp_path, view_of([DONE], columns=("x", "X", "", "status\n"))), "Rows")
    assert values(sheet)[0][1:6] == ["x", "X (2)", "Column 3", "status (2)", "Status"]


def test_each_status_is_worded_and_has_a_colour_of_its_own(tmp_path: Path) -> None:
    sheet = sheet_of(reopened(tmp_path, view_of([DONE, REFUSED, INVALID, UNKNOWN, PENDING])), "Rows")
    cells = [cell_under(sheet, "Status", line) for line in range(2, 7)]
    assert [cell.value for cell in cells] == ["done", "refused", "invalid", "unknown", "pending"]
    assert len({cell.fill.fgColor.rgb for cell in cells}) == 5


def test_amount_that_was_read_from_a_text_is_a_number_of_euros(tmp_path: Path) -> None:
    read = checked([["token", "amount", "direction"], ["a1", "12,50", "add"], ["a1", "1.250", "add"]])
    view = view_of([DONE, INVALID], read.rows, columns=read.columns, roles=read.roles)
    sheet = sheet_of(reopened(tmp_path, view), "Rows")
    assert (sheet["C2"].value, sheet["C2"].number_format) == (12.5, '"€"#,##0.00;-"€"#,##0.00')
    assert sheet["C3"].value == "1.250"


def test_findings_are_shown_with_their_cells(tmp_path: Path) -> None:
    read = checked([["token", "amount", "direction"], ["a1", "?", "add"], ["a2", "5", "add"], ["a2", "5", "add"]])
    sheet = sheet_of(reopened(tmp_path, dry_run_of(read)), "Rows")
    assert str(cell_under(sheet, "Findings", 3, header=2).value).startswith("B2: The amount “?”")
    assert str(cell_under(sheet, "Findings", 5, header=2).value).startswith(
        "Warning: A4: This row says the same as row 3"
    )


def test_dry_run_says_which_rows_would_be_refused(tmp_path: Path) -> None:
    read = checked([["token", "amount", "direction"], ["a1", "5", "add"], ["a2", "7", "add"]])
    foreseen = compute_forecast(make_plan(read), Decimal(4), {"a1": Decimal(1)})
    sheet = sheet_of(reopened(tmp_path, dry_run_of(read), foreseen), "Rows")
    assert cell_under(sheet, "Findings", 3, header=2).value == "Would be refused: Not enough credit, €1.00 short."
    assert cell_under(sheet, "Findings", 4, header=2).value == "Would be refused: The sub-account does not exist."


def test_wide_rows_print_on_pages_beside_each_other_with_what_was_read_and_its_status_on_each(tmp_path: Path) -> None:
    titles = tuple(f"A column with a long title of its own, number {index}" for index in range(20))
    roles = {ColumnRole.TOKEN: 9, ColumnRole.AMOUNT: 19, ColumnRole.DIRECTION: 3}
    read = row(2)
    wide = type(read)(2, tuple(f"{'x' * 40} {at}" for at in range(20)), read.token, read.direction, read.amount)
    view = view_of([DONE], [wide], columns=titles, roles=roles)
    sheet = sheet_of(reopened(tmp_path, view), "Rows")
    in_front = ["Row in sheet", titles[3], titles[9], titles[19], "Status"]
    assert values(sheet)[0][:7] == [*in_front, titles[0], titles[1]]
    assert values(sheet)[1][3:5] == [50, "done"]
    assert sheet.page_setup.pageOrder == "overThenDown"
    assert 54 <= int(sheet.page_setup.scale or 0) <= 60
    assert (sheet.print_title_cols, sheet.print_title_rows) == ("$A:$E", "$1:$1")
    text = next(format_rows(Contents(view, None)))
    assert text == values(sheet)[0]


def test_rows_with_long_texts_are_high_enough(tmp_path: Path) -> None:
    said = RowResult(Status.REFUSED, 8, "word " * 40)
    sheet = sheet_of(reopened(tmp_path, view_of([said, DONE])), "Rows")
    assert (sheet.row_dimensions[2].height or 0) > 60
    assert sheet.row_dimensions[3].height is None
    assert cell_under(sheet, "Provider’s message").alignment.wrap_text


def test_balances_show_the_course_of_each_subaccount(tmp_path: Path) -> None:
    rows = [row(2, "50", token="b"), row(3, "20", token="a", direction="remove"), row(4, token="c")]
    view = view_of(
        [DONE, DONE, REFUSED],
        rows,
        opening=balances("100", a="30", b="1.5"),
        closing=balances("69.9", a="9.95", b="51.5"),
    )
    sheet = sheet_of(reopened(tmp_path, view), "Balances")
    assert values(sheet)[:-1] == [
        ["Account", "Opening", "Added", "Removed", "Expected", "Final", "Difference"],
        ["Main account", 100, 20, 50, 70, 69.9, -0.1],
        ["Sub-account", "Opening", "Added", "Removed", "Expected", "Final", "Difference"],
        ["b", 1.5, 50, 0, 51.5, 51.5, 0],
        ["a", 30, 0, 20, 10, 9.95, -0.05],
        ["c", None, 0, 0, None, None, None],
    ]
    assert sheet["B4"].number_format.startswith('"€"#,##0.000')
    assert sheet["G5"].fill.fgColor.rgb != sheet["G4"].fill.fgColor.rgb


def test_balances_of_a_dry_run_come_from_the_forecast(tmp_path: Path) -> None:
    read = checked([["token", "amount", "direction"], ["a1", "5", "add"], ["a1", "2", "remove"]])
    foreseen = compute_forecast(make_plan(read), Decimal(100), {"a1": Decimal(1)})
    lines = values(sheet_of(reopened(tmp_path, dry_run_of(read), foreseen), "Balances"))
    assert lines[2] == ["Main account", 100, 2, 5, 97, None, None]
    assert lines[4] == ["a1", 1, 5, 2, 4, None, None]
    lines = values(sheet_of(reopened(tmp_path, dry_run_of(read)), "Balances"))
    assert lines[4] == ["a1", None, 5, 2, None, None, None]


FIXABLE: list[list[Cell]] = [
    ["Client", "", "Token", "Montant", "Sens", "Échéance", "Client"],
    ["Ville", None, "000123", Decimal("12.5"), "ajout", datetime(2026, 3, 31), Decimal(7)],  # noqa: DTZ001
    ["Club", None, "=1+1", "1.250", "retrait", None, True],
    ["Bar", None, Decimal("1234567890123456"), Decimal("0.30000000000000004"), "??", None, None],
    ["Parc", None, Decimal("12345"), Decimal(-5), "ajout", None, "_x0041_ note"],
]


def balances_beside(sheet: Worksheet, label: str) -> list[object]:
    """The main account's, the sub-accounts' and both together."""
    line = next(line for line in values(sheet) if line[0] == label)
    return [line[3], line[5], line[6]]


def _to_fix(tmp_path: Path, rows: list[list[Cell]]) -> list[list[Cell]]:
    read = checked(rows)
    results = [INVALID if not item.is_valid else REFUSED for item in read.rows]
    book = reopened(tmp_path, view_of(results, read.rows, columns=read.columns, roles=read.roles))
    return [[_as_read(cell) for cell in line] for line in values(sheet_of(book, "To fix"))]


def _as_read(cell: object) -> Cell:
    """A cell as a reader of sheets gives it; unlike openpyxl it knows Excel's escapes."""
    if isinstance(cell, bool | datetime) or cell is None:
        return cell
    return unescape(cell) if isinstance(cell, str) else Decimal(repr(cell))


def test_to_fix_has_the_inputs_own_layout_and_only_the_rows_to_fix(tmp_path: Path) -> None:
    results = {"done": DONE, "refused": REFUSED, "pending": PENDING, "invalid": INVALID, "unknown": UNKNOWN}
    rows = [row(number, client=status) for number, status in enumerate(results, 2)]
    sheet = sheet_of(reopened(tmp_path, view_of(list(results.values()), rows)), "To fix")
    assert values(sheet)[0] == ["Row in sheet", *TITLES, REASON]
    assert [line[:2] for line in values(sheet)[1:-1]] == [[3, "refused"], [5, "invalid"]]
    assert (
        sheet["F2"].value == "Row 3: Refused: Not enough credit (code 8). The provider’s message: “Crédit insuffisant”"
    )
    assert sheet["C2"].value == "0001a"
    assert sheet["C2"].number_format == "@"
    assert sheet["D2"].data_type == "n"


def test_to_fix_is_read_again_as_the_same_rows(tmp_path: Path) -> None:
    before = checked(FIXABLE)
    after = check_sheet(Grid(SOURCE, make_frame(_to_fix(tmp_path, FIXABLE))), None, Expected())
    assert after.roles == {role: place + 1 for role, place in before.roles.items()}
    assert after.columns[1:-1] == before.columns
    assert after.findings == before.findings
    for old, new in zip(before.rows, after.rows, strict=True):
        assert (new.token, new.amount, new.direction) == (old.token, old.amount, old.direction)
        assert [found.code for found in new.findings] == [found.code for found in old.findings]


def test_to_fix_of_a_sheet_that_was_one_has_one_column_of_reasons(tmp_path: Path) -> None:
    once = _to_fix(tmp_path, FIXABLE)
    twice = _to_fix(tmp_path, once)
    assert twice[0] == once[0]
    assert [line[1:-1] for line in twice] == [line[1:-1] for line in once]


def test_to_fix_has_only_titles_when_there_is_nothing_to_fix(tmp_path: Path) -> None:
    assert values(sheet_of(reopened(tmp_path, view_of([DONE])), "To fix")) == [["Row in sheet", *TITLES, REASON]]


def test_events_are_the_whole_trail(tmp_path: Path) -> None:
    at = START + timedelta(microseconds=678)
    data = {"row": 5, "amount": Decimal("1E+1"), "main_balance": None, "before": {"a1": "1.5"}, "seen": [1, 2]}
    sheet = sheet_of(
        reopened(tmp_path, view_of([DONE], events=(Event(7, at, "attempt-started", data, "f" * 64),))), "Events"
    )
    assert values(sheet)[0] == ["Number", "Time (UTC)", "Event", "Particulars", "Hash"]
    number, time, kind, words, digest = values(sheet)[1]
    assert (number, kind, digest) == (7, "Attempt started", "f" * 64)
    assert words == "row: 5 · amount: 10 · main balance: none · before: {a1: 1.5} · seen: [1, 2]"
    assert isinstance(time, datetime)
    assert abs(time.replace(tzinfo=UTC) - at) < timedelta(milliseconds=1)


def test_no_long_event_is_cut_and_links_still_lead_to_the_lines(tmp_path: Path) -> None:
    read = {f"{number:032x}": f"{number}.5" for number in range(5_000)}
    kinds: list[tuple[str, dict[str, object]]] = [
        ("balances-read", {"subaccounts": read, "purpose": "opening"}),
        ("attempt-began", {"row": 3}),
    ]
    trail = tuple(Event(at, START, kind, data, "f" * 64) for at, (kind, data) in enumerate(kinds, 1))
    book = reopened(tmp_path, view_of([DONE, REFUSED], events=trail))
    sheet = sheet_of(book, "Events")
    _titles, *lines, last = values(sheet)
    assert "".join(str(line[3]) for line in lines) == Teller().particulars(trail[0].data)
    assert {line[0] for line in lines} == {1}
    assert [line[4] for line in lines] == ["f" * 64, *[None] * (len(lines) - 1)]
    for number, line in enumerate(lines, 2):
        room = (sheet.column_dimensions["D"].width or 0) * 26
        assert len(str(line[3])) < room / 2
        assert sheet.cell(number, 4).alignment.wrap_text
    assert (last[0], sheet.max_row) == (2, len(lines) + 2)
    links = [sheet_of(book, "Rows")["A3"].hyperlink, sheet.cell(sheet.max_row, 1).hyperlink]
    assert [link and link.location for link in links] == [f"'Events'!A{sheet.max_row}", "'Rows'!A3"]


def test_events_are_in_no_print(tmp_path: Path) -> None:
    sheet = sheet_of(reopened(tmp_path, view_of([DONE], events=(Event(1, START, "x", {}, "f"),))), "Events")
    assert (sheet.print_area, sheet.max_column) == ("'Events'!$G$1", 5)


def test_event_without_data_has_no_particulars() -> None:
    assert Teller().particulars({}) == ""


def test_summary_says_what_ran_when_and_on_which_file(tmp_path: Path) -> None:
    view = view_of([DONE], opening=balances("100"), closing=balances("49.68"))
    sheet = sheet_of(reopened(tmp_path, view), "Summary")
    assert labelled(sheet, "Batch") == "2026-03-a7f3"
    assert labelled(sheet, "State") == "finished"
    assert labelled(sheet, "File") == "march.xlsx"
    assert labelled(sheet, "Size") == "18,432 bytes"
    assert labelled(sheet, "SHA-256 of the file") == "ab" * 32
    assert labelled(sheet, "Digest of the plan") == "cd" * 32
    assert labelled(sheet, "Started") == datetime(2026, 3, 31, 8, 15, 12, 345000)  # noqa: DTZ001
    assert labelled(sheet, "Ended") == datetime(2026, 3, 31, 8, 17, 12, 345000)  # noqa: DTZ001
    assert labelled(sheet, "Provider’s address") == "https://api.example/v1"
    assert labelled(sheet, "Written by") == f"creditbatch {__version__}"
    assert balances_beside(sheet, "Opening balance") == [100, "not known", "not known"]
    assert balances_beside(sheet, "= expected") == [50, "not known", "not known"]
    assert balances_beside(sheet, "Closing balance") == [49.68, "not known", "not known"]
    assert balances_beside(sheet, "Difference") == [-0.32, "not known", "not known"]
    assert not sheet.sheet_view.showGridLines


def test_summary_counts_rows_and_euros_in_and_out_by_status(tmp_path: Path) -> None:
    rows = [row(2, "10"), row(3, "2.505"), row(4, "1", direction="remove"), row(5, "7")]
    lines = values(sheet_of(reopened(tmp_path, view_of([DONE, REFUSED, DONE, PENDING], rows)), "Summary"))
    table = {line[0]: line[2:7] for line in lines}
    assert table["Asked for"] == [3, 19.505, 1, 1, 4]
    assert table["done"] == [1, 10, 1, 1, 2]
    assert table["refused"] == [1, 2.505, 0, 0, 1]
    assert table["invalid"] == [0, 0, 0, 0, 0]
    assert table["pending"] == [1, 7, 0, 0, 1]


def test_summary_compares_with_the_sheets_own_total(tmp_path: Path) -> None:
    wrong = Finding("total-wrong", 9, "C9", {"at": "C9", "as": "all", "stated": "60", "found": "50"})
    view = replace(view_of([DONE]), findings=(wrong,))
    sheet = sheet_of(reopened(tmp_path, view), "Summary")
    (line,) = (line for line in values(sheet) if line[0] == "The sheet’s own total")
    assert line == ["The sheet’s own total", "in C9", None, 60, None, 50, "no"]


def test_summary_names_those_who_answer_for_it_and_leaves_room_to_sign(tmp_path: Path) -> None:
    view = view_of([DONE])
    one = replace(view, head=replace(view.head, people=People("anne", ("anne",), ("anne", "bruno"))))
    sheet = sheet_of(reopened(tmp_path, one), "Summary")
    named = [labelled(sheet, label) for label in ("Prepared by", "Approved by", "Run by")]
    assert named == ["anne", "anne", "anne, bruno"]
    lines = values(sheet)
    assert [line[0] for line in lines if "same" in str(line[0])] == ["Prepared and approved by the same person."]
    assert sum(line[2] == "Date and signature" for line in lines) == 3
    two = replace(view, head=replace(view.head, people=People("anne", ("bruno",))))
    assert not any("same person" in str(line[0]) for line in values(sheet_of(reopened(tmp_path, two), "Summary")))


def test_summary_begins_with_the_verdict(tmp_path: Path) -> None:
    lines = values(sheet_of(reopened(tmp_path, view_of([DONE])), "Summary"))
    assert lines[0][0] == "Credit batch 2026-03-a7f3"
    assert str(lines[1][0]).startswith("The only row was done")


def test_summary_says_what_is_not_known(tmp_path: Path) -> None:
    sheet = sheet_of(reopened(tmp_path, view_of([DONE])), "Summary")
    for label in ("Opening balance", "Closing balance", "Difference"):
        assert balances_beside(sheet, label) == ["not known"] * 3


def test_together_movements_between_the_accounts_cancel_out(tmp_path: Path) -> None:
    rows = [row(2, "50"), row(3, "20", direction="remove", token="b")]
    opening, closing = balances("100", **{"0001a": "1", "b": "30"}), balances("69.5", **{"0001a": "51", "b": "10"})
    sheet = sheet_of(reopened(tmp_path, view_of([DONE, DONE], rows, opening=opening, closing=closing)), "Summary")
    assert balances_beside(sheet, "Opening balance") == [100, 31, 131]
    assert balances_beside(sheet, "+ received") == [20, 50, 70]
    assert balances_beside(sheet, "− given") == [50, 20, 70]
    assert balances_beside(sheet, "= expected") == [70, 61, 131]
    assert balances_beside(sheet, "Difference") == [-0.5, 0, -0.5]


def test_summary_lists_findings_of_the_sheet_but_not_without_end(tmp_path: Path) -> None:
    findings = (Finding("rows-missing", params={"header": "1"}),) * 25
    lines = values(sheet_of(reopened(tmp_path, view_of([], columns=(), roles={}, findings=findings)), "Summary"))
    assert sum(line[0] == "Error" for line in lines) == 20
    assert [line[1] for line in lines if str(line[1]).startswith("and ")] == ["and 5 more"]


def test_summary_calls_a_finding_what_it_is(tmp_path: Path) -> None:
    findings = (
        Finding("rows-missing", params={"header": "1"}),
        Finding("sheets-hidden", params={"sheets": "“Old”"}),
        Finding("count-agrees", params={"stated": "5"}),
    )
    view = view_of([], columns=(), roles={}, findings=findings)
    labels = {line[0] for line in values(sheet_of(reopened(tmp_path, view), "Summary"))}
    assert labels >= {"Error", "Warning", "Note"}
    with use_language(Language.FRENCH):
        labels = {line[0] for line in values(sheet_of(reopened(tmp_path, view), "Synthèse"))}
    assert labels >= {"Erreur", "Avertissement", "Note"}


def test_summary_of_a_dry_run_shows_the_forecast(tmp_path: Path) -> None:
    read = checked([["token", "amount", "direction"], ["a1", "50", "add"], ["a1", "2", "remove"]])
    foreseen = compute_forecast(make_plan(read), Decimal("50.5"), {"a1": Decimal(1)})
    sheet = sheet_of(reopened(tmp_path, dry_run_of(read), foreseen), "Summary")
    forecast_of = {line[0]: line[3] for line in values(sheet)}
    assert forecast_of["Main balance before"] == 50.5
    assert forecast_of["Would be added to sub-accounts"] == 50
    assert forecast_of["Would be removed from them"] == 2
    assert forecast_of["Main balance expected"] == 2.5
    assert forecast_of["Lowest on the way"] == 0.5
    assert forecast_of["Top-up needed"] == 0


def test_a_wide_table_is_printed_a_little_smaller_where_that_saves_a_page() -> None:
    assert choose_scale([10, 170], 1) == 60
    assert choose_scale([10, 170, 10], 1) < 60
    assert choose_scale([10, 150, 150], 1) == 60

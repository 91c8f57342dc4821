from __future__ import annotations

import csv
import hashlib
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from batch import __version__
from batch.errors import UsageError
from batch.evidence import comparison
from batch.evidence.comparison import compare_report
from batch.export import write_batch
from batch.i18n import Language, use_language
from batch.ledger.events import FileWritten
from batch.model import BatchRow, BatchView, Event, People
from batch.report import result_labels, summary_sheet
from batch.validation.vocabulary import REPORT_WORDS
from tests.office import needs_office, saved
from tests.report.views import DONE, END, INVALID, PENDING, REFUSED, START, UNKNOWN, balances, row, view_of

MAIN, SUB = balances("3000", **{"0001a": "20"}), balances("2869.2", **{"0001a": "70"})
TOLD = Language.ENGLISH


def events(count: int) -> tuple[Event, ...]:
    return tuple(
        Event(
            number,
            START + timedelta(seconds=number, microseconds=345_500),
            "attempt-began",
            {"row": number + 1, "attempt": 1, "main_balance": "3000.000", "subaccount_balance": None},
            hashlib.sha256(str(number).encode()).hexdigest(),
        )
        for number in range(1, count + 1)
    )


def view_after(count: int) -> BatchView:
    """A batch as it stood after so many events: with more of them, more rows are done."""
    results = [DONE if count > 2 else PENDING, REFUSED, UNKNOWN, INVALID]
    rows = [row(2, client="Étoile SARL"), row(3, "21.5"), row(4, "12.345"), row(5)]
    view = view_of(results, rows, opening=MAIN, closing=SUB, events=events(count))
    head = replace(view.head, people=People("alice@example.fr", ("bob@example.fr",), ("carol@example.fr",)))
    return replace(view, head=head)


TOTAL = 6
WRITTEN = datetime(2026, 3, 31, 9, tzinfo=UTC)


def written(path: Path, language: Language = TOLD, count: int = TOTAL) -> Path:
    with use_language(language):
        write_batch(path, view_after(count), WRITTEN)
    return path


def compared(path: Path, *writings: FileWritten, total: int = TOTAL) -> str | None:
    hashes = {event.hash: event.number for event in events(total)}
    return compare_report(path, writings, view_after, hashes.get, total)


def writing(
    kind: str, count: int, language: Language = TOLD, sha256: str = "", version: str = __version__
) -> FileWritten:
    return FileWritten(WRITTEN, f"b.{kind}", sha256, kind, language.value, "UTC", version, count)


@pytest.fixture(params=Language)
def language(request: pytest.FixtureRequest) -> Language:
    chosen: Language = request.param
    return chosen


@pytest.fixture(params=["xlsx", "csv", "json", "pdf"])
def kind(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.mark.parametrize("reader", Language)
@pytest.mark.parametrize("count", [2, TOTAL])
def test_a_report_as_it_was_written_is_whole(
    tmp_path: Path, kind: str, language: Language, reader: Language, count: int
) -> None:
    path = written(tmp_path / f"r.{kind}", language, count)
    recorded = writing(kind, count, language, "another")
    with use_language(reader):
        assert compared(path, recorded) is None


def test_a_recorded_file_is_whole_without_being_rebuilt(tmp_path: Path) -> None:
    path = tmp_path / "anything.bin"
    path.write_bytes(b"anything")
    recorded = writing("bin", 3, sha256=hashlib.sha256(b"anything").hexdigest())

    def rebuild(count: int) -> BatchView:
        raise AssertionError(count)

    assert compare_report(path, [recorded], rebuild, lambda _hash: None, TOTAL) is None


def sheet_at(book: Workbook, language: Language, index: int) -> Worksheet:
    sheet = book[REPORT_WORDS[language].sheets[index]]
    assert isinstance(sheet, Worksheet)
    return sheet


def edited(path: Path, edit: Callable[[Workbook], object]) -> Path:
    book = load_workbook(path)
    edit(book)
    book.save(path)
    return path


def place_of(language: Language, index: int, wanted: Callable[[Any], bool]) -> tuple[int, int]:
    """Where a value stands in a sheet of the report as it is written."""
    sheet = sheet_at(BOOKS[language], language, index)
    found = (
        (line, column)
        for line, values in enumerate(sheet.iter_rows(values_only=True), 1)
        for column, value in enumerate(values, 1)
        if wanted(value)
    )
    return next(found)


BOOKS: dict[Language, Workbook] = {}


@pytest.fixture(scope="module", autouse=True)
def books(tmp_path_factory: pytest.TempPathFactory) -> None:
    for one in Language:
        BOOKS[one] = load_workbook(written(tmp_path_factory.mktemp("books") / "r.xlsx", one))


EDITS: dict[str, tuple[int, Any, Any]] = {
    "the file's name": (0, lambda v: v == "march.xlsx", "april.xlsx"),
    "a person": (0, lambda v: v == "bob@example.fr", "mallory@example.fr"),
    "a total of euros": (0, lambda v: v == 133.845, 133.85),
    "a count of rows": (0, lambda v: v == 4, 5),
    "the opening balance": (0, lambda v: v == 3000, 3001),
    "the file's hash": (0, lambda v: v == "ab" * 32, "ab" * 31 + "ac"),
    "the digest": (0, lambda v: v == "cd" * 32, ""),
    "when it ended": (0, lambda v: hasattr(v, "year") and v.minute == END.minute, START.replace(tzinfo=None)),
    "an amount": (1, lambda v: v == 21.5, 12.5),
    "an amount as text": (1, lambda v: v == 21.5, "21.5"),
    "an amount as a truth": (1, lambda v: v == 12.345, True),
    "a formula of the same value": (1, lambda v: v == 21.5, "=43/2"),
    "a name cut by a space": (1, lambda v: v == "Étoile SARL", "Étoile SARL "),
    "a no-break space": (1, lambda v: v == "Étoile SARL", "Étoile\u00a0SARL"),
    "a token": (1, lambda v: v == "0001a", "0001b"),
    "a direction": (1, lambda v: v == "add", "remove"),
    "a code": (1, lambda v: v == 8, 200),
    "a message": (1, lambda v: v == "Crédit insuffisant", "Crédit suffisant"),
    "a message taken away": (1, lambda v: v == "Crédit insuffisant", None),
    "a balance": (1, lambda v: v == 2869.2, 2869.201),
    "a moment": (1, lambda v: hasattr(v, "year"), START.replace(tzinfo=None) + timedelta(minutes=1)),
    "a balance of a sub-account": (2, lambda v: v == 70, 60),
    "an amount to fix": (3, lambda v: v == 21.5, 12.5),
    "a title": (3, lambda v: v == "Client", "Customer"),
    "an event's number": (4, lambda v: v == 3, 4),
    "an event's moment": (4, lambda v: hasattr(v, "year"), START.replace(tzinfo=None)),
    "an event's particulars": (4, lambda v: isinstance(v, str) and "·" in v, "row: 2"),
    "an event's hash": (4, lambda v: v == events(3)[1].hash, events(3)[0].hash),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_changed_cell_is_named(tmp_path: Path, name: str, language: Language) -> None:
    index, wanted, value = EDITS[name]
    at = place_of(language, index, wanted)
    path = written(tmp_path / "r.xlsx", language)
    cell = sheet_at(BOOKS[language], language, index).cell(*at).coordinate
    edited(path, lambda book: setattr(sheet_at(book, language, index).cell(*at), "value", value))
    assert str(compared(path)).startswith(f"{REPORT_WORDS[language].sheets[index]}!{cell} ")


@pytest.mark.parametrize(("name", "line", "position"), [("status", 2, 0), ("row", 5, 0)])
def test_a_changed_status_or_row_number_is_named(
    tmp_path: Path, name: str, line: int, position: int, language: Language
) -> None:
    title = getattr(REPORT_WORDS[language], name)
    _row, column = place_of(language, 1, lambda value: value == title)
    path = edited(
        written(tmp_path / "r.xlsx", language),
        lambda book: setattr(sheet_at(book, language, 1).cell(line, column), "value", "99"),
    )
    cell = sheet_at(BOOKS[language], language, 1).cell(line, column).coordinate
    assert f"!{cell} says “99” in the report" in str(compared(path))


def test_both_values_are_told(tmp_path: Path) -> None:
    at = place_of(TOLD, 1, lambda value: value == 21.5)
    path = written(tmp_path / "r.xlsx")
    edited(path, lambda book: setattr(book["Rows"].cell(*at), "value", 12.5))
    assert compared(path) == "Rows!D3 says 12.50 in the report, but the ledger’s report says 21.50."
    edited(path, lambda book: setattr(book["Rows"].cell(*at), "value", None))
    assert compared(path) == "Rows!D3 says nothing in the report, but the ledger’s report says 21.50."
    edited(path, lambda book: setattr(book["Rows"].cell(*at), "value", "=43/2"))
    assert compared(path) == "Rows!D3 holds a formula in the report, where the ledger’s report has a value."


@pytest.mark.parametrize(("title", "cell"), [("Rows", "D6"), ("Rows", "F6"), ("Balances", "C5"), ("To fix", "D4")])
def test_another_total_or_formula_is_named(tmp_path: Path, title: str, cell: str) -> None:
    path = written(tmp_path / "r.xlsx")
    formula, result = (load_workbook(path, data_only=only)[title][cell].value for only in (False, True))
    assert str(formula).startswith("=SUBTOTAL(")
    changed = str(formula).replace(":", ":$")
    edited(path, lambda book: setattr(book[title][cell], "value", changed))
    assert str(compared(path)).startswith(
        f"{title}!{cell} says “{changed}” in the report, but the ledger’s report says"
    )
    edited(path, lambda book: setattr(book[title][cell], "value", result))
    assert compared(path) == (f"{title}!{cell} holds a value in the report, where the ledger’s report has a formula.")
    edited(path, lambda book: setattr(book[title][cell], "value", formula))
    # openpyxl leaves out what it came to.
    assert compared(path) is None
    part = f"xl/worksheets/sheet{1 + list(REPORT_WORDS[TOLD].sheets).index(title)}.xml"
    text = str(formula)[1:].encode()
    rewritten(written(path), part, lambda xml: re.sub(rb"(<f>%s</f><v>)" % re.escape(text), rb"\g<1>1", xml))
    assert str(compared(path)).startswith(f"{title}!{cell} says 1")


def test_what_looks_alike_is_told_by_its_codes(tmp_path: Path) -> None:
    path = written(tmp_path / "r.xlsx")
    edited(path, lambda book: setattr(book["Rows"]["B2"], "value", "Étoile\u00a0SARL"))
    assert r"says \u00c9toile\u00a0SARL in the report" in str(compared(path))


def test_a_hidden_sheet_is_compared_too(tmp_path: Path) -> None:
    def edit(book: Workbook) -> None:
        book["Rows"].sheet_state = "veryHidden"
        book["Rows"]["A2"] = "X"

    assert str(compared(edited(written(tmp_path / "r.xlsx"), edit))).startswith("Rows!A2 ")


def swap(sheet: Worksheet) -> None:
    first, second = ([cell.value for cell in sheet[line]] for line in (2, 3))
    for column, (one, other) in enumerate(zip(first, second, strict=True), 1):
        sheet.cell(2, column).value, sheet.cell(3, column).value = other, one


LAYOUTS: dict[str, tuple[Callable[[Workbook], object], str]] = {
    "a row deleted": (lambda book: book["Rows"].delete_rows(3), "Rows!A3 "),
    "the last row deleted": (lambda book: book["Rows"].delete_rows(5), "Rows!A5 says “Total”"),
    "a row added": (lambda book: book["Rows"].append(["Z"]), "Rows!A7 says “Z” in the report"),
    "two rows swapped": (lambda book: swap(book["Rows"]), "Rows!A2 "),
    "a column added": (lambda book: book["Rows"].insert_cols(1), "Rows!A1 says nothing"),
    "a cell far away": (lambda book: book["To fix"].__setitem__("Z90", 1), "To fix!Z90 "),
    "a sheet removed": (lambda book: book.remove(book["Balances"]), "The report has no sheet “Balances”."),
    "the first sheet removed": (lambda book: book.remove(book["Summary"]), "The report has no sheet “Summary”."),
    "a sheet added": (lambda book: book.create_sheet("More"), "The report has a sheet “More” that"),
    "a sheet renamed": (lambda book: setattr(book["Events"], "title", "E"), "The report has no sheet “Events”."),
    "sheets reordered": (lambda book: book.move_sheet("Rows", 1), "The sheet “Balances” stands in another place"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_changed_layout_is_named(tmp_path: Path, name: str) -> None:
    edit, said = LAYOUTS[name]
    assert str(compared(edited(written(tmp_path / "r.xlsx"), edit))).startswith(said)


def test_a_report_saved_anew_is_whole(tmp_path: Path, language: Language) -> None:
    assert compared(edited(written(tmp_path / "r.xlsx", language), lambda book: book)) is None


def test_formats_widths_and_trailing_blanks_do_not_count(tmp_path: Path) -> None:
    def edit(book: Workbook) -> None:
        for line in book["Rows"].iter_rows():
            for cell in line:
                cell.number_format = "General"
        book["Rows"].column_dimensions["A"].width = 3
        book["Rows"]["ZZ900"] = ""
        book["Rows"]["C3"].number_format = "yyyy-mm-dd"

    assert compared(edited(written(tmp_path / "r.xlsx"), edit)) is None


@pytest.mark.slow
@needs_office
def test_a_report_saved_anew_by_libreoffice_is_whole(tmp_path: Path, language: Language) -> None:
    assert compared(saved(written(tmp_path / "r.xlsx", language), tmp_path)) is None


def test_an_event_that_the_ledger_lacks_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "r.xlsx", count=TOTAL)
    at = place_of(TOLD, 0, lambda value: value == events(TOTAL)[-1].hash)
    edited(path, lambda book: setattr(book["Summary"].cell(*at), "value", "ef" * 32))
    cell = BOOKS[TOLD]["Summary"].cell(*at).coordinate
    assert compared(path) == (
        f"Summary!{cell}: the report was written after an event {'ef' * 32} that the ledger does not have."
    )
    edited(path, lambda book: setattr(book["Summary"]["A1"], "value", "Another batch"))
    assert str(compared(path)).startswith("Summary!A1 says “Another batch”")


def test_an_event_that_the_ledger_lacks_is_named_for_a_document(tmp_path: Path) -> None:
    path = written(tmp_path / "r.json")
    path.write_text(path.read_text().replace(events(TOTAL)[-1].hash, "ef" * 32))
    assert str(compared(path)).startswith("tip.hash: the report was written after an event efef")


def shifted(path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(summary_sheet, "__version__", version)
        patched.setattr("batch.export.__version__", version)
        written(path)


@pytest.mark.parametrize("kind", ["xlsx", "json"])
def test_a_newer_version_is_called_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    path = tmp_path / f"r.{kind}"
    shifted(path, monkeypatch, "0.10.0")
    with pytest.raises(UsageError, match=r"written by creditbatch 0\.10\.0, which is newer than this one"):
        compared(path)


@pytest.mark.parametrize("kind", ["xlsx", "json"])
def test_an_older_version_is_whole_where_nothing_else_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / f"r.{kind}"
    shifted(path, monkeypatch, "0.6.12")
    assert compared(path) is None
    shifted(path, monkeypatch, "x")
    assert "x” in the report" in str(compared(path))


def test_an_older_version_is_told_with_the_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.xlsx"
    shifted(path, monkeypatch, "0.6.12")
    edited(path, lambda book: setattr(book["Rows"]["B2"], "value", "X"))
    assert compared(path) == (
        "The report was written by creditbatch 0.6.12, an older version that may have written it otherwise. "
        "The first difference: Rows!B2 says “X” in the report, but the ledger’s report says “Étoile SARL”."
    )


def test_a_text_files_version_is_that_of_its_record(tmp_path: Path) -> None:
    path = written(tmp_path / "r.csv", count=2)
    path.write_text(path.read_text("utf-8").replace("Étoile SARL", "X", 1), "utf-8")
    assert str(compared(path, writing("csv", 2, version="0.6.0"))).startswith(
        "The report was written by creditbatch 0.6.0"
    )


@pytest.mark.parametrize(
    ("line", "column", "value", "where"),
    [
        (
            1,
            3,
            "12.50",
            "Line 3, column “Amount” (D3), says “12.50” in the report, but the ledger’s report says “21.50”.",
        ),
        (0, 1, "X", "Line 2, column “Client” (B2), says “X”"),
        (1, 5, "done", "Line 3, column “Status” (F3), says “done”"),
        (1, 8, "", "Line 3, column “Provider’s message” (I3), says nothing"),
    ],
)
def test_a_changed_line_of_a_text_file_is_named(tmp_path: Path, line: int, column: int, value: str, where: str) -> None:
    path = written(tmp_path / "r.csv", count=2)
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    lines[line + 1][column] = value
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(lines)
    assert str(compared(path, writing("csv", 1), writing("csv", 2), writing("csv", TOTAL))).startswith(where)


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        (lambda d: d["rows"][1].update(amount="12.50"), "rows[1].amount says “12.50” in the report, but the ledger’s"),
        (lambda d: d["rows"][1].update(code="8"), "rows[1].code says “8” in the report, but the ledger’s"),
        (lambda d: d["rows"].pop(), "rows[3] says nothing"),
        (lambda d: d["rows"].append({}), "rows[4] says {}"),
        (lambda d: d["rows"].reverse(), "rows[0].row "),
        (lambda d: d.update(rows={}), "rows says {}"),
        (lambda d: d["file"].update(name="april.xlsx"), "file.name says “april.xlsx”"),
        (lambda d: d["totals"].pop("added"), "totals.added says nothing"),
        (lambda d: d.update(more=1), "more says 1"),
        (lambda d: d["tip"].update(events=1), "tip.events says 1"),
        (lambda d: d.update(language="fr"), "verdict.sentence "),
    ],
)  # fmt: skip
def test_a_changed_value_of_a_document_is_named_by_its_path(
    tmp_path: Path, edit: Callable[[Any], object], where: str
) -> None:
    path = written(tmp_path / "r.json")
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))
    assert str(compared(path)).startswith(where)


def test_where_a_documents_report_lay_does_not_count(tmp_path: Path) -> None:
    path = written(tmp_path / "r.json")
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "report": "elsewhere.json"}, indent=2))
    assert compared(path) is None


def test_a_document_of_before_it_said_how_it_was_written_is_compared(tmp_path: Path, language: Language) -> None:
    path = written(tmp_path / "r.json", language)
    document = json.loads(path.read_text())
    for key in ("tip", "version", "language"):
        del document[key]
    path.write_text(json.dumps(document))
    assert compared(path) is None


def test_a_difference_is_told_in_the_readers_language(tmp_path: Path) -> None:
    path = edited(written(tmp_path / "r.xlsx"), lambda book: setattr(book["Rows"]["D3"], "value", 12.5))
    with use_language(Language.FRENCH):
        assert "12,50" in str(compared(path))


def made_xlsx(path: Path) -> None:
    book = Workbook()
    book.save(path)


def test_a_changed_page_of_a_paper_is_named(tmp_path: Path, language: Language) -> None:
    path = written(tmp_path / "r.pdf", language)
    other = tmp_path / "other.pdf"
    with use_language(language):
        changed = view_after(TOTAL)
        first = changed.rows[0].row
        row_ = type(first)(first.number, first.cells, first.token, first.direction, Decimal(51), first.findings)
        write_batch(other, replace(changed, rows=(BatchRow(row_, changed.rows[0].result), *changed.rows[1:])), WRITTEN)
    for data, said in (
        (other.read_bytes(), "Page 1 of the report is not the one"),
        (
            path.read_bytes().replace(b"/Author (creditbatch)", b"/Author (creditBatch)"),
            "is not the PDF that the ledger",
        ),
    ):
        path.write_bytes(data)
        assert said in str(compared(path))


def test_a_changed_row_of_a_paper_is_named_by_its_page(tmp_path: Path) -> None:
    path, changed = written(tmp_path / "r.pdf"), view_after(TOTAL)
    path.unlink()
    moved = replace(changed.rows[0].result, main_balance=Decimal("2869.201"))
    write_batch(path, replace(changed, rows=(BatchRow(changed.rows[0].row, moved), *changed.rows[1:])), WRITTEN)
    assert "Page 2 of the report" in str(compared(path))


def test_a_paper_of_other_libraries_cannot_be_compared(tmp_path: Path) -> None:
    path = written(tmp_path / "r.pdf")
    recorded = hashlib.sha256(path.read_bytes()).hexdigest()
    assert compared(path, writing("pdf", TOTAL, sha256=recorded)) is None
    path.write_bytes(re.sub(rb"reportlab [0-9.]+", b"reportlab 1.0", path.read_bytes()))
    with pytest.raises(UsageError, match=r"was written with reportlab 1\.0"):
        compared(path)


UNREADABLE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "another workbook": ("r.xlsx", made_xlsx, "is no report of creditbatch"),
    "an empty workbook": ("r.xlsx", lambda path: path.write_bytes(b""), "cannot be read"),
    "text as a workbook": ("r.xlsx", lambda path: path.write_bytes(b"PK nothing"), "cannot be read"),
    "an empty text": ("r.csv", lambda path: path.write_bytes(b""), "is no report of creditbatch"),
    "another text": ("r.csv", lambda path: path.write_bytes(b"a,b\n1,2\n"), "is no report of creditbatch"),
    "no UTF-8": ("r.csv", lambda path: path.write_bytes(b"a,\xff\n"), "cannot be read"),
    "an empty document": ("r.json", lambda path: path.write_bytes(b""), "cannot be read"),
    "another document": ("r.json", lambda path: path.write_bytes(b"[1]"), "is no report of creditbatch"),
    "a deep document": ("r.json", lambda path: path.write_bytes(b"[" * 200_000), "cannot be read"),
    "a key twice": ("r.json", lambda path: path.write_bytes(b'{"rows": [], "rows": [], "batch": 1}'), "cannot be read"),
    "another paper": ("r.pdf", lambda path: path.write_bytes(b"%PDF-1.4 1"), "is no report of creditbatch"),
    "another suffix": ("r.doc", lambda path: path.write_bytes(b"1"), "It is not clear what"),
    "nothing": ("r.xlsx", lambda path: path.name, "cannot be read: no such file"),
    "a folder": ("r.xlsx", lambda path: path.mkdir(), "is no report of creditbatch"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_report_is_told(tmp_path: Path, name: str) -> None:
    file_name, make, said = UNREADABLE[name]
    make(tmp_path / file_name)
    with pytest.raises(UsageError, match=said):
        compared(tmp_path / file_name)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    with path.open("wb") as file:
        file.truncate(comparison.LARGEST_FILE + 1)
    with pytest.raises(UsageError, match="is larger than any"):
        compared(path)


def rewritten(path: Path, part: str, change: Callable[[bytes], bytes]) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_a_sheet_with_a_cell_far_below_takes_no_memory(tmp_path: Path) -> None:
    path = written(tmp_path / "r.xlsx")
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    rewritten(path, "xl/worksheets/sheet2.xml", lambda xml: xml.replace(b"</sheetData>", far))
    with pytest.raises(UsageError, match="is larger than any"):
        compared(path)


def test_half_a_workbook_is_told_to_be_damaged(tmp_path: Path) -> None:
    path = written(tmp_path / "r.xlsx")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UsageError, match="cannot be read"):
        compared(path)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet2.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_a_damaged_part_is_told(tmp_path: Path, part: str) -> None:
    path = written(tmp_path / "r.xlsx")
    rewritten(path, part, lambda xml: xml[: len(xml) // 2])
    with pytest.raises(UsageError, match=r"cannot be read|no report"):
        compared(path)


def test_a_panic_of_the_parser_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """As the Rust parser raises it."""

    def panic(_path: Path) -> None:
        raise PanicException

    path = written(tmp_path / "r.xlsx")
    monkeypatch.setattr("batch.evidence.comparison.CalamineWorkbook.from_path", panic, raising=False)
    with pytest.raises(UsageError, match="cannot be read"):
        compared(path)


def test_a_report_is_known_by_its_program(tmp_path: Path) -> None:
    path = written(tmp_path / "r.xlsx")
    at = place_of(TOLD, 0, lambda value: value == f"{result_labels.PROGRAM} {__version__}")
    edited(path, lambda book: setattr(book["Summary"].cell(*at), "value", "another 99.0"))
    assert "says “another 99.0”" in str(compared(path))

"""The PDF, read back as text: both papers say the same, and whatever stands in a cell is shown as a text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from batch.i18n import LOCALE_FOLDER, Language, use_language
from batch.model import BatchView, Cell, People, Source
from batch.report.page import ReportStyle
from batch.report.paper import write_paper
from batch.report.pdf import CUT, MARK, get_letters, measure_text, read_properties, show_text, wrap_text
from batch.report.verdict import Contents
from batch.zone import use_zone
from tests.report.views import (
    DONE,
    END,
    INVALID,
    PENDING,
    REFUSED,
    ROLES,
    TITLES,
    UNKNOWN,
    balances,
    checked,
    dry_run_of,
    reopened,
    row,
    values,
    view_of,
)

MAIN, SUB = balances("3000", **{"0001a": "20"}), balances("2869.2", **{"0001a": "70"})


def written(tmp_path: Path, view: BatchView, language: Language = Language.ENGLISH) -> PdfReader:
    path = tmp_path / "report.pdf"
    with use_language(language):
        write_paper(path, Contents(view, None, END))
    return PdfReader(BytesIO(path.read_bytes()))


def view_of_many(rows: int) -> BatchView:
    plain = row(2)
    return view_of([DONE] * rows, [replace(plain, number=number) for number in range(2, rows + 2)])


def text_of(paper: PdfReader, page: int | None = None) -> str:
    """The text without its line ends, since a long one is broken."""
    pages = paper.pages if page is None else [paper.pages[page]]
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def view_with(*own: Cell, titles: tuple[str, ...] = ("Client",)) -> BatchView:
    """One row, whose accountant's columns but for the usual ones hold these."""
    plain = row(2)
    cells = ("0001a", Decimal(50), "add", *own)
    roles = {role: index - 1 for role, index in ROLES.items()}
    read = type(plain)(2, cells, plain.token, plain.direction, plain.amount)
    return view_of([DONE], [read], columns=("Token", "Amount", "Direction", *titles), roles=roles)


@pytest.mark.parametrize("language", Language)
def test_the_first_page_says_what_that_of_the_workbook_says(tmp_path: Path, language: Language) -> None:
    view = view_of([DONE, REFUSED, UNKNOWN, PENDING], opening=MAIN, closing=SUB)
    people = People("Élodie d’Œuvre", ("bob@example.fr",), ("carol@example.fr",))
    view = replace(view, head=replace(view.head, people=people))
    paper = text_of(written(tmp_path, view, language), 0)
    with use_language(language):
        summary = values(reopened(tmp_path, view).worksheets[0])
    # Charts are drawn beside the cells; the workbook's figures are numbers.
    said = {cell for line in summary for cell in line if isinstance(cell, str)}
    pictures = {"In pictures", "En images", "Graphiques"}
    missing = {
        cell
        for cell in said - pictures
        if show_text(" ".join(cell.split())).replace(" ", "") not in paper.replace(" ", "")
    }
    assert missing == set()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.ENGLISH, ("€1,234.50", "-", "Étoile & Fils", "done", "Summary", "Rows", "2026-03-31 08:15:12")),
        (Language.FRENCH, ("1 234,50 €", "Étoile & Fils", "effectuée", "Synthèse", "Lignes", "31/03/2026 08:15:12")),
    ],
)
def test_rows_speak_the_language(tmp_path: Path, language: Language, said: tuple[str, ...]) -> None:
    paper = written(tmp_path, view_of([DONE], [row(2, "1234.5", client="Étoile & Fils")]), language)
    text = text_of(paper).replace("\u00a0", " ")
    assert {word for word in said if word not in text} == set()


def test_pages_are_numbered_and_titles_repeated(tmp_path: Path) -> None:
    paper = written(tmp_path, view_of_many(200))
    total = len(paper.pages)
    assert total > 4
    for number, page in enumerate(paper.pages, 1):
        text = " ".join(page.extract_text().split())
        assert text.endswith(f"{number} / {total}")
        assert "march.xlsx" in text
        assert "Batch 2026-03-a7f3" in text
        assert ("Sub-account balance after" in text) == (number > 1)
    lines = [line.split() for page in paper.pages for line in page.extract_text().splitlines()]
    assert [int(words[0]) for words in lines if "0001a" in words] == list(range(2, 202))
    sizes = [(round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in paper.pages]
    assert sizes == [(595, 842)] + [(842, 595)] * (total - 1)


def test_the_properties_name_it(tmp_path: Path) -> None:
    paper = written(tmp_path, view_of([DONE]), Language.FRENCH)
    assert paper.metadata is not None
    assert (paper.metadata.title, paper.metadata.author) == ("Lot de crédits 2026-03-a7f3", "creditbatch")
    assert paper.metadata.creation_date == END.replace(microsecond=0)
    catalogue: Any = paper.root_object
    assert catalogue["/Lang"] == "fr"
    assert catalogue["/ViewerPreferences"]["/DisplayDocTitle"].value
    outline: Any = paper.outline
    assert [entry["/Title"] for entry in outline] == ["Synthèse", "Lignes"]


@pytest.mark.parametrize(
    "text",
    ["<b>bold</b>", "&amp; & <", "<img src=/etc/hostname>", "a<br/>b", "(x) \\ )", "<para>", "=1+1", "%PDF", "x" * 300],
)
def test_markup_is_a_text(tmp_path: Path, text: str) -> None:
    paper = written(tmp_path, view_with(text))
    assert text.replace(" ", "") in "".join(text_of(paper, 1).split())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Étoile œuvre €", "Étoile œuvre €"), ("e\u0301te\u0301", "été"), ("1\u202f234\u00a0€", "1\u00a0234\u00a0€"),
        ("日本", MARK * 2), ("🎉 ok", f"{MARK} ok"), ("a\u200bb", f"a{MARK}b"), ("a\x07b", f"a{MARK}b"),
        ("\ud800", MARK),
        ("שלום", MARK * 4), ("a\tb", "a b"), ("a\r\nb", "a\nb"), ("co\u2011op", "co-op"), ("\uffff", MARK),
    ],
)  # fmt: skip
def test_what_the_letters_lack_is_marked(text: str, shown: str) -> None:
    assert show_text(text) == shown


def test_marks_and_cuts_are_explained_where_there_are_any(tmp_path: Path) -> None:
    explained = "stands for a character", "A text that ends in"
    plain = text_of(written(tmp_path, view_with("Étoile")))
    assert not any(words in plain for words in explained)
    odd = text_of(written(tmp_path, view_with("日本", "mot " * 8000, titles=("Client", "Note"))))
    assert all(words in odd for words in explained)
    assert CUT in odd


def test_all_that_we_say_can_be_shown() -> None:
    said = (LOCALE_FOLDER / "fr" / "LC_MESSAGES" / "django.po").read_text("utf-8")
    assert MARK not in show_text(said.replace(MARK, ""))


@pytest.mark.parametrize("text", ["x" * 32_000, "mot " * 8_000, "\n" * 32_000, "日" * 32_000, "a\n" * 16_000])
def test_a_cell_of_any_length_keeps_its_row_on_a_page(tmp_path: Path, text: str) -> None:
    titles = tuple(f"Column {number}" for number in range(12))
    paper = written(tmp_path, view_with(*[text] * 12, titles=titles))
    assert len(paper.pages) <= 3
    assert "Asked for" in text_of(paper)


def test_columns_that_have_no_room_stand_below_their_row(tmp_path: Path) -> None:
    titles = tuple(f"Column {number}" for number in range(12))
    own = tuple(f"value {number} of a certain length" for number in range(12))
    text = text_of(written(tmp_path, view_with(*own, titles=titles)), 1)
    assert {word for word in own if word.replace(" ", "") not in text.replace(" ", "")} == set()
    assert "Column 11: value 11" in text


def test_the_accountants_values_are_shown_as_they_are(tmp_path: Path) -> None:
    own: tuple[Cell, ...] = (Decimal("0.30000000000000004"), True, datetime(2026, 3, 1), None)  # noqa: DTZ001
    text = text_of(written(tmp_path, view_with(*own, titles=("A", "B", "C", "D")), Language.FRENCH), 1)
    assert {"0,3", "oui", "01/03/2026"} <= set(text.split())


def test_a_dry_run_bears_its_mark_on_every_page(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [[f"C{number}", "0001a", "12,50", "add"] for number in range(100)]
    rows = [[*TITLES], *rows, ["a", "b", "x", "add"]]
    paper = written(tmp_path, dry_run_of(checked(rows)))
    assert all("DRY RUN" in page.extract_text() for page in paper.pages)
    text = text_of(paper)
    assert "Main balance after" not in text
    assert "D102" not in text
    assert "C102" in text


def test_the_first_page_is_one_page_with_what_is_signed(tmp_path: Path) -> None:
    view = view_of([DONE, REFUSED, INVALID], opening=MAIN, closing=SUB)
    people = People("alice", tuple(f"approver {number}" for number in range(4)), ("carol", "dan"), "erin")
    paper = written(tmp_path, replace(view, head=replace(view.head, people=people)))
    assert len(paper.pages) == 2
    assert {"alice", "erin", "cd" * 32, "ab" * 32} <= set(text_of(paper, 0).split())


def test_what_has_no_room_on_one_page_takes_more(tmp_path: Path) -> None:
    view = view_of([DONE], source=Source("March " * 300 + ".xlsx", "ab" * 32, 1, "April " * 300))
    people = People("alice", tuple(f"approver-{number}" for number in range(30)))
    paper = written(tmp_path, replace(view, head=replace(view.head, people=people)))
    assert len(paper.pages) in {3, 4}
    assert {"approver-29", "ab" * 32, "cd" * 32, ".xlsx"} <= set(text_of(paper).split())


def test_the_bytes_are_the_same_for_the_same_contents(tmp_path: Path) -> None:
    view = view_of([DONE, REFUSED], opening=MAIN, closing=SUB)
    written(tmp_path, view)
    first = (tmp_path / "report.pdf").read_bytes()
    written(tmp_path, view)
    assert (tmp_path / "report.pdf").read_bytes() == first
    written(tmp_path, view_of([DONE]))
    assert (tmp_path / "report.pdf").read_bytes() != first


def test_a_paper_says_how_it_was_written(tmp_path: Path) -> None:
    with use_zone(ZoneInfo("Europe/Paris")):
        written(tmp_path, view_of([DONE]), Language.FRENCH)
    said = read_properties((tmp_path / "report.pdf").read_bytes())
    assert (said["language"], said["zone"], said["tip"]) == ("fr", "Europe/Paris", "")
    assert datetime.fromisoformat(said["written_at"]).astimezone(UTC) == END
    assert read_properties(b"%PDF-1.4") == {}


def test_lines_are_never_wider_than_their_place() -> None:
    look = ReportStyle(size=9)
    font, size = get_letters(look)
    for text in ("a word " * 40, "x" * 500, "mot " + "y" * 200 + " fin", "é" * 90, "", " lead"):
        lines = wrap_text(text, font, size, 60.0)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all(measure_text(line, look) <= 60 for line in lines)


@pytest.mark.slow
def test_ten_thousand_rows_take_seconds(tmp_path: Path) -> None:
    view = view_of_many(10_000)
    begun = process_time()
    write_paper(tmp_path / "report.pdf", Contents(view, None, END))
    assert process_time() - begun < 20

"""Writes the sample sheets beside this file: `python samples/make_samples.py`. The same bytes every time.

The movements suit the sandbox as it starts: €10,000 in the main account, €100 in each of sub-0001 to sub-0029.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

CUSTOMERS = (
    "Boulangerie du Port", "Garage des Tilleuls", "Pharmacie de la Halle", "Cycles du Canal", "Librairie du Marché",
    "Clinique vétérinaire des Prés", "Auto-école du Pont", "Fleurs de Saison", "Opticien de la Gare", "Pressing Minute",
    "Restaurant de l’Écluse", "Menuiserie du Vallon", "Institut Belle Rive", "Camping des Dunes", "Cinéma Le Phare",
    "Agence du Vieux Moulin", "Plomberie des Coteaux", "Primeurs de la Place", "Studio Pilates Nord",
    "Cabinet dentaire du Parc", "Tennis-club de la Baie", "Crèche Les Coquelicots", "Hôtel des Voyageurs",
    "Pizzeria du Quai", "Laverie des Remparts", "Quincaillerie centrale", "École de voile du Large",
    "Traiteur des Lilas", "Domaine des Trois Chênes",
)  # fmt: skip
NOTES = ("", "Top-up as every month", "", "Campaign for the sales", "", "Asked for by e-mail", "Appointment reminders")
TITLE = "Sub-account credits, March 2026"
MOMENT = datetime(2026, 3, 31, 9, 0, tzinfo=UTC)
WIDTHS = (32, 42, 14, 14, 12, 30)

Cell = str | Decimal | int | bool | datetime | None


@dataclass(frozen=True)
class Line:
    """One movement of the month, with what an accountant keeps beside it."""

    customer: str
    contact: str
    token: str
    amount: Decimal
    is_add: bool
    note: str


def month() -> list[Line]:
    """An add for every sub-account, then corrections: eight removes and three more adds."""
    lines = [_line(index, _euros(1500 + (index * index * 137 + index * 911) % 130 * 50)) for index in range(29)]
    lines[7] = _line(7, Decimal("1234.56"), note="Annual campaign")
    for position, index in enumerate((2, 5, 9, 13, 16, 20, 24, 27)):
        lines.append(_line(index, _euros(825 + position * 1_175), is_add=False, note="Unused credit taken back"))
    lines += [_line(index, _euros(990 + index), note="Correction of last month") for index in (3, 11, 18)]
    return lines


def thousand() -> list[Line]:
    """A thousand small movements, every tenth a remove."""
    return [_line(index % 29, _euros(100 + index * 7 % 600), is_add=index % 10 != 9) for index in range(1000)]


def _line(index: int, amount: Decimal, *, is_add: bool = True, note: str | None = None) -> Line:
    customer = CUSTOMERS[index]
    return Line(
        customer,
        f"accounts{index + 1:02}@customer.example",
        f"sub-{index + 1:04}",
        amount,
        is_add,
        NOTES[index % len(NOTES)] if note is None else note,
    )


def _euros(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


MISTAKES: Sequence[tuple[Cell, Cell, Cell, str, str]] = (
    ("sub-0001", Decimal("25"), "add", "Nothing is wrong here", ""),
    (None, Decimal("10"), "add", "Nobody is named", "token-missing"),
    (1234567890123456789, Decimal("10"), "add", "A long token stored as a number", "token-digits-lost"),
    ("1,23457E+18", Decimal("10"), "add", "A token that Excel has shortened", "token-scientific"),
    (datetime(2026, 3, 1), Decimal("10"), "add", "A date in place of a token", "token-date"),  # noqa: DTZ001 (Excel has no zones)
    (Decimal("12.5"), Decimal("10"), "add", "No token has decimals", "token-not-text"),
    (True, Decimal("10"), "add", "A truth value in place of a token", "token-boolean"),
    ("#N/A", Decimal("10"), "add", "A look-up that found nothing", "token-error"),
    ("=A4", Decimal("10"), "add", "A formula that was never calculated", "token-formula"),
    ("x" * 300, Decimal("10"), "add", "No token is as long as this", "token-too-long"),
    ("\u00a0sub-0002", Decimal("10"), "add", "A space that does not break, from a web page", "token-invisible"),
    ("sub-0099", Decimal("10"), "add", "The account has no such sub-account", "token-unknown"),
    ("sub-0003", None, "add", "How much?", "amount-missing"),
    ("sub-0004", "twelve", "add", "An amount in words", "amount-not-a-number"),
    ("sub-0004", datetime(2026, 5, 12), "add", "Excel took 12.5 for a date", "amount-date"),  # noqa: DTZ001
    ("sub-0004", True, "add", "A truth value in place of an amount", "amount-boolean"),
    ("sub-0004", "#REF!", "add", "A formula that lost what it refers to", "amount-error"),
    ("sub-0004", "=10+2.5", "add", "A formula that was never calculated", "amount-formula"),
    ("sub-0004", "5 %", "add", "Five per cent of what?", "amount-percentage"),
    ("sub-0005", Decimal("0"), "add", "Nothing to move", "amount-zero"),
    ("sub-0006", Decimal("-10"), "remove", "A negative amount", "amount-negative"),
    ("sub-0007", Decimal("10.0005"), "add", "A fraction that the provider does not keep", "amount-decimals"),
    ("sub-0008", "1,234", "add", "One euro and a little, or more than a thousand?", "amount-ambiguous"),
    ("sub-0009", Decimal("1e15"), "add", "A telephone number in the wrong column", "amount-too-large"),
    ("sub-0010", Decimal("10"), None, "Which way?", "direction-missing"),
    ("sub-0011", Decimal("10"), "refund", "A word that people use for both ways", "direction-unknown"),
    ("sub-0011", Decimal("10"), datetime(2026, 3, 1), "A date in place of a direction", "direction-date"),  # noqa: DTZ001
    ("sub-0011", Decimal("10"), True, "A truth value in place of a direction", "direction-boolean"),
    ("sub-0011", Decimal("10"), "#NAME?", "A formula with a mistyped name", "direction-error"),
    ("sub-0011", Decimal("10"), "=C4", "A formula that was never calculated", "direction-formula"),
    ("sub-0012", "-10.00", "add", "The sign says the contrary", "sign-contradicts"),
    ("sub-0001", Decimal("25"), "add", "The same as the first row", "row-duplicate"),
    ("sub-0013", "12,50 €", "Ajout", "Nothing is wrong here either", ""),
)


def write_all(folder: Path) -> None:
    """Write every sample into a folder that exists."""
    (folder / "monthly.xlsx").write_bytes(_workbook(TITLE, month()))
    (folder / "monthly-fr.csv").write_bytes(_french_csv(month()))
    (folder / "mistakes.xlsx").write_bytes(_mistakes())
    (folder / "mistakes-columns.csv").write_bytes(_mistaken_columns())
    (folder / "thousand.xlsx").write_bytes(_workbook("A thousand credits", thousand()))


def _workbook(title: str, lines: Sequence[Line]) -> bytes:
    workbook, sheet = _with_header(title, ("Customer", "Contact", "Token", "Amount", "Direction", "Notes"))
    for line in lines:
        direction = "add" if line.is_add else "remove"
        sheet.append([line.customer, line.contact, line.token, line.amount, direction, line.note or None])
        sheet.cell(sheet.max_row, 4).number_format = '#,##0.00\\ "€"'
    return _bytes(workbook)


def _mistakes() -> bytes:
    titles = ("Token", "Amount", "Direction", "What is wrong", "Finding")
    workbook, sheet = _with_header("One row for every mistake", titles)
    for row in MISTAKES:
        sheet.append(row)
    for letter, width in zip("ABCDE", (24, 14, 12, 48, 24), strict=True):
        sheet.column_dimensions[letter].width = width
    return _bytes(workbook)


def _with_header(title: str, titles: Sequence[str]) -> tuple[Workbook, Worksheet]:
    """A sheet with a title, a blank line and a header."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Credits"
    sheet["A1"] = title
    sheet["A1"].font = Font(bold=True, size=16)
    for column, text in enumerate(titles, start=1):
        cell = sheet.cell(3, column, text)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1F4E78")
        cell.alignment = Alignment(horizontal="center")
    for letter, width in zip("ABCDEF", WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A4"
    return workbook, sheet


def _french_csv(lines: Sequence[Line]) -> bytes:
    """As Excel in France saves it: semicolons, decimal commas, thousands apart, Windows' own encoding."""
    rows = [("Client", "Contact", "Sous-compte", "Montant (€)", "Sens", "Référence")]
    for number, line in enumerate(lines, start=1):
        amount = f"{line.amount:,.2f}".translate({ord(","): "\u00a0", ord("."): ","})
        direction = "ajout" if line.is_add else "retrait"
        rows.append((line.customer, line.contact, line.token, amount, direction, f"Mars 2026 n° {number}"))
    return _csv(rows).encode("cp1252")


def _mistaken_columns() -> bytes:
    rows = [("Token", "Token", "Amuont", "Direction"), ("sub-0001", "sub-0002", "10.00", "add")]
    return _csv(rows).encode()


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _bytes(workbook: Workbook) -> bytes:
    """The workbook without the moment it was written at, and uncompressed, because compressors differ."""
    workbook.properties.creator = "creditbatch"
    workbook.properties.created = MOMENT.replace(tzinfo=None)
    written, frozen = io.BytesIO(), io.BytesIO()
    workbook.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(frozen, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2026-03-31T09:00:00Z", content)
            part = zipfile.ZipInfo(name, MOMENT.timetuple()[:6])
            # What system wrote it does not matter either.
            part.create_system = 0
            target.writestr(part, content)
    return frozen.getvalue()


if __name__ == "__main__":
    write_all(Path(__file__).parent)

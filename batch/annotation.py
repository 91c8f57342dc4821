"""A sheet handed back as a workbook with its findings marked, within bounds, and what could not be kept of it.

openpyxl holds a workbook in some fifty times the room of its file, so a child process does it.
"""

from __future__ import annotations

import io
import json
import posixpath
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl.cell import Cell as WrittenCell

from batch.errors import ReportError
from batch.files import fit_cell
from batch.finding_rules import Severity
from batch.findings import Finding
from batch.frames import Grid
from batch.i18n import _, format_number, join_items, ngettext
from batch.model import Cell, Source, name_severity
from batch.money import round_like_excel
from batch.sheet.source_file import Limits, Original
from batch.sheet.subprocess_reader import end_child, open_original, start_child

XML_SIZE = 24_000_000
"""Bytes of XML that all its sheets and texts unpack to: about 70,000 rows of six columns."""
CELLS = 400_000
"""Cells of a sheet that is written anew."""
SECONDS = 90
WORKBOOK = "xl/workbook.xml"
KEPT_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff"})
"""Kinds whose content type openpyxl writes, and that no macro brings along as well."""
_MEDIA = re.compile(rb'Target="([^"]*/media/[^"]+)"')
_GROUP = re.compile(rb"<(?:xdr:)?grpSp\b|<mc:AlternateContent\b")
"""Around pictures that openpyxl does not find one by one."""
_EXTENSION = re.compile(rb"<(?:x14|x15|xr|xr2|mx|xne)[:\w]*:|<extLst\b")
_SHAPE = re.compile(rb"<(?:xdr:)?(?:sp|cxnSp|grpSp)\b")


def _describe_losses(lost: list[str]) -> str:
    return _(
        "This copy could not keep everything of the workbook; what is lost, or kept in part only: {things}. "
        "Where that matters, correct your own file: the cells named here are its cells."
    ).format(things=join_items(lost, _("and")))


def _list_losses(archive: ZipFile, *, keeps_macros: bool) -> Iterator[str]:
    names = archive.namelist()
    if _has_unkept_pictures(archive):
        yield _("pictures")
    for prefixes, thing in (
        (("xl/charts/", "xl/chartEx"), _("charts")),
        (("xl/diagrams/",), _("diagrams")),
        (("xl/embeddings/",), _("embedded objects")),
        (("xl/activeX/", "xl/ctrlProps/"), _("buttons and other controls")),
        (("xl/slicers/", "xl/slicerCaches/", "xl/timelines/"), _("slicers")),
        (("xl/threadedComments/",), _("threads of comments")),
        (("xl/connections.xml", "xl/queryTables/", "xl/model/"), _("data connections")),
        (("customXml/", "_xmlsignatures/"), _("signatures and labels")),
    ):
        if any(name.startswith(prefixes) for name in names):
            yield thing
    if not keeps_macros and "xl/vbaProject.bin" in names:
        yield _("macros")
    if _has_match(archive, "xl/drawings/drawing", _SHAPE):
        yield _("shapes and text boxes")
    if _has_match(archive, "xl/worksheets/", _EXTENSION):
        yield _("newer kinds of formatting and rules, such as sparklines")


def find_picture_kind(name: str) -> str:
    return posixpath.splitext(name)[1].lower()


def _has_unkept_pictures(archive: ZipFile) -> bool:
    """Tell whether a picture is not simply one on a sheet: in a page's head, in a group, of a kind that is not kept."""
    names, kept = set(archive.namelist()), set()
    for rels in names:
        drawing = rels.replace("_rels/", "").removesuffix(".rels")
        if rels.startswith("xl/drawings/_rels/") and drawing in names and not _GROUP.search(archive.read(drawing)):
            kept |= {posixpath.basename(target.decode()) for target in _MEDIA.findall(archive.read(rels))}
    media = [posixpath.basename(name) for name in names if name.startswith("xl/media/")]
    return any(name not in kept or find_picture_kind(name) not in KEPT_PICTURES for name in media)


def _has_match(archive: ZipFile, prefix: str, pattern: re.Pattern[bytes]) -> bool:
    return any(
        pattern.search(archive.read(name))
        for name in archive.namelist()
        if name.startswith(prefix) and name.endswith(".xml")
    )


def encode_cells(rows: Sequence[Sequence[Cell]]) -> list[list[Any]]:
    return [[encode_cell(cell) for cell in row] for row in rows]


def encode_cell(cell: Cell) -> object:
    """Encode a text or a truth value as itself, a number or a moment with its kind."""
    if isinstance(cell, datetime):
        return {"d": cell.isoformat()}
    if isinstance(cell, Decimal):
        return {"n": str(round_like_excel(cell))} if cell.is_finite() else str(cell)
    return cell


def write_cell(cell: WrittenCell, value: Any) -> None:
    """Write what `encode_cell` gave. A text is text, whatever it looks like."""
    match value:
        case str():
            cell.value = fit_cell(value)
            cell.data_type = "s"
            cell.number_format = "@"
        case {"n": number}:
            cell.value = Decimal(number)
        case {"d": iso}:
            at = datetime.fromisoformat(iso)
            cell.value = at.replace(tzinfo=None) if at.year > 1900 else iso
        case _:
            cell.value = value


MOST_LINES = 5_000
"""Findings that are written into a workbook: comments take long to write, and nobody reads more."""


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding: how bad it is, that in a word, the cell's address (None for the sheet as a whole), the sentence."""

    level: Severity
    severity: str
    cell: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Marks:
    """Everything that is written, already in the reader's language. It crosses to the child process as JSON."""

    sheet: str | None
    lines: tuple[FindingLine, ...]
    tab: str
    title: str
    remarks: tuple[str, ...]
    headings: tuple[str, str, str]
    whole_sheet: str
    back: str
    """What a comment says of the way back to the list, with the cell that leads there as {cell}."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Marks:
        lines = tuple(FindingLine(**{**line, "level": Severity(line["level"])}) for line in data["lines"])
        kept = {"lines": lines, "remarks": tuple(data["remarks"]), "headings": tuple(data["headings"])}
        return cls(**{**data, **kept})


def make_marks(source: Source, findings: Iterable[Finding], remarks: tuple[str, ...]) -> Marks:
    """Make the marks in the language in force; `findings` begin with those of the sheet as a whole."""
    lines = [
        FindingLine(
            finding.severity,
            name_severity(finding.severity),
            finding.cell or (None if finding.row is None else f"A{finding.row}"),
            finding.message,
        )
        for finding in findings
    ]
    if len(lines) > MOST_LINES:
        more = ngettext(
            "{count} more finding is not marked here: correct these, and check the sheet again.",
            "{count} more findings are not marked here: correct these, and check the sheet again.",
            len(lines) - MOST_LINES,
        ).format(count=format_number(len(lines) - MOST_LINES))
        remarks = (*remarks, more)
    if all(line.level is Severity.NOTE for line in lines):
        last = _("Nothing is to be corrected.")
    else:
        last = _("Correct the cells in colour here or in your own file, save it, and send it in again.")
    return Marks(
        sheet=source.sheet,
        lines=tuple(lines[:MOST_LINES]),
        tab=_("Findings"),
        title=_("What was found in {file}").format(file=source.file_name),
        remarks=(*remarks, last),
        headings=(_("Severity"), _("Cell"), _("What is wrong, and what to do")),
        whole_sheet=_("the sheet"),
        back=_("The list of findings: click on {cell}."),
    )


@dataclass(frozen=True, slots=True)
class Annotated:
    """The marked workbook, and what is to be said with it."""

    data: bytes
    remarks: tuple[str, ...]


def annotate(
    original: Original,
    source: Source,
    findings: Iterable[Finding],
    *,
    corrections: Mapping[tuple[int, int], Cell] | None = None,
    keeps_macros: bool = False,
    limits: Limits | None = None,
) -> Annotated:
    """Mark a sheet that the bounded reader accepted, in the language in force; `ReportError` if it is too large.

    `findings` are those of the sheet that `source` names, then of its rows; `corrections` are cells by row from 1
    and column from 0.
    """
    corrected = corrections or {}
    if _is_our_workbook(original):
        with ZipFile(io.BytesIO(original.data)) as archive:
            if sum(part.file_size for part in archive.infolist() if part.filename.endswith(".xml")) > XML_SIZE:
                raise _make_size_error(original.name)
            lost = list(_list_losses(archive, keeps_macros=keeps_macros))
        remarks = (_describe_losses(lost),) if lost else ()
        cells = None
    else:
        remarks = (_("This workbook was made from the cells of {file}.").format(file=original.name),)
        cells = encode_cells(_read_grid(original, source, limits or Limits()).replace_cells(corrected).rows)
    head = {
        "marks": asdict(make_marks(source, findings, remarks)),
        "cells": cells,
        "corrections": [(row, column, encode_cell(cell)) for (row, column), cell in corrected.items()],
        "keeps_macros": keeps_macros,
    }
    data = original.data if cells is None else b""
    return Annotated(_ask_child(original.name, json.dumps(head, default=str).encode() + b"\n" + data), remarks)


def _is_our_workbook(original: Original) -> bool:
    """Tell by its content whether openpyxl reads it: it may be one under another kind's name."""
    try:
        with ZipFile(io.BytesIO(original.data)) as archive:
            return WORKBOOK in archive.namelist()
    except BadZipFile:
        return False


def _read_grid(original: Original, source: Source, limits: Limits) -> Grid:
    with open_original(original, sheet=source.sheet, limits=limits) as reader:
        grid = reader.result()
    if grid.frame.size > CELLS:
        raise _make_size_error(original.name)
    return grid


def _ask_child(name: str, request: bytes) -> bytes:
    try:
        child = start_child("batch.annotation_writer")
    except OSError:
        sentence = _("{file} could not be marked because no other process could be started: close other programs.")
        raise ReportError(sentence.format(file=name)) from None
    try:
        answer, _errors = child.communicate(request, SECONDS)
    except subprocess.TimeoutExpired:
        raise _make_size_error(name) from None
    finally:
        end_child(child)
    if child.returncode or not answer:
        sentence = _(
            "{file} could not be marked: it uses something that cannot be written again. "
            "Correct it by the list of findings (--out writes it)."
        )
        raise ReportError(sentence.format(file=name))
    return answer


def _make_size_error(name: str) -> ReportError:
    sentence = _("{file} is too large to be marked: correct it by the list of findings (--out writes it).")
    return ReportError(sentence.format(file=name))

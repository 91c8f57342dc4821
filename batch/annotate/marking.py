"""The way from a sheet and what was found in it to the marked workbook, through a bounded child process."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zipfile import BadZipFile, ZipFile

from batch.annotate.grid import cell_to_json, cells_of
from batch.annotate.limits import CELLS, SECONDS, XML_SIZE
from batch.annotate.losses import losses_of
from batch.annotate.marks import marks_of
from batch.errors import ReportError
from batch.findings import Finding
from batch.frames import Grid
from batch.language import _
from batch.model import Cell, Source
from batch.sheet.source_file import Limits, Original
from batch.sheet.subprocess_reader import end, open_original, start

_CHILD = "batch.annotate.child"


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
    """The workbook in the language in force; `ReportError` if it is too large. `findings` are those of the sheet that
    `source` names, and then of its rows; `corrections` are cells by (row, column) as `Appearance` counts them.

    The bounded reader has accepted the file, because there is something found in it.
    """
    corrected = corrections or {}
    if _is_workbook_of_ours(original):
        _refuse_large(original)
        losses = losses_of(original.data, keeps_macros=keeps_macros)
        remarks = () if losses is None else (losses,)
        cells = None
    else:
        remarks = (_("This workbook was made from the cells of {file}.").format(file=original.name),)
        cells = cells_of(_grid(original, source, limits or Limits()).with_cells(corrected).rows)
    head = {
        "marks": marks_of(source, findings, remarks).to_json(),
        "cells": cells,
        "corrections": [(row, column, cell_to_json(cell)) for (row, column), cell in corrected.items()],
        "keeps_macros": keeps_macros,
    }
    data = original.data if cells is None else b""
    return Annotated(_ask(original.name, json.dumps(head, default=str).encode() + b"\n" + data), remarks)


def _is_workbook_of_ours(original: Original) -> bool:
    """Whether openpyxl reads it: by its content, since it may be one under another kind's name."""
    try:
        with ZipFile(io.BytesIO(original.data)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except BadZipFile:
        return False


def _refuse_large(original: Original) -> None:
    with ZipFile(io.BytesIO(original.data)) as archive:
        size = sum(part.file_size for part in archive.infolist() if part.filename.endswith(".xml"))
    if size > XML_SIZE:
        raise _too_large(original.name)


def _grid(original: Original, source: Source, limits: Limits) -> Grid:
    with open_original(original, sheet=source.sheet, limits=limits) as reader:
        grid = reader.result()
    if grid.frame.size > CELLS:
        raise _too_large(original.name)
    return grid


def _ask(name: str, request: bytes) -> bytes:
    """Let the child do it, within its limits."""
    try:
        child = start(_CHILD)
    except OSError:
        raise ReportError(
            _("{file} could not be marked because no other process could be started: close other programs.").format(
                file=name
            )
        ) from None
    try:
        answer, _errors = child.communicate(request, SECONDS)
    except subprocess.TimeoutExpired:
        raise _too_large(name) from None
    finally:
        end(child)
    if child.returncode or not answer:
        raise ReportError(
            _(
                "{file} could not be marked: it uses something that cannot be written again. "
                "Correct it by the list of findings (--out writes it)."
            ).format(file=name)
        )
    return answer


def _too_large(name: str) -> ReportError:
    return ReportError(
        _("{file} is too large to be marked: correct it by the list of findings (--out writes it).").format(file=name)
    )

"""Formulas with the results that the accountant's program had saved.

openpyxl writes a formula without one, and then the copy shows nothing where nobody calculates, and the next check would
have to say that it was never calculated.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl.packaging.relationship import get_dependents
from openpyxl.xml.functions import fromstring

_SAVED = re.compile(rb'<c\b[^<>]*?\br="([A-Z]{1,3}[1-9]\d*)"([^<>]*)>\s*<f\b[^<>]*?(?:/>|>[^<]*</f>)\s*<v>([^<]*)</v>')
_KIND = re.compile(rb'\bt="(str|b|e|n)"')
_WRITTEN = re.compile(rb'(<c r="([A-Z]{1,3}[1-9]\d*)"(?: s="\d+")?)(?: t="\w+")?>(<f\b[^<>]*?(?:/>|>[^<]*</f>))<v ?/>')
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

_Results = Mapping[bytes, tuple[bytes, bytes]]


def with_results(written: bytes, original: bytes) -> bytes:
    """The workbook that openpyxl wrote, with the results that the original has, sheet by sheet of the same name."""
    file = io.BytesIO()
    with (
        ZipFile(io.BytesIO(original)) as old,
        ZipFile(io.BytesIO(written)) as plain,
        ZipFile(file, "w", ZIP_DEFLATED) as new,
    ):
        before = sheets_in(old)
        sources = {part: before.get(name) for name, part in sheets_in(plain).items()}
        for part in plain.infolist():
            data = plain.read(part)
            source = sources.get(part.filename)
            if source is not None and b"<f" in data:
                data = _filled(data, _results(old.read(source)))
            new.writestr(part, data)
    return file.getvalue()


def _filled(sheet: bytes, results: _Results) -> bytes:
    def fill(found: re.Match[bytes]) -> bytes:
        start, address, formula = found.groups()
        if address not in results:
            return found.group()
        kind, value = results[address]
        return start + kind + b">" + formula + b"<v>" + value + b"</v>"

    return _WRITTEN.sub(fill, sheet)


def _results(sheet: bytes) -> _Results:
    results = {}
    for found in _SAVED.finditer(sheet):
        address, attributes, value = found.groups()
        kind = _KIND.search(found.group().split(b">", 1)[0])
        results[address] = (b' t="' + kind.group(1) + b'"' if kind else b"", value)
        del attributes
    return results


def sheets_in(archive: ZipFile) -> dict[str, str]:
    """The part that holds each sheet, by the sheet's name."""
    path, relations_path = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    if not {path, relations_path} <= set(archive.namelist()):
        return {}
    relations = get_dependents(archive, relations_path)
    targets = {relation.Id: relation.target for relation in relations}
    sheets = fromstring(archive.read(path)).iter(f"{_MAIN}sheet")
    found = {sheet.get("name"): targets.get(sheet.get(_ID)) for sheet in sheets}
    return {name: part for name, part in found.items() if name and part}

"""Pictures on sheets, such as a logo, as they are stored. openpyxl drops them where no library for images is installed,
and encodes them anew where one is.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

from openpyxl.drawing.image import Image, PILImage
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.packaging.relationship import get_dependents, get_rels_path
from openpyxl.workbook import Workbook
from openpyxl.xml.constants import IMAGE_NS
from openpyxl.xml.functions import fromstring

from batch.annotate.calculated import sheets_in
from batch.annotate.losses import KEPT_PICTURES, kind_of


class _Picture(Image):
    """A picture that is written as it was read, at its place and in its frame."""

    def __init__(self, data: bytes, kind: str, anchor: Any) -> None:
        # Not openpyxl's, which decodes the picture.
        self._stored = data
        self.format = kind
        self.anchor = anchor

    def _data(self) -> bytes:
        return self._stored


def keep_pictures(workbook: Workbook, original: bytes) -> None:
    """Put the pictures of the original on the sheets that openpyxl has read from it."""
    if PILImage:
        # It has read them itself.
        return
    with ZipFile(io.BytesIO(original)) as archive:
        for name, part in sheets_in(archive).items():
            if name in workbook.sheetnames:
                # Its stub lacks it.
                sheet: Any = workbook[name]
                for picture in _pictures(archive, part):
                    sheet.add_image(picture)


def _pictures(archive: ZipFile, part: str) -> Iterator[_Picture]:
    for relation in _dependents(archive, part):
        if not relation.Type.endswith("/drawing") or relation.target not in archive.namelist():
            continue
        try:
            tree: Any = fromstring(archive.read(relation.target))
            drawing: Any = SpreadsheetDrawing.from_tree(tree)
        except TypeError:
            # It holds what openpyxl does not know, and is lost as a whole.
            continue
        media = {item.Id: item.target for item in _dependents(archive, relation.target) if item.Type == IMAGE_NS}
        for anchor in (*drawing.absoluteAnchor, *drawing.oneCellAnchor, *drawing.twoCellAnchor):
            frame = anchor.pic
            blip = frame and frame.blipFill and frame.blipFill.blip
            target = blip and media.get(blip.embed)
            if not target or target not in archive.namelist() or kind_of(target) not in KEPT_PICTURES:
                continue
            # A link of its own would lead to a relation that is not written.
            blip.link = frame.nvPicPr.cNvPr.hlinkClick = frame.nvPicPr.cNvPr.hlinkHover = None
            line = frame.spPr.ln
            if line is not None and not (line.noFill or line.solidFill or line.gradFill or line.pattFill):
                # openpyxl has made it up.
                frame.spPr.ln = None
            yield _Picture(archive.read(target), kind_of(target)[1:], anchor)


def _dependents(archive: ZipFile, part: str) -> Iterator[Any]:
    rels = _rels_of(archive, part)
    yield from get_dependents(archive, rels) if rels else ()


def _rels_of(archive: ZipFile, part: str) -> str | None:
    rels: str = get_rels_path(part)  # type: ignore[no-untyped-call]
    return rels if rels in archive.namelist() else None

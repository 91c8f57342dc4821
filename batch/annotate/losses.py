"""What of a workbook openpyxl does not write again, so that it can be said before anybody misses it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from zipfile import ZipFile

from batch.language import _, listed

_EXTENSION = re.compile(rb"<(?:x14|x15|xr|xr2|mx|xne)[:\w]*:|<extLst\b")
_SHAPE = re.compile(rb"<(?:xdr:)?(?:sp|cxnSp|grpSp)\b")
_MACROS = "xl/vbaProject.bin"


def losses_of(data: bytes, *, keeps_macros: bool) -> str | None:
    """The sentence for the reader; None if everything that we know of is kept."""
    with ZipFile(io.BytesIO(data)) as archive:
        lost = list(_lost(archive, keeps_macros=keeps_macros))
    if not lost:
        return None
    return _(
        "This copy could not keep everything of the workbook; what is lost, or kept in part only: {things}. "
        "Where that matters, correct your own file: the cells named here are its cells."
    ).format(things=listed(lost, _("and")))


def _lost(archive: ZipFile, *, keeps_macros: bool) -> Iterator[str]:
    names = archive.namelist()
    for prefixes, thing in (
        (("xl/media/",), _("pictures")),
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
    if not keeps_macros and _MACROS in names:
        yield _("macros")
    if _has(archive, "xl/drawings/drawing", _SHAPE):
        yield _("shapes and text boxes")
    if _has(archive, "xl/worksheets/", _EXTENSION):
        yield _("newer kinds of formatting and rules, such as sparklines")


def _has(archive: ZipFile, prefix: str, pattern: re.Pattern[bytes]) -> bool:
    return any(
        pattern.search(archive.read(name))
        for name in archive.namelist()
        if name.startswith(prefix) and name.endswith(".xml")
    )

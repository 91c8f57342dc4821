"""What of a workbook openpyxl does not write again, so that it can be said before anybody misses it."""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator
from zipfile import ZipFile

from batch.language import _, listed

KEPT_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff"})
"""Kinds whose content type openpyxl writes, and that no macro brings along as well."""
_MEDIA = re.compile(rb'Target="([^"]*/media/[^"]+)"')
_GROUP = re.compile(rb"<(?:xdr:)?grpSp\b|<mc:AlternateContent\b")
"""Around pictures that openpyxl does not find one by one."""
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
    if _loses_pictures(archive):
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
    if not keeps_macros and _MACROS in names:
        yield _("macros")
    if _has(archive, "xl/drawings/drawing", _SHAPE):
        yield _("shapes and text boxes")
    if _has(archive, "xl/worksheets/", _EXTENSION):
        yield _("newer kinds of formatting and rules, such as sparklines")


def kind_of(name: str) -> str:
    """A picture's kind, by its name's ending."""
    return posixpath.splitext(name)[1].lower()


def _loses_pictures(archive: ZipFile) -> bool:
    """Whether a picture is not simply one on a sheet: in a page's head, in a group, of a kind that is not kept."""
    names, kept = set(archive.namelist()), set()
    for rels in names:
        drawing = rels.replace("_rels/", "").removesuffix(".rels")
        if rels.startswith("xl/drawings/_rels/") and drawing in names and not _GROUP.search(archive.read(drawing)):
            kept |= {posixpath.basename(target.decode()) for target in _MEDIA.findall(archive.read(rels))}
    media = [posixpath.basename(name) for name in names if name.startswith("xl/media/")]
    return any(name not in kept or kind_of(name) not in KEPT_PICTURES for name in media)


def _has(archive: ZipFile, prefix: str, pattern: re.Pattern[bytes]) -> bool:
    return any(
        pattern.search(archive.read(name))
        for name in archive.namelist()
        if name.startswith(prefix) and name.endswith(".xml")
    )

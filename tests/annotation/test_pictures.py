from __future__ import annotations

import io
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook

from batch.annotation import Annotated, annotate
from batch.sheet import Limits, read_sheet
from batch.sheet.source_file import load_original
from batch.validation.check_sheet import Expected, check_sheet

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
PICTURE = (
    '<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="2" name="Logo"><a:hlinkClick r:id="rId9"/></xdr:cNvPr><xdr:cNvPicPr/>'
    "</xdr:nvPicPr>"
    '<xdr:blipFill><a:blip r:embed="rId1"/><a:srcRect l="5000"/><a:stretch><a:fillRect/></a:stretch></xdr:blipFill>'
    '<xdr:spPr><a:prstGeom prst="rect"/></xdr:spPr></xdr:pic>'
)
GROUP = f"<xdr:grpSp><xdr:nvGrpSpPr/><xdr:grpSpPr/>{PICTURE}</xdr:grpSp>"
LOGO = b"\x89PNG not that anybody looks"


def with_picture(path: Path, content: str = PICTURE, kind: str = "png") -> Path:
    book = Workbook()
    for cells in (("Token", "Amount", "Direction"), ("sub-1", "x", "add")):
        book.worksheets[0].append(cells)
    book.create_sheet("Letterhead")
    plain = path.with_name("plain.xlsx")
    book.save(plain)
    relations = f'<Relationships xmlns="{OFFICE.replace("officeDocument", "package")}">'
    relation = '<Relationship Id="rId1" Type="{}" Target="{}"/></Relationships>'
    with ZipFile(plain) as old, ZipFile(path, "w") as new:
        for part in old.namelist():
            data = old.read(part)
            if part.endswith("sheet2.xml"):
                data = data.replace(b"</worksheet>", f'<drawing xmlns:r="{OFFICE}" r:id="rId1"/></worksheet>'.encode())
            new.writestr(part, data)
        sheet = relations + relation.format(f"{OFFICE}/drawing", "/xl/drawings/drawing1.xml")
        new.writestr("xl/worksheets/_rels/sheet2.xml.rels", sheet)
        new.writestr(
            "xl/drawings/drawing1.xml",
            f'<xdr:wsDr xmlns:xdr="{DRAWING}/spreadsheetDrawing" xmlns:a="{DRAWING}/main" xmlns:r="{OFFICE}">'
            "<xdr:oneCellAnchor><xdr:from><xdr:col>5</xdr:col><xdr:colOff>7</xdr:colOff><xdr:row>1</xdr:row>"
            '<xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:ext cx="1000" cy="2000"/>'
            f"{content}<xdr:clientData/></xdr:oneCellAnchor></xdr:wsDr>",
        )
        picture = relations + relation.format(f"{OFFICE}/image", f"../media/image1.{kind}")
        new.writestr("xl/drawings/_rels/drawing1.xml.rels", picture)
        new.writestr(f"xl/media/image1.{kind}", LOGO)
    return path


def marked(path: Path) -> Annotated:
    found = check_sheet(read_sheet(path), None, Expected())
    return annotate(load_original(path, Limits()), found.source, found.all_findings)


@pytest.mark.parametrize("kind", ["png", "jpg", "jpeg", "gif", "bmp", "tiff"])
def test_a_picture_is_kept_as_it_is(tmp_path: Path, kind: str) -> None:
    annotated = marked(with_picture(tmp_path / "logo.xlsx", kind=kind))
    assert annotated.remarks == ()
    with ZipFile(io.BytesIO(annotated.data)) as archive:
        assert archive.read(f"xl/media/image1.{kind}") == LOGO
        assert f'Extension="{kind}"'.encode() in archive.read("[Content_Types].xml")
        drawing = archive.read("xl/drawings/drawing1.xml")
        assert b"<xdr:col>5</xdr:col><xdr:colOff>7</xdr:colOff><xdr:row>1</xdr:row>" in drawing
        assert b'cx="1000" cy="2000"' in drawing
        assert b'<a:srcRect l="5000"' in drawing
        # What would lead to nothing, and a line around it that nobody drew.
        assert b"hlinkClick" not in drawing
        assert b"<a:ln>" not in drawing
        # The list comes first, so its sheet is the third.
        assert b"../drawings/drawing1.xml" in archive.read("xl/worksheets/_rels/sheet3.xml.rels")


@pytest.mark.parametrize(("content", "kind"), [(GROUP, "png"), (PICTURE, "emf"), (PICTURE, "svg")])
def test_a_picture_that_is_not_kept_is_said(tmp_path: Path, content: str, kind: str) -> None:
    annotated = marked(with_picture(tmp_path / "logo.xlsx", content, kind))
    assert len(annotated.remarks) == 1
    assert "pictures" in annotated.remarks[0]
    with ZipFile(io.BytesIO(annotated.data)) as archive:
        assert not [name for name in archive.namelist() if "media" in name]

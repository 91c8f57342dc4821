from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from random import Random

import pytest
from defusedxml.ElementTree import ParseError, fromstring
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from batch.errors import SheetError
from batch.frames import Grid

from .hostile import zipped
from .reading import grid_of
from .rewriting import PACKAGE, PACKINGS, RELATIONS, REWRITINGS, SHEET, STYLES, TEXTS, WORKBOOK, Parts

_OFFICE = "http://schemas.openxmlformats.org"
_MAIN = f'xmlns="{_OFFICE}/spreadsheetml/2006/main"'
_LINKS = f"{_OFFICE}/officeDocument/2006/relationships"
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = (
    f'<styleSheet {_MAIN}><numFmts count="1"><numFmt numFmtId="164" formatCode="#,##0.0&quot; EUR&quot;"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/></font><font><strike/><sz val="11"/></font></fonts>'
    '<cellXfs count="6"><xf numFmtId="0" fontId="0"/><xf numFmtId="2" fontId="0"/><xf numFmtId="9" fontId="0"/>'
    '<xf numFmtId="0" fontId="1"/><xf numFmtId="164" fontId="0"/><xf numFmtId="14" fontId="0"/></cellXfs>'
    '<dxfs count="1"><dxf><font><b/><strike/></font></dxf></dxfs></styleSheet>'
)
_TEXTS = (
    f'<sst {_MAIN} count="20" uniqueCount="11"><si><t>Token</t></si><si><t>Amount</t></si><si><t>Direction</t></si>'
    "<si><t>sub-0001</t></si><si><t>sub-0002</t></si><si><t>sub-0003</t></si><si><t>add</t></si><si><t>remove</t></si>"
    "<si><r><t>sub-</t></r><r><rPr><b/><strike/></rPr><t>0004</t></r></si>"
    '<si><r><rPr><strike val="0"/></rPr><t>R&amp;D é</t></r></si>'
    '<si><t xml:space="preserve"> two\nlines </t></si><si><t/></si></sst>'
)
_ROWS = (
    '<row r="1" spans="1:4"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c>'
    '<c r="D1" t="inlineStr"><is><t>Note</t></is></c></row>'
    '<row r="2"><c r="A2" t="s"><v>3</v></c><c r="B2" s="1"><v>12.345</v></c><c r="C2" t="s"><v>6</v></c>'
    '<c r="D2" t="s"><v>9</v></c></row>'
    '<row r="3"><c r="A3" t="s"><v>4</v></c><c r="B3" s="2" t="n"><v>0.5</v></c><c r="C3" t="s"><v>6</v></c>'
    '<c r="D3" t="s"><v>8</v></c></row>'
    '<row r="4" hidden="1"><c r="A4" t="s"><v>5</v></c><c r="B4"><v>40</v></c><c r="C4" t="s"><v>7</v></c>'
    '<c r="D4" t="s"><v>10</v></c></row>'
    '<row r="5" ht="0.75" customHeight="1"><c r="A5" t="s"><v>8</v></c><c r="B5" s="4"><f>1/3</f><v>0.333333333</v></c>'
    '<c r="C5" t="str"><f>LOWER("ADD")</f><v>add</v></c><c r="D5" s="5"><v>45000</v></c></row>'
    '<row r="6"><c r="A6" t="e"><f>VLOOKUP(1,X:X,1,0)</f><v>#N/A</v></c><c r="B6" t="e"><v>#N/A</v></c>'
    '<c r="C6" t="e"><v>#REF!</v></c></row>'
    '<row r="7"><c r="A7" s="3" t="s"><v>3</v></c><c r="B7" s="3"><v>7</v></c><c r="C7" s="3" t="s"><v>6</v></c>'
    '<c r="D7" s="3"/></row>'
    '<row r="8"><c r="A8" t="inlineStr"><is><r><t>sub-</t></r><r><rPr><strike val="1"/></rPr><t>0001</t></r></is></c>'
    '<c r="B8"><f>B7*2</f><v/></c><c r="C8" t="str"><f>"a"&amp;"dd"</f><v></v></c><c r="D8" t="b"><v>1</v></c></row>'
    '<row r="9"><c r="A9"><f>A2</f></c><c r="B9"><f>B2</f></c><c r="C9"><f>C2</f></c></row>'
)
_COLUMNS = '<cols><col min="4" max="5" width="9.5" hidden="1" customWidth="1"/><col min="6" max="7" width="0"/></cols>'
_CONDITIONS = (
    '<conditionalFormatting sqref="B2:B5 D4"><cfRule type="cellIs" dxfId="0" priority="1" operator="greaterThan">'
    "<formula>30</formula></cfRule></conditionalFormatting>"
)
_EXTENSION = (
    '<extLst><ext uri="{78C0D931-6437-407d-A8EE-F0AAD7539E65}" xmlns:x14="http://schemas.microsoft.com/office/'
    'spreadsheetml/2009/9/main"><x14:conditionalFormattings><x14:conditionalFormatting xmlns:xm="http://schemas.'
    'microsoft.com/office/excel/2006/main"><x14:cfRule type="expression" priority="2" id="{1}"><xm:f>$B7=7</xm:f>'
    '<x14:dxf><numFmt numFmtId="165" formatCode=";;;"/></x14:dxf></x14:cfRule><xm:sqref>A7:C8</xm:sqref>'
    "</x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst>"
)
_SHEET = (
    f'<worksheet {_MAIN}><sheetPr><tabColor rgb="FF00FF00"/></sheetPr><dimension ref="A1:D9"/>{_COLUMNS}'
    f'<sheetData>{_ROWS}</sheetData><mergeCells count="2"><mergeCell ref="A12:B12"/><mergeCell ref="A40:C41"/>'
    f"</mergeCells>{_CONDITIONS}{_EXTENSION}</worksheet>"
)


def _relations(*entries: tuple[str, str]) -> bytes:
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{_LINKS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(entries, start=1)
    )
    return f'{_DECLARED}<Relationships xmlns="{_OFFICE}/package/2006/relationships">{listed}</Relationships>'.encode()


TYPES = "[Content_Types].xml"
PARTS: Parts = {
    TYPES: b"<Types/>",
    PACKAGE: _relations(("officeDocument", "xl/workbook.xml")),
    WORKBOOK: (
        f'{_DECLARED}<workbook {_MAIN} xmlns:r="{_LINKS}"><sheets><sheet name="March" sheetId="1" r:id="rId1"/>'
        "</sheets></workbook>"
    ).encode(),
    RELATIONS: _relations(
        ("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")
    ),
    SHEET: f"{_DECLARED}{_SHEET}".encode(),
    STYLES: f"{_DECLARED}{_STYLES}".encode(),
    TEXTS: f"{_DECLARED}{_TEXTS}".encode(),
}


REFUSED = frozenset({"a type of document", "twice but for capitals"})


def grid(parts: Parts) -> Grid:
    return grid_of(zipped(parts))


@cache
def plain() -> Grid:
    return grid(PARTS)


def changed(part: str, change: Callable[[str], str]) -> Parts:
    xml = change(PARTS[part].decode())
    assert xml.encode() != PARTS[part]
    return {**PARTS, part: xml.encode()}


def test_the_plain_one() -> None:
    seen = plain()
    assert seen.findings == ()
    assert seen.rows[5][:3] == ("#N/A", "#N/A", "#REF!")
    assert (seen.rows[7][1], seen.rows[8][:3]) == ("=B7*2", ("=A2", "=B2", "=C2"))
    assert seen.appearance.shown == {
        (2, 1): "12.35",
        (3, 1): "50%",
        (5, 1): "0.3 EUR",
        **dict.fromkeys([(7, 0), (7, 1), (7, 2)], ""),
    }
    assert seen.appearance.struck == {(3, 3), (4, 1), (4, 3), (5, 0), (7, 0), (7, 1), (7, 2), (8, 0)}
    assert seen.appearance.hidden_rows == {4, 5}
    assert seen.appearance.hidden_columns == {3, 4, 5, 6}
    assert seen.appearance.merged == ((12, 0, 12, 1), (40, 0, 41, 2))


@settings(max_examples=3 * settings().max_examples)
@given(
    changes=st.lists(
        st.tuples(st.sampled_from((SHEET, SHEET, TEXTS, STYLES)), st.sampled_from(sorted(REWRITINGS.keys() - REFUSED))),
        min_size=1,
        max_size=3,
    ),
    packing=st.none()
    | st.tuples(st.sampled_from((SHEET, TEXTS, STYLES)), st.sampled_from(sorted(PACKINGS.keys() - REFUSED))),
    seed=st.integers(0, 2**32),
)
def test_other_xml_says_the_same(changes: list[tuple[str, str]], packing: tuple[str, str] | None, seed: int) -> None:
    random, parts = Random(seed), dict(PARTS)
    for part, name in changes:
        parts[part] = REWRITINGS[name](random, parts[part].decode()).encode()
    assume(all(is_well_formed(parts[part]) for part in (SHEET, TEXTS, STYLES)))
    if packing:
        parts = PACKINGS[packing[1]](parts, packing[0])
    assert_same(parts)


def is_well_formed(xml: bytes) -> bool:
    """Rewritings that each keep it so may not do so together."""
    try:
        fromstring(xml)
    except ParseError:
        return False
    return True


def assert_same(parts: Parts) -> None:
    other = grid(parts)
    assert other.findings == ()
    assert other.rows == plain().rows
    assert other.appearance == plain().appearance


@pytest.mark.parametrize("part", [SHEET, TEXTS, STYLES, WORKBOOK, RELATIONS])
@pytest.mark.parametrize("name", sorted(REWRITINGS.keys() - REFUSED))
def test_each_rewriting_by_itself(name: str, part: str) -> None:
    for seed in range(4):
        assert_same({**PARTS, part: REWRITINGS[name](Random(seed), PARTS[part].decode()).encode()})


@pytest.mark.parametrize("part", [SHEET, TEXTS, STYLES, WORKBOOK, RELATIONS, PACKAGE])
@pytest.mark.parametrize("name", sorted(PACKINGS.keys() - REFUSED))
def test_each_packing_by_itself(name: str, part: str) -> None:
    if part not in {RELATIONS, PACKAGE} or name != "another name":
        assert_same(PACKINGS[name](PARTS, part))


@pytest.mark.parametrize("part", [SHEET, TEXTS, STYLES])
@pytest.mark.parametrize(
    ("target", "member"),
    [
        ("a%20b.xml", "a b.xml"), ("a b.xml", "a%20b.xml"), ("a%20b.xml", "a%20b.xml"), ("A%20B.xml", "a b.XML"),
        ("%C3%A9t%c3%a9.xml", "été.xml"), ("été.xml", "%c3%A9t%C3%A9.xml"), ("50%25.xml", "50%.xml"),
        ("50%.xml", "50%.xml"),
    ],
)  # fmt: skip
def test_a_name_may_be_percent_encoded(part: str, target: str, member: str) -> None:
    folder = part.rpartition("/")[0]
    linked = PARTS[RELATIONS].decode().replace(f'"{part.removeprefix("xl/")}"', f'"/{folder}/{target}"')
    assert f"/{target}" in linked
    renamed = {f"{folder}/{member}" if key == part else key: content for key, content in PARTS.items()}
    assert_same({**renamed, RELATIONS: linked.encode()})


def test_the_workbook_may_be_in_a_folder_whose_name_is_percent_encoded() -> None:
    moved = {key.replace("xl/", "my xl/", 1): content for key, content in PARTS.items()}
    package = PARTS[PACKAGE].replace(b'"xl/', b'"my%20xl/')
    assert_same({**moved, PACKAGE: package})


@pytest.mark.parametrize("name", ["[content_types].xml", "[CONTENT_TYPES].XML"])
def test_the_list_of_types_may_have_other_capitals(name: str) -> None:
    assert_same({name if part == TYPES else part: content for part, content in PARTS.items()})


@pytest.mark.parametrize(
    "parts",
    [
        {**PARTS, "xl/%73tyles.xml": PARTS[STYLES]},
        {**PARTS, TYPES.upper(): PARTS[TYPES]},
        *(PACKINGS["twice but for capitals"](PARTS, part) for part in (SHEET, TEXTS, STYLES, WORKBOOK)),
    ],
)
def test_two_parts_whose_names_differ_by_capitals_or_percent_encoding_alone_are_refused(parts: Parts) -> None:
    with pytest.raises(SheetError, match="could not be read"):
        grid(parts)


@pytest.mark.parametrize("part", [SHEET, TEXTS, WORKBOOK, RELATIONS])
def test_a_document_type_is_refused(part: str) -> None:
    xml = REWRITINGS["a type of document"](Random(1), PARTS[part].decode())
    with pytest.raises(SheetError, match="could not be read"):
        grid({**PARTS, part: xml.encode()})


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        (SHEET, "<v>4</v>", "<v>4 </v>"), (SHEET, "<v>4</v>", "<v>+4</v>"), (SHEET, "<v>4</v>", "<v>4.0</v>"),
        (SHEET, "<v>4</v>", "<v>&#52;</v>"), (SHEET, "<v>4</v>", "<v><![CDATA[4]]></v>"),
        (SHEET, "<v>4</v>", "<v>4<!-- --></v>"),
        (SHEET, "<v>4</v>", "<v>4</v><extLst><ext><v>5</v><t>x</t></ext></extLst>"), (SHEET, "<v>40</v>", "<v> 40</v>"),
        (SHEET, "<v>40</v>", "<v>4<!-- -->0</v>"), (SHEET, ' s="2"', ' s=" 2"'), (SHEET, ' s="2"', ' s="02"'),
        (SHEET, ' r="B3"', ' r="b3"'), (SHEET, ' hidden="1">', ' hidden=" 1">'), (SHEET, ' ht="0.75"', ' ht="7.5E-1"'),
        (SHEET, ' width="0"', ' width="0e0"'),
        (SHEET, "<cols>", '<y:cols xmlns:y="x"><y:col min="1" max="1" hidden="1"/></y:cols><cols>'),
        (SHEET, '<strike val="1"/>', "<strike></strike>"), (SHEET, "</sheetData>", "<!-- </row> --></sheetData>"),
        (SHEET, '<dimension ref="A1:D9"/>', '<dimension ref=""/>'),
        (SHEET, '<dimension ref="A1:D9"/>', '<dimension ref="1:4"/>'),
        (SHEET, '<dimension ref="A1:D9"/>', '<dimension ref="A1:B2"/>'),
        (TEXTS, "<t>sub-0001</t>", "<t>sub-<![CDATA[0001]]></t>"), (TEXTS, "<t>sub-0001</t>", "<t>sub-_x0030_001</t>"),
        (TEXTS, "<t>sub-0001</t>", '<t>sub-0001</t><rPh sb="0" eb="1"><t>x</t></rPh>'),
        (STYLES, ' numFmtId="9"', ' numFmtId=" 9"'), (STYLES, "#,##0.0", "#,##0.&#48;"),
        (RELATIONS, 'Target="worksheets/sheet1.xml"', 'Target="/xl/worksheets/sheet1.xml"'),
        (RELATIONS, 'Target="worksheets/sheet1.xml"', 'Target="./worksheets/../worksheets/Sheet1.xml"'),
        (RELATIONS, 'Target="worksheets/sheet1.xml"', 'Target="worksheets\\sheet1.xml"'),
        (PACKAGE, 'Target="xl/workbook.xml"', 'Target="./XL\\workbook.xml"'),
    ],
)  # fmt: skip
def test_what_is_written_otherwise_is_the_same(part: str, old: str, new: str) -> None:
    assert_same(changed(part, lambda xml: xml.replace(old, new, 1)))


def test_the_strict_vocabulary_is_the_same() -> None:
    strict = "http://purl.oclc.org/ooxml"
    names = {f"{_OFFICE}/spreadsheetml/2006/main": f"{strict}/spreadsheetml/main"}
    names[_LINKS] = f"{strict}/officeDocument/relationships"
    parts = {part: content.decode() for part, content in PARTS.items()}
    for old, new in names.items():
        parts = {part: content.replace(old, new) for part, content in parts.items()}
    assert_same({part: content.encode() for part, content in parts.items()})


@pytest.mark.parametrize(
    ("old", "new", "place", "value"),
    [
        ("<v>40</v>", "<v>0x40</v>", (3, 1), "#UNKNOWN!"), ("<v>40</v>", "<v>4_0</v>", (3, 1), "#UNKNOWN!"),
        ("<v>4</v>", "<v>400</v>", (2, 0), "#UNKNOWN!"), ("<v>4</v>", "<v>-4</v>", (2, 0), "#UNKNOWN!"),
        ("<v>#REF!</v>", "<v>#SPILL!</v>", (5, 2), "#SPILL!"),
        ("<v>#REF!</v>", "<v>#WHATEVER!</v>", (5, 2), "#UNKNOWN!"), (' t="b"', ' t="z"', (7, 3), "#UNKNOWN!"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_told_is_an_error(old: str, new: str, place: tuple[int, int], value: str) -> None:
    other = grid(changed(SHEET, lambda xml: xml.replace(old, new, 1)))
    assert other.rows[place[0]][place[1]] == value
    assert other.findings == ()


def test_parts_that_nothing_is_read_of_do_no_harm() -> None:
    assert_same({**PARTS, "docProps/app.xml": b"<x", "xl/theme/theme1.xml": "\u00e9".encode("utf-16")})


def test_a_sheet_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (64, 97, 700):
        monkeypatch.setattr("batch.sheet.xml_package._CHUNK", size)
        assert_same(changed(SHEET, lambda xml: re.sub(r">(?=<(?!/[vtf]>))", ">\r\n  ", xml)))

"""A sheet whose XML is not as compact as it is looked through is not taken for one that was seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.errors import SheetError
from batch.frames import Grid

from .reading import grid_of
from .rewriting import PACKAGE, PACKINGS, RELATIONS, REWRITINGS, SHEET, STYLES, TEXTS, WORKBOOK, Parts, zipped

_OFFICE = "http://schemas.openxmlformats.org"
_MAIN = f'xmlns="{_OFFICE}/spreadsheetml/2006/main"'
_LINKS = f"{_OFFICE}/officeDocument/2006/relationships"
_DECLARED = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLES = (
    f'<styleSheet {_MAIN}><numFmts count="1"><numFmt numFmtId="164" formatCode="#,##0.0&quot; EUR&quot;"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/></font><font><strike/><sz val="11"/></font></fonts>'
    '<cellXfs count="6"><xf numFmtId="0" fontId="0"/><xf numFmtId="2" fontId="0"/><xf numFmtId="9" fontId="0"/>'
    '<xf numFmtId="0" fontId="1"/><xf numFmtId="164" fontId="0"/><xf numFmtId="14" fontId="0"/></cellXfs></styleSheet>'
)
_TEXTS = (
    f'<sst {_MAIN} count="20" uniqueCount="11"><si><t>Token</t></si><si><t>Amount</t></si><si><t>Direction</t></si>'
    "<si><t>sub-0001</t></si><si><t>sub-0002</t></si><si><t>sub-0003</t></si><si><t>add</t></si><si><t>remove</t></si>"
    "<si><r><t>sub-</t></r><r><rPr><b/><strike/></rPr><t>0004</t></r></si><si><t>R&amp;D é</t></si>"
    '<si><t xml:space="preserve"> two\nlines </t></si><si><t/></si></sst>'
)
_ROWS = (
    '<row r="1" spans="1:4"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c>'
    '<c r="D1" t="inlineStr"><is><t>Note</t></is></c></row>'
    '<row r="2"><c r="A2" t="s"><v>3</v></c><c r="B2" s="1"><v>12.345</v></c><c r="C2" t="s"><v>6</v></c>'
    '<c r="D2" t="s"><v>9</v></c></row>'
    '<row r="3"><c r="A3" t="s"><v>4</v></c><c r="B3" s="2" t="n"><v>0.5</v></c><c r="C3" t="s"><v>6</v></c></row>'
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
_COLUMNS = '<cols><col min="4" max="4" width="9.5" hidden="1" customWidth="1"/><col min="6" max="7" width="0"/></cols>'
_SHEET = (
    f'<worksheet {_MAIN}><sheetPr><tabColor rgb="FF00FF00"/></sheetPr><dimension ref="A1:D9"/>{_COLUMNS}'
    f'<sheetData>{_ROWS}</sheetData><mergeCells count="1"><mergeCell ref="A12:B12"/></mergeCells></worksheet>'
)


def _relations(*entries: tuple[str, str]) -> bytes:
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{_LINKS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(entries, start=1)
    )
    return f'{_DECLARED}<Relationships xmlns="{_OFFICE}/package/2006/relationships">{listed}</Relationships>'.encode()


PARTS: Parts = {
    "[Content_Types].xml": b"<Types/>",
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


def grid(parts: Parts) -> Grid:
    return grid_of(zipped(parts))


@cache
def compact() -> Grid:
    return grid(PARTS)


def changed(part: str, change: Callable[[str], str]) -> Parts:
    xml = change(PARTS[part].decode())
    assert xml.encode() != PARTS[part]
    return {**PARTS, part: xml.encode()}


def codes(parts: Parts) -> list[str]:
    return [finding.code for finding in grid(parts).findings]


def test_the_compact_one_is_seen() -> None:
    seen = compact()
    assert seen.findings == ()
    assert seen.rows[5][:3] == ("#N/A", "#N/A", "#REF!")
    assert (seen.rows[7][1], seen.rows[8][:3]) == ("=B7*2", ("=A2", "=B2", "=C2"))
    assert seen.appearance.shown == {(2, 1): "12.35", (3, 1): "50%", (5, 1): "0.3 EUR"}
    assert seen.appearance.struck == {(5, 0), (7, 0), (7, 1), (7, 2), (8, 0)}
    assert seen.appearance.hidden_rows == {4, 5}
    assert seen.appearance.hidden_columns == {3, 5, 6}
    assert seen.appearance.merged == ((12, 0, 12, 1),)


@settings(max_examples=400, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.sampled_from((SHEET, SHEET, TEXTS, STYLES)), st.sampled_from(sorted(REWRITINGS))),
        min_size=1,
        max_size=3,
    ),
    packing=st.none() | st.tuples(st.sampled_from((SHEET, TEXTS, STYLES)), st.sampled_from(sorted(PACKINGS))),
    seed=st.integers(0, 2**32),
)
def test_the_same_in_other_xml_is_the_same_or_is_not_seen(
    changes: list[tuple[str, str]], packing: tuple[str, str] | None, seed: int
) -> None:
    random, parts = Random(seed), dict(PARTS)
    for part, name in changes:
        parts[part] = REWRITINGS[name](random, parts[part].decode()).encode()
    if packing:
        parts = PACKINGS[packing[1]](parts, packing[0])
    assert_same_or_unseen(parts)


def assert_same_or_unseen(parts: Parts) -> None:
    try:
        other = grid(parts)
    except SheetError:
        return
    if "appearance-unseen" not in {finding.code for finding in other.findings}:
        assert other.rows == compact().rows
        assert other.appearance == compact().appearance


@pytest.mark.parametrize("part", [SHEET, TEXTS, STYLES, WORKBOOK, RELATIONS])
@pytest.mark.parametrize("name", REWRITINGS)
def test_each_rewriting_by_itself(name: str, part: str) -> None:
    for seed in range(4):
        assert_same_or_unseen({**PARTS, part: REWRITINGS[name](Random(seed), PARTS[part].decode()).encode()})


@pytest.mark.parametrize("part", [SHEET, TEXTS, STYLES, WORKBOOK, RELATIONS, PACKAGE])
@pytest.mark.parametrize("name", PACKINGS)
def test_each_packing_by_itself(name: str, part: str) -> None:
    assert_same_or_unseen(PACKINGS[name](PARTS, part))


# Programs in use write so: with prefixes, without addresses, indented.
UNDERSTOOD = {
    "white space between tags", "single quotation marks", "attributes in another order", "prefix", "one tag",
    "no addresses", "defaults", "truths",
}  # fmt: skip
NOT_UNDERSTOOD = {
    "comments between tags", "instructions between tags", "white space around =", "white space before =",
    "white space behind =", "white space between attributes", "white space at the end of tags",
    "instructions in contents", "sections in contents", "attributes on values", "prefix on some", "a type of document",
    "a comment first",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(UNDERSTOOD | NOT_UNDERSTOOD))
def test_what_is_understood_of_a_sheet(name: str) -> None:
    parts = changed(SHEET, lambda xml: REWRITINGS[name](Random(1), xml))
    assert codes(parts) == ([] if name in UNDERSTOOD else ["appearance-unseen"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # The parser of the cells takes string 0 for it, and the wrong sub-account would be paid.
        ("<v>4</v>", "<v>4 </v>"),
        ("<v>4</v>", "<v>\n4</v>"),
        ("<v>4</v>", "<v>+4</v>"),
        ("<v>4</v>", "<v>4.0</v>"),
        ("<v>4</v>", "<v>&#52;</v>"),
        ("<v>4</v>", "<v><![CDATA[4]]></v>"),
        ("<v>4</v>", "<v>4<!-- --></v>"),
        ("<v>4</v>", '<v a="b">4</v>'),
        ("<v>4</v>", "<v >4</v>"),
        ("<v>4</v>", "<v>4</v ><v>4</v>"),
        ("<v>40</v>", "<v> 40</v>"),
        ("<v>40</v>", "<v>4<!-- -->0</v>"),
        ("<v>40</v>", "<v>&#52;0</v>"),
        ("<v>40</v>", "<v>0x40</v>"),
        ("<v>40</v>", "<v>40</v><f>20*2</f>"),
        ("<v>0.333333333</v>", f"<v>0.{'3' * 60}</v>"),
        (' t="n"', ' t = "n"'),
        (' s="2"', ' s="&#50;"'),
        (' s="2"', ' s=" 2"'),
        (' s="2"', ' s="02"'),
        (' hidden="1">', ' hidden=" 1">'),
        (' hidden="1">', ' hidden = "1">'),
        (' ht="0.75"', ' ht="7.5E-1"'),
        (' ht="0.75"', ' ht=".75"'),
        (' width="9.5" hidden="1"', ' width="9.5" hidden = "1"'),
        (' width="0"', ' width="0e0"'),
        (' width="0"', ' width="00"'),
        ("<cols>", "<!-- --><cols>"),
        ("<cols>", '<y:cols xmlns:y="x"><y:col min="1" max="1" hidden="1"/></y:cols><cols>'),
        ('<strike val="1"/>', "<strike></strike>"),
        ("<sheetData>", "<sheetData><?x y?>"),
        ("</sheetData>", "<!-- </row> --></sheetData>"),
        ("</sheetData>", f"{'x' * 20}</sheetData>"),
    ],
)  # fmt: skip
def test_a_sheet_of_which_a_place_is_not_understood(old: str, new: str) -> None:
    assert codes(changed(SHEET, lambda xml: xml.replace(old, new, 1))) == ["appearance-unseen"]


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        (TEXTS, "<si><t>sub-0001</t></si>", "<si><!-- --><t>sub-0001</t></si>"),
        (TEXTS, "<t>sub-0001</t>", "<t>sub-<![CDATA[0001]]></t>"),
        (TEXTS, "<strike/>", "<strike val = '0'/>"),
        (TEXTS, "<si><t>sub-0001</t></si>", "<si><t>sub-0001</t><t/></si>"),
        (STYLES, ' numFmtId="9"', ' numFmtId=" 9"'),
        (STYLES, ' numFmtId="9"', ' numFmtId="&#57;"'),
        (STYLES, ' fontId="1"', ' fontId="+1"'),
        (STYLES, "#,##0.0", "#,##0.&#48;"),
        (RELATIONS, '/styles" Target="styles.xml"', '/styles" Target="other.xml"'),
        (RELATIONS, '/sharedStrings" Target="sharedStrings.xml"', '/sharedStrings" Target="other.xml"'),
        (RELATIONS, '/sharedStrings" Target="sharedStrings.xml"', '/sharedStrings" Target="SharedStrings.xml"'),
        (PACKAGE, 'Target="xl/workbook.xml"', 'Target="xl/other.xml"'),
    ],
)
def test_a_workbook_of_which_a_part_is_not_understood(part: str, old: str, new: str) -> None:
    assert codes(changed(part, lambda xml: xml.replace(old, new, 1))) == ["appearance-unseen"]


@pytest.mark.parametrize("part", [STYLES, TEXTS])
@pytest.mark.parametrize("name", ["capitals in the archive", "capitals in the name", "twice but for capitals"])
def test_a_part_whose_name_differs_by_capitals(name: str, part: str) -> None:
    assert codes(PACKINGS[name](PARTS, part)) == ["appearance-unseen"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "iso-8859-1"])
def test_a_sheet_in_another_encoding(encoding: str) -> None:
    xml = PARTS[SHEET].decode().replace("UTF-8", encoding)
    assert codes({**PARTS, SHEET: xml.encode(encoding)}) == ["appearance-unseen"]


def test_what_other_parts_and_other_names_of_a_sheet_do_no_harm() -> None:
    assert codes(PACKINGS["another name"](PARTS, SHEET)) == []
    assert codes({**PARTS, "docProps/app.xml": b"<x", "xl/theme/theme1.xml": "\u00e9".encode("utf-16")}) == []
    without = changed(RELATIONS, lambda xml: xml.replace('/sharedStrings"', '/theme"'))
    assert codes(without) == []


def test_an_indented_sheet_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = changed(SHEET, lambda xml: re.sub(r">(?=<(?!/[vtf]>))", ">\r\n  ", xml))
    for size in (64, 97, 700):
        monkeypatch.setattr("batch.sheet.parts._CHUNK", size)
        other = grid(parts)
        assert (other.rows, other.appearance, other.findings) == (compact().rows, compact().appearance, ())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.xlsx", "open it in Excel and save it"),
        ("x.xlsm", "open it in Excel and save it"),
        ("x.xls", "save it as .xlsx"),
    ],
)
def test_what_is_to_be_done(name: str, words: str) -> None:
    parts = changed(SHEET, lambda xml: xml.replace("<v>4</v>", "<v>4 </v>"))
    (finding,) = grid_of(zipped(parts), name).findings
    assert finding.is_error
    assert words in finding.message

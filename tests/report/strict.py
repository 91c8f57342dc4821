"""What Excel checks of a workbook before it opens it without offering a repair, in the parts as they are stored."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from openpyxl.utils import range_boundaries

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATIONSHIP = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
ORDER = [
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr", "sheetProtection",
    "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate", "customSheetViews", "mergeCells",
    "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup",
    "headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags",
    "drawing", "legacyDrawing", "legacyDrawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts",
    "extLst",
]  # fmt: skip
"""Of a worksheet's elements (ECMA-376, CT_Worksheet)."""
CELL_LIMIT = 32_767
MOST_HYPERLINKS = 65_530
MOST_STYLES = 65_490
_NAME = re.compile(r"[A-Za-z_\\][A-Za-z0-9_.\\]*")
_LIKE_A_CELL = re.compile(r"[A-Za-z]{1,3}[0-9]+|[RrCc]|[Rr][0-9]*[Cc][0-9]*")
_RANGE = re.compile(r"'?(.+?)'?!(\$?[A-Z]+\$?\d+(?::\$?[A-Z]+\$?\d+)?|\$\d+:\$\d+|\$[A-Z]+:\$[A-Z]+)")


class Package:
    """The parts of a workbook."""

    def __init__(self, path: Path) -> None:
        with ZipFile(path) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            assert len(names) == len(set(names)), "a part is stored twice"
            self.parts = {name: archive.read(name) for name in names}
        self.workbook = self.tree("xl/workbook.xml")

    def tree(self, name: str) -> Element:
        return ElementTree.fromstring(self.parts[name])  # noqa: S314 (we have just written it)

    def relationships(self, part: str) -> dict[str, tuple[str, str]]:
        """Kind and part by id; what leads outside is not allowed in a report."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        if rels not in self.parts:
            return {}
        found = {}
        for item in self.tree(rels):
            assert item.get("TargetMode") != "External", "a report leads nowhere outside"
            target = posixpath.normpath(posixpath.join("/", folder, item.attrib["Target"])).lstrip("/")
            assert target in self.parts, f"{rels} leads to {target}, which is not there"
            identity = item.attrib["Id"]
            assert identity not in found
            found[identity] = (item.attrib["Type"].rsplit("/", 1)[-1], target)
        return found

    def sheets(self) -> dict[str, str]:
        """The part of each sheet, by its name."""
        rels = self.relationships("xl/workbook.xml")
        return {
            item.attrib["name"]: rels[item.attrib[f"{RELATIONSHIP}id"]][1]
            for item in self.workbook.iter(f"{MAIN}sheet")
        }


def complain_about(path: Path) -> None:
    """AssertionError at the first thing that Excel would repair."""
    package = Package(path)
    _content_types(package)
    sheets = package.sheets()
    assert len({name.casefold() for name in sheets}) == len(sheets)
    for name, part in sheets.items():
        assert 1 <= len(name) <= 31
        assert not re.search(r"[\[\]:*?/\\]", name)
        _sheet(package, part, sheets)
    _names(package, sheets)
    for part in package.parts:
        if re.match(r"xl/charts/chart\d+\.xml", part):
            _chart(package, part, sheets)


def _content_types(package: Package) -> None:
    """Every part has a type, and every type names a part."""
    types = package.tree("[Content_Types].xml")
    defaults = {item.attrib["Extension"] for item in types if item.tag.endswith("Default")}
    overrides = [item.attrib["PartName"].lstrip("/") for item in types if item.tag.endswith("Override")]
    assert len(overrides) == len(set(overrides))
    assert set(overrides) <= set(package.parts)
    for part in package.parts:
        if part != "[Content_Types].xml":
            assert part in overrides or part.rsplit(".", 1)[-1] in defaults - {"xml"}, f"{part} has no type"


def _sheet(package: Package, part: str, sheets: dict[str, str]) -> None:
    tree = package.tree(part)
    tags = [child.tag.removeprefix(MAIN) for child in tree]
    positions = [ORDER.index(tag) for tag in tags]
    assert positions == sorted(positions), f"the elements of {part} are not in order: {tags}"
    assert not {tag for tag, number in Counter(tags).items() if number > 1} - {"conditionalFormatting"}
    cells = _cells(package, tree)
    rels = package.relationships(part)
    used = {value for item in tree.iter() for key, value in item.attrib.items() if key == f"{RELATIONSHIP}id"}
    assert used == set(rels), f"{part} uses {used} of {set(rels)}"
    merged = [range_boundaries(item.attrib["ref"]) for item in tree.iter(f"{MAIN}mergeCell")]
    assert not any(_overlap(one, other) for index, one in enumerate(merged) for other in merged[:index])
    _links(tree, sheets)
    tables = [target for kind, target in rels.values() if kind == "table"]
    for table in tables:
        _table(package.tree(table), cells, has_filter=tree.find(f"{MAIN}autoFilter") is not None)
    count = tree.find(f"{MAIN}tableParts")
    assert (count is None) == (not tables)


def _cells(package: Package, tree: Element) -> dict[str, str | None]:
    """The text of each cell (None for what is no text); rows and cells are in order, in limits, of a known style."""
    styles = package.tree("xl/styles.xml").find(f"{MAIN}cellXfs")
    assert styles is not None
    assert len(styles) < MOST_STYLES
    cells: dict[str, str | None] = {}
    row_before = 0
    for row in tree.iter(f"{MAIN}row"):
        number = int(row.attrib["r"])
        assert number > row_before
        assert float(row.get("ht", 0)) <= 409
        row_before, column_before = number, 0
        for cell in row:
            ref = cell.attrib["r"]
            column = range_boundaries(ref)[0]
            assert isinstance(column, int)
            assert ref.endswith(str(number))
            assert column > column_before
            column_before = column
            assert int(cell.get("s", 0)) < len(styles)
            assert cell.find(f"{MAIN}f") is None, "a report has no formulas"
            text = "".join(item.text or "" for item in cell.iter(f"{MAIN}t"))
            assert len(text.encode("utf-16-le")) // 2 <= CELL_LIMIT
            cells[ref] = text if cell.get("t") == "inlineStr" else None
    return cells


def _links(tree: Element, sheets: dict[str, str]) -> None:
    links = list(tree.iter(f"{MAIN}hyperlink"))
    assert len(links) <= MOST_HYPERLINKS
    assert len({item.attrib["ref"] for item in links}) == len(links)
    for item in links:
        assert f"{RELATIONSHIP}id" not in item.attrib
        found = _RANGE.fullmatch(item.attrib["location"])
        assert found
        assert found.group(1) in sheets


def _table(table: Element, cells: dict[str, str | None], *, has_filter: bool) -> None:
    """Its columns are the titles as they stand in the cells, and its filter is its own."""
    assert not has_filter, "a sheet with a table has no filter beside the table's"
    ref = table.attrib["ref"]
    first_column, first_row, last_column, last_row = _bounds(ref)
    assert last_row > first_row, "a table has at least one row"
    own_filter = table.find(f"{MAIN}autoFilter")
    assert own_filter is not None
    assert own_filter.attrib["ref"] == ref
    columns = list(table.iter(f"{MAIN}tableColumn"))
    names = [item.attrib["name"] for item in columns]
    assert len({name.casefold() for name in names}) == len(names) == last_column - first_column + 1
    assert len({item.attrib["id"] for item in columns}) == len(columns)
    titles = [cells[_address(column, first_row)] for column in range(first_column, last_column + 1)]
    assert titles == names
    assert all(name and len(name) <= 255 and "\n" not in name for name in names)
    assert _is_name(table.attrib["displayName"])


def _names(package: Package, sheets: dict[str, str]) -> None:
    """Names are names, none twice, tables' among them, and each leads to cells of a sheet that is there."""
    seen: set[tuple[str, str | None]] = set()
    for item in package.workbook.iter(f"{MAIN}definedName"):
        name, scope = item.attrib["name"], item.get("localSheetId")
        assert (name.casefold(), scope) not in seen
        seen.add((name.casefold(), scope))
        assert name.startswith("_xlnm.") or _is_name(name), name
        assert scope is None or int(scope) < len(sheets)
        for place in re.findall(r"(?:'[^']+'|[^,']+)![^,]+", item.text or ""):
            found = _RANGE.fullmatch(place)
            assert found, place
            assert found.group(1) in sheets
    for part in package.parts:
        if part.startswith("xl/tables/"):
            name = package.tree(part).attrib["displayName"].casefold()
            assert (name, None) not in seen
            seen.add((name, None))


def _chart(package: Package, part: str, sheets: dict[str, str]) -> None:
    """Its values and labels are cells of a sheet, its axes are shown and have distinct numbers."""
    namespace = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
    tree = package.tree(part)
    references = [item.text or "" for item in tree.iter(f"{namespace}f")]
    assert references
    for reference in references:
        found = _RANGE.fullmatch(reference)
        assert found, reference
        assert found.group(1) in sheets
    axes = [item for kind in ("catAx", "valAx") for item in tree.iter(f"{namespace}{kind}")]
    assert [_value(axis, f"{namespace}delete") for axis in axes] == ["0", "0"]
    identities = {_value(axis, f"{namespace}axId") for axis in axes}
    assert identities == {_value(axis, f"{namespace}crossAx") for axis in axes}
    assert len(identities) == 2


def _value(item: Element, tag: str) -> str | None:
    found = item.find(tag)
    assert found is not None
    return found.get("val")


def _is_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and not _LIKE_A_CELL.fullmatch(name) and len(name) <= 255


def _bounds(ref: str) -> tuple[int, int, int, int]:
    bounds = range_boundaries(ref)
    assert all(isinstance(bound, int) for bound in bounds)
    return bounds  # type: ignore[return-value]  # just looked at


def _overlap(one: tuple[int | None, ...], other: tuple[int | None, ...]) -> bool:
    left, top, right, bottom = (bound or 0 for bound in one)
    left_2, top_2, right_2, bottom_2 = (bound or 0 for bound in other)
    return left <= right_2 and left_2 <= right and top <= bottom_2 and top_2 <= bottom


def _address(column: int, row: int) -> str:
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(column)}{row}"


def links_of(path: Path) -> Iterator[tuple[str, str, str]]:
    """Sheet, cell and target of every link."""
    package = Package(path)
    for name, part in package.sheets().items():
        for item in package.tree(part).iter(f"{MAIN}hyperlink"):
            yield name, item.attrib["ref"], item.attrib["location"]

"""The parts of a zipped workbook, found along their relationships (ECMA-376, parts 1 and 2), and a reader of their XML.

Names are compared as Excel does: without regard to capitals, with either slash, and with "%20" for a space.
"""

from __future__ import annotations

import io
import posixpath
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import IO
from urllib.parse import unquote
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 (it is a class)

from defusedxml import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import ParseError, fromstring

UNREADABLE = (
    *(BadZipFile, ZlibError, DefusedXmlException, ParseError, ExpatError),
    *(KeyError, ValueError, OSError, NotImplementedError, EOFError),
)
"""What reading a damaged part may raise."""
_PACKAGE = "_rels/.rels"
_USUAL = ("xl/workbook.xml", "xl/workbook.bin")
"""Where the workbook is in files whose first relationships are missing."""
TRUE = frozenset({"1", "true"})
_CALCULATING = ("excel", "office", "wps", "gnumeric")


class Package:
    """A workbook's archive; what reads of it may raise what is `UNREADABLE`."""

    def __init__(self, data: bytes) -> None:
        self._archive = ZipFile(io.BytesIO(data))
        self._names = {_fold(name): name for name in self._archive.namelist()}
        if len(self._names) < len(self._archive.namelist()):
            raise ValueError("two parts have names that differ by nothing that counts")
        usual = next((name for name in _USUAL if name in self._names), _USUAL[0])
        self.workbook = self._find_part(_PACKAGE, "", "officeDocument") or usual

    def list_sheets(self) -> list[tuple[str, bool, str]]:
        """List the worksheets in their order: name, whether it is visible, part. Charts and macros are no sheets."""
        sheets = []
        for entry in self._book.iterfind("{*}sheets/{*}sheet"):
            relation = next((value for name, value in entry.items() if name.endswith("relationships}id")), "")
            kind, part = self.related.get(relation, ("worksheet", ""))
            if kind == "worksheet":
                sheets.append((entry.get("name", ""), entry.get("state", "visible").strip() == "visible", part))
        return sheets

    @cached_property
    def related(self) -> dict[str, tuple[str, str]]:
        return {relation: (kind, part) for relation, kind, part in self._list_relations(*self._own)}

    def find_related(self, kind: str) -> str | None:
        """Find the part that is the workbook's "styles" or "sharedStrings"; None if there is none."""
        return self._find_part(*self._own, kind)

    def has_flag(self, element: str, attribute: str) -> bool:
        """Tell whether the workbook sets a flag."""
        found = self._book.find(f"{{*}}{element}")
        return found is not None and found.get(attribute, "").strip() in TRUE

    @cached_property
    def calculates(self) -> bool:
        """Whether a program saved it that calculates: it leaves its name or, as Google Sheets, a part of its own."""
        kinds = ("extended-properties", "extendedProperties")
        part = next(filter(None, (self._find_part(_PACKAGE, "", kind) for kind in kinds)), None)
        if part is None:
            return self.find_related("workbookmetadata") is not None
        name = self.read_tree(part).findtext("{*}Application", "")
        return any(program in name.casefold() for program in _CALCULATING)

    def open(self, part: str) -> IO[bytes]:
        return self._archive.open(self._names[part])

    def read_tree(self, part: str, limit: int = 4_000_000) -> Element:
        """Read a part as a tree; `ValueError` if it is larger than it needs to be."""
        if self._archive.getinfo(self._names[part]).file_size > limit:
            raise ValueError("a part is too large to be looked at")
        root: Element = fromstring(self._archive.read(self._names[part]), forbid_dtd=True)
        return root

    @cached_property
    def _book(self) -> Element:
        return self.read_tree(self.workbook)

    @property
    def _own(self) -> tuple[str, str]:
        """The part with the workbook's relationships, and the folder from which they are named."""
        folder, _slash, name = self.workbook.rpartition("/")
        return posixpath.join(folder, "_rels", f"{name}.rels"), folder

    def _find_part(self, part: str, folder: str, wanted: str) -> str | None:
        found = (target for _id, kind, target in self._list_relations(part, folder) if kind == wanted)
        return next((target for target in found if target in self._names), None)

    def _list_relations(self, part: str, folder: str) -> list[tuple[str, str, str]]:
        if part not in self._names:
            return []
        return [
            (entry.get("Id", ""), entry.get("Type", "").rpartition("/")[2], _fold(entry.get("Target", ""), folder))
            for entry in self.read_tree(part)
            if entry.get("TargetMode") != "External"
        ]


def _fold(name: str, folder: str = "") -> str:
    """Fold a part's name as names are compared; it may be told from a folder."""
    plain = unquote(name).replace("\\", "/")
    return posixpath.normpath(posixpath.join("/", folder, plain)).lstrip("/").casefold()


_CHUNK = 1_000_000
Attributes = Mapping[str, str]


class XmlReader:
    """What is done where an element begins and ends, by its name; what is in one of `passed_by` is none of it."""

    starts: Mapping[str, Callable[[Attributes], None]]
    ends: Mapping[str, Callable[[], object]]
    passed_by = frozenset({"rPh", "extLst"})
    trees: Mapping[str, Callable[[Element], None]] = {}
    """What takes an element as a tree, by its name; with a vocabulary in front, one in what is passed by is meant."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.hear_text: Callable[[str], None] = self._pieces.append
        self._starts: dict[str, Callable[[Attributes], None]] = {}
        self._ends: dict[str, Callable[[], object]] = {}
        self._depth = 0
        self._parser = ParserCreate(namespace_separator=" ")
        # Or a line break would come apart from the spaces around it.
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._parser.StartElementHandler = self._begin

    def parse(self, stream: IO[bytes]) -> None:
        """Read all of it; an `ExpatError` or a `ValueError` says that it is no such XML."""
        while chunk := stream.read(_CHUNK):
            self._parser.Parse(chunk)
        self._parser.Parse(b"", True)  # noqa: FBT003 (the parser takes no name for it)

    def take_text(self) -> str:
        return "".join(self._pieces)

    def _begin(self, name: str, _attributes: Attributes) -> None:
        space, separator, _local = name.rpartition(" ")

        def whole(name: str) -> str:
            return name if " " in name else space + separator + name

        self._starts = {whole(name): handler for name, handler in self.starts.items()}
        self._starts |= dict.fromkeys(map(whole, self.passed_by), self._skip_element)
        self._starts |= {whole(name): partial(self._build_tree, name) for name in self.trees}
        self._ends = {whole(name): handler for name, handler in self.ends.items()}
        self._listen()

    def _listen(self) -> None:
        """Listen to the parser, with as few steps as can be: this runs for millions of elements."""
        starts, ends, forget = self._starts, self._ends, self._pieces.clear

        def start(name: str, attributes: Attributes) -> None:
            forget()
            if name in starts:
                starts[name](attributes)

        def end(name: str) -> None:
            if name in ends:
                ends[name]()

        self._parser.StartElementHandler, self._parser.EndElementHandler = start, end
        self._parser.CharacterDataHandler = self.hear_text

    def _skip_element(self, _attributes: Attributes) -> None:
        self._depth = 1
        self._parser.CharacterDataHandler = None
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._enter_element, self._leave_element

    def _enter_element(self, name: str, attributes: Attributes) -> None:
        if " " in name and name in self.trees:
            self._build_tree(name, attributes)
        else:
            self._depth += 1

    def _leave_element(self, _name: str) -> None:
        self._depth -= 1
        if not self._depth:
            self._listen()

    def _build_tree(self, name: str, attributes: Attributes) -> None:
        """Build a tree of what is in an element that begins, and hand it over at its end."""
        parser, builder, depth = self._parser, TreeBuilder(), 0
        before = parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler

        def start(name: str, attributes: Attributes) -> None:
            nonlocal depth
            depth += 1
            builder.start(_format_tag(name), dict(attributes))

        def end(inner: str) -> None:
            nonlocal depth
            depth -= 1
            builder.end(_format_tag(inner))
            if not depth:
                parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = before
                self.trees[name](builder.close())

        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, builder.data
        start(name, attributes)


def _format_tag(name: str) -> str:
    space, separator, local = name.rpartition(" ")
    return f"{{{space}}}{local}" if separator else local


def _refuse_doctype(name: str, system: str | None, public: str | None, _has_subset: int) -> None:
    raise DTDForbidden(name, system, public)

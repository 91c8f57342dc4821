"""Reading XML as a stream of events, by expat, and as strictly as defusedxml reads a tree: without a document type.

A sheet has millions of elements, so nothing is built of them. Names are those of the vocabulary of the outermost
element, whatever prefix they have, or stand behind the address of their own and a space, as those of attributes do.
All other elements, and whole branches that a reader names, are passed by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import IO
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ParserCreate

from defusedxml import DTDForbidden

_CHUNK = 1_000_000
Attributes = Mapping[str, str]


class XmlReader:
    """What is done where an element begins and ends, by its name; what is in one of `passed_by` is none of it."""

    starts: Mapping[str, Callable[[Attributes], None]]
    ends: Mapping[str, Callable[[], None]]
    passed_by = frozenset({"extLst"})
    trees: Mapping[str, Callable[[Element], None]] = {}
    """What takes an element as a tree, by its name; with a vocabulary in front, one in what is passed by is meant."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.hear_text: Callable[[str], None] = self._pieces.append
        self._starts: dict[str, Callable[[Attributes], None]] = {}
        self._ends: dict[str, Callable[[], None]] = {}
        self._depth = 0
        self._parser = ParserCreate(namespace_separator=" ")
        # Or a line break would come apart from the spaces around it.
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.StartElementHandler = self._begin

    def parse(self, stream: IO[bytes]) -> None:
        """Read all of it; an `ExpatError` or a `ValueError` says that it is no such XML."""
        while chunk := stream.read(_CHUNK):
            self._parser.Parse(chunk)
        self._parser.Parse(b"", True)  # noqa: FBT003 (the parser takes no name for it)

    def take_text(self) -> str:
        """Take the text since an element last began."""
        return "".join(self._pieces)

    def _begin(self, name: str, _attributes: Attributes) -> None:
        """The outermost element tells the vocabulary."""
        space, separator, _local = name.rpartition(" ")

        def whole(name: str) -> str:
            return name if " " in name else space + separator + name

        self._starts = {whole(name): handler for name, handler in self.starts.items()}
        self._starts |= dict.fromkeys(map(whole, self.passed_by), self._pass_by)
        self._starts |= {whole(name): partial(self._build, name) for name in self.trees}
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

    def _pass_by(self, _attributes: Attributes) -> None:
        self._depth = 1
        self._parser.CharacterDataHandler = None
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._deeper, self._higher

    def _deeper(self, name: str, attributes: Attributes) -> None:
        if " " in name and name in self.trees:
            self._build(name, attributes)
        else:
            self._depth += 1

    def _higher(self, _name: str) -> None:
        self._depth -= 1
        if not self._depth:
            self._listen()

    def _build(self, name: str, attributes: Attributes) -> None:
        """Build a tree of what is in an element that begins, and hand it over at its end."""
        parser, builder, depth = self._parser, TreeBuilder(), 0
        before = parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler

        def start(name: str, attributes: Attributes) -> None:
            nonlocal depth
            depth += 1
            builder.start(_in_braces(name), dict(attributes))

        def end(inner: str) -> None:
            nonlocal depth
            depth -= 1
            builder.end(_in_braces(inner))
            if not depth:
                parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = before
                self.trees[name](builder.close())

        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, builder.data
        start(name, attributes)


def _in_braces(name: str) -> str:
    """A name as trees have it."""
    space, separator, local = name.rpartition(" ")
    return f"{{{space}}}{local}" if separator else local


def _refuse(name: str, system: str | None, public: str | None, _has_subset: int) -> None:
    raise DTDForbidden(name, system, public)

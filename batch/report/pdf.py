"""The pages of a PDF: letters, lines of text beside each other, head and foot, and how the file was written.

All is drawn line by line. reportlab's paragraphs would read markup in what the accountant wrote, and its tables keep
every row in memory. Its letters come with it, so that the paper looks alike everywhere.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import BinaryIO
from unicodedata import normalize

import reportlab
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from batch import __version__
from batch.files import REPLACED, fit_line, mark_unwritable
from batch.i18n import (
    _,
    get_language,
)
from batch.report import page, result_labels
from batch.report.page import Frame, ReportStyle
from batch.report.result_labels import PROGRAM
from batch.report.verdict import Contents
from batch.zone import localize, name_zone

Place = tuple[float, float]
"""Where a text stands on its line: how far from the left, and how wide."""
Cell = tuple[str, ReportStyle, Place]

_REGULAR, _BOLD = "Vera", "VeraBd"
MARK = "◊"
"""Stands for a character that the letters do not have."""
CUT = "…"
_SAME_LOOK = {ord("\u202f"): "\u00a0", ord("\u2011"): "-", ord("\t"): " "}
_SHRUNK = 0.78
"""Of a size in the workbook, which is shrunk to the paper when it is printed."""
_LEADING = 1.3
"""How much higher a line is than its letters."""
_MARGIN, _FOOT, _TOTAL = 34.0, 16.0, 26.0
GAP, _ABOVE = 3.0, 2.0
"""Points between the edge of a column and its text, at the sides and above."""
MOST_LINES = 12
"""Of one cell: a row must stay lower than a page."""
_MOST_CHARACTERS = 4000


@cache
def _load_letters() -> frozenset[str]:
    """Load both kinds of letters, and return the characters that they have."""
    fonts = [TTFont(name, f"{name}.ttf") for name in (_REGULAR, _BOLD)]
    for font in fonts:
        registerFont(font)
    return frozenset(map(chr, fonts[0].face.charToGlyph)) - {"\uffff"}


@lru_cache(maxsize=2000)
def show_text(text: str) -> str:
    """Give the text as the letters can show it: what they lack becomes a mark, and never another character."""
    if text.isascii() and text.isprintable():
        return text
    known = _load_letters()
    plain = normalize("NFC", mark_unwritable(text)).translate(_SAME_LOOK)
    return "".join(char if char in known or char == "\n" else MARK for char in plain)


@lru_cache(maxsize=2000)
def wrap_text(text: str, font: str, size: float, width: float) -> tuple[str, ...]:
    """Break a text into lines: between words, and within one that is wider than the place."""
    if "\n" not in text and stringWidth(text, font, size) <= width:
        return (text,)
    return tuple(line for part in text.split("\n") for line in _wrap_line(part, font, size, width))


def measure_text(text: str, look: ReportStyle) -> float:
    """Measure how wide a text is that is broken only where it says so."""
    lines = show_text(text[:_MOST_CHARACTERS]).split("\n")
    return max(float(stringWidth(line, *get_letters(look))) for line in lines)


def _wrap_line(text: str, font: str, size: float, width: float) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if stringWidth(joined, font, size) <= width:
            line = joined
            continue
        if line:
            yield line
        *full, line = _break_word(word, font, size, width)
        yield from full
    yield line


def _break_word(word: str, font: str, size: float, width: float) -> Iterator[str]:
    start, room = 0, width
    for index, char in enumerate(word):
        taken = stringWidth(char, font, size)
        if taken > room and index > start:
            yield word[start:index]
            start, room = index, width
        room -= taken
    yield word[start:]


class Pages:
    """Draws on page after page, each with its head and its number; `y` is how far up the paper is still free."""

    def __init__(self, file: BinaryIO, contents: Contents, frame: Frame) -> None:
        _load_letters()
        head = contents.view.head
        self.frame = frame
        self.is_marked = self.is_cut = False
        self._number = 0
        self._canvas = Canvas(
            file,
            pagesize=A4,
            pageCompression=1,
            invariant=1,
            initialFontName=_REGULAR,  # type: ignore[arg-type]  # its stub knows only numbers
            initialFontSize=7,
            lang=get_language().value,
        )
        self._describe(contents)
        self._canvas.setTitle(fit_line(result_labels.make_title(head.batch, head.source.file_name), 200))

    def _describe(self, contents: Contents) -> None:
        """Say in the file's properties how it was written, from which `read_properties` tells how to write it again."""
        canvas, events = self._canvas, contents.view.events
        at = localize(contents.written_at or contents.view.head.created_at)
        said = {
            "version": __version__,
            "language": get_language().value,
            "zone": name_zone(),
            "written_at": at.isoformat(),
            "events": str(len(events)),
            "tip": events[-1].hash if events else "",
        }
        canvas.setAuthor(PROGRAM)
        canvas.setCreator(f"{PROGRAM} {__version__}")
        canvas.setProducer(name_libraries())
        canvas.setSubject(result_labels.get_report_words().summary)
        canvas.setKeywords("; ".join(f"{key}={value}" for key, value in said.items()))
        offset = f"{at:%z}"
        canvas.setDateFormatter(lambda *_now: f"D:{at:%Y%m%d%H%M%S}{offset[:3]}'{offset[3:5]}'")
        canvas.setViewerPreference("DisplayDocTitle", "true")

    def open_chapter(self, title: str, *, is_upright: bool) -> None:
        """Begin a page of what has this title, which readers list beside the pages."""
        if self._number:
            self._end_page()
        self._title = title
        self._begin(A4 if is_upright else landscape(A4))
        key = f"page-{self._number}"
        self._canvas.bookmarkPage(key)
        self._canvas.addOutlineEntry(title, key)

    def _begin(self, size: tuple[float, float]) -> None:
        self.width, self._height = size[0] - 2 * _MARGIN, size[1]
        self._canvas.setPageSize(size)
        self.y = self._height - _MARGIN - 16
        self._number += 1
        # Letters are drawn last, over the fills.
        self._text = self._canvas.beginText()
        self._look: tuple[str, float, str] | None = None

    def turn(self) -> None:
        """Begin another page like this one."""
        size = (self.width + 2 * _MARGIN, self._height)
        self._end_page()
        self._begin(size)

    def has_room(self, height: float) -> bool:
        return self.y - height >= _MARGIN + _FOOT

    def _end_page(self) -> None:
        self._write_head_and_foot()
        canvas = self._canvas
        canvas.drawText(self._text)
        # How many pages there are is known at the end: each shows a drawing that is made then.
        canvas.saveState()
        canvas.translate(_MARGIN + self.width - _TOTAL + 2, _MARGIN)
        canvas.doForm("pages")
        canvas.restoreState()
        canvas.showPage()

    def _write_head_and_foot(self) -> None:
        ink = page.VIOLET if self.frame.is_dry_run else page.SLATE
        look, bold = (ReportStyle(ink=ink, size=9, bold=is_bold) for is_bold in (False, True))
        top, bottom, width = self._height - _MARGIN, _MARGIN, self.width
        name = self.frame.batch
        batch = _("Batch {batch}").format(batch=name) if name else _(result_labels.DRY_RUN)
        self.draw(fit_line(self.frame.file_name, 60), look, (0, width * 0.6), top)
        self.draw(fit_line(batch, 60), bold, (width * 0.6, width * 0.4), top, align="right")
        self.draw(f"{PROGRAM} {__version__}", look, (0, width * 0.4), bottom)
        self.draw(self._title, look, (width * 0.3, width * 0.4), bottom, align="center")
        self.draw(f"{self._number} /", look, (width - 90, 90 - _TOTAL), bottom, align="right")

    def draw(
        self, text: str, look: ReportStyle, place: Place, base: float, *, align: str = "left", scale: float = 1.0
    ) -> None:
        """Draw one line in its place; one that is too wide is drawn smaller."""
        shown = self.show(text)
        if not shown.strip():
            return
        font, size = get_letters(look, scale)
        left, room = place
        wide = stringWidth(shown, font, size)
        if wide > room:
            size, wide = size * room / wide, room
        self._set_look(font, round(size, 2), look.ink)
        shift = {"left": 0.0, "center": (room - wide) / 2}.get(align, room - wide)
        self._text.setTextOrigin(round(_MARGIN + left + shift, 2), round(base, 2))
        self._text.textOut(shown)

    def _set_look(self, font: str, size: float, ink: str) -> None:
        if self._look == (font, size, ink):
            return
        if self._look is None or self._look[:2] != (font, size):
            self._text.setFont(font, size)
        if self._look is None or self._look[2] != ink:
            self._text.setFillColor(_make_colour(ink))
        self._look = font, size, ink

    def show(self, text: str) -> str:
        """Give the text as the letters can show it, and keep in mind whether they could not."""
        shown = show_text(text)
        self.is_marked = self.is_marked or MARK in shown or REPLACED in text
        return shown

    def wrap(self, text: str, look: ReportStyle, width: float, most: int, scale: float) -> Sequence[str]:
        """Break a text into lines, of which the last says if there would be more."""
        lines = wrap_text(self.show(text[:_MOST_CHARACTERS]), *get_letters(look, scale), width)
        if len(lines) <= most and len(text) <= _MOST_CHARACTERS:
            return lines
        self.is_cut = True
        *kept, last = lines[:most]
        return [*kept, last[:-2] + CUT]

    def cut(self, text: str, longest: int) -> str:
        """Cut a text that is longer than so many characters, and show that it is."""
        if len(text) <= longest:
            return text
        self.is_cut = True
        return text[: longest - 1] + CUT

    def fill(self, left: float, width: float, height: float, colour: str) -> None:
        """Fill a part of the next line."""
        self._canvas.setFillColor(_make_colour(colour))
        self._canvas.rect(_MARGIN + left, self.y - height, width, height, stroke=0, fill=1)

    def rule(self, left: float, width: float) -> None:
        self._canvas.setStrokeColor(_make_colour(page.LINE))
        self._canvas.setLineWidth(0.5)
        y = round(self.y, 2)
        self._canvas.line(_MARGIN + left, y, round(_MARGIN + left + width, 2), y)

    def close(self) -> None:
        """End the last page, say on all how many there are, and write the file."""
        self._end_page()
        look = ReportStyle(ink=page.VIOLET if self.frame.is_dry_run else page.SLATE, size=9)
        font, size = get_letters(look)
        self._canvas.beginForm("pages", 0, -3, 40, 12)
        self._canvas.setFont(font, size)
        self._canvas.setFillColor(_make_colour(look.ink))
        self._canvas.drawString(0, 0, str(self._number))
        self._canvas.endForm()
        self._canvas.save()


@cache
def _make_colour(colour: str) -> Color:
    return HexColor(f"#{colour}")


def get_letters(look: ReportStyle, scale: float = 1.0) -> tuple[str, float]:
    """Return the font and the size of a style on paper."""
    return _BOLD if look.bold else _REGULAR, round(look.size * _SHRUNK * scale, 2)


@dataclass(frozen=True, slots=True)
class PaperLine:
    """Texts beside each other, broken into lines, and how high that makes them together."""

    cells: Sequence[tuple[Sequence[str], ReportStyle, Place]]
    height: float
    fill: str | None = None
    scale: float = 1.0


def lay_out(
    pages: Pages,
    cells: Sequence[Cell],
    *,
    fill: str | None = None,
    least: float = 0,
    most: int = MOST_LINES,
    scale: float = 1.0,
) -> PaperLine:
    """Break each text into as many lines as it needs in its place, but no more than `most`."""
    laid, height = [], least * scale
    for text, look, place in cells:
        # A figure is never broken: where it is too wide, it is drawn smaller.
        is_figure = look.horizontal == "right" and not look.wrap
        lines = (text,) if is_figure else pages.wrap(text, look, place[1] - 2 * GAP, most, scale)
        laid.append((lines, look, place))
        height = max(height, len(lines) * get_letters(look, scale)[1] * _LEADING + 2 * _ABOVE * scale)
    return PaperLine(laid, height, fill, scale)


def draw_line(pages: Pages, line: PaperLine) -> None:
    """Draw the line at the top of what is still free."""
    if line.fill:
        pages.fill(0, pages.width, line.height, line.fill)
    for texts, look, (left, width) in line.cells:
        size = get_letters(look, line.scale)[1]
        if look.fill and not line.fill:
            pages.fill(left, width, line.height, look.fill)
        leading = size * _LEADING
        above = (line.height - len(texts) * leading) / 2 if look.vertical == "center" else _ABOVE * line.scale
        for number, text in enumerate(texts):
            base = pages.y - above - number * leading - size
            pages.draw(text, look, (left + GAP, width - 2 * GAP), base, align=look.horizontal, scale=line.scale)
    pages.y -= line.height


def name_libraries() -> str:
    """Name what makes the bytes of a PDF, with the versions: others may write other bytes for the same contents."""
    return f"reportlab {reportlab.__version__}, zlib {zlib.ZLIB_RUNTIME_VERSION}"


_KEYWORDS = re.compile(rb"/Keywords \(([^()]*)\)")
_PRODUCER = re.compile(rb"/Producer \(([^()]*)\)")
_OBJECTS = re.compile(rb"^([0-9]+) 0 obj\b(.*?)^endobj", re.DOTALL | re.MULTILINE)
_CONTENTS = re.compile(rb"/Contents ([0-9]+) 0 R")


def read_properties(data: bytes) -> dict[str, str]:
    """Read how a PDF of ours says that it was written; nothing of one that does not say so."""
    keywords, producer = _KEYWORDS.search(data), _PRODUCER.search(data)
    if keywords is None or producer is None:
        return {}
    pairs = (pair.partition("=") for pair in keywords[1].decode("latin-1").split("; "))
    return {**{key: value for key, _sign, value in pairs}, "libraries": producer[1].decode("latin-1")}


def find_changed_page(theirs: bytes, ours: bytes) -> int | None:
    """Find the first page that differs, by its number; None where what differs is no page's contents."""
    claimed, recorded = (dict(_OBJECTS.findall(data)) for data in (theirs, ours))
    contents = _CONTENTS.findall(ours)
    changed = (number for number, key in enumerate(contents, 1) if claimed.get(key) != recorded.get(key))
    return next(changed, None)

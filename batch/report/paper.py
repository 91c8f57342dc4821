"""Writes a batch or a dry run as a PDF to sign and to file: the first page as in the workbook, then the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path

from batch.files import Record, format_decimal, open_whole_file
from batch.i18n import _, format_day, format_euros, format_moment, format_money, format_number, get_language, pgettext
from batch.model import BatchRow, Direction, Status, name_direction, name_status
from batch.money import ZERO, count_decimals, drop_binary_digits
from batch.report import page, result_labels
from batch.report.agreements import format_figure
from batch.report.columns import COLUMNS, name_columns
from batch.report.page import Frame, ReportStyle
from batch.report.pdf import GAP, MARK, Cell, Pages, PaperLine, Place, draw_line, lay_out, measure_text
from batch.report.summary_layout import Sums
from batch.report.summary_sheet import write_summary
from batch.report.table import sample_rows
from batch.report.verdict import Contents
from batch.zone import localize

_PLAIN = ReportStyle()
_WIDTHS = (24, 33, 9, 20, 9, 20, 20)
_SCALES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7)
"""By which the first page is shrunk until it is one page: who signs it signs the hash below as well."""
_MOST_FORM_LINES = 40
_WIDEST_MEANING, _WIDEST_TOKEN, _NARROWEST_OWN, _WIDEST_OWN = 130.0, 150.0, 60.0, 130.0
_MOST_BELOW, _LONGEST_BELOW = 30, 400
"""Lines below a row, and characters of one text in them, so that the others have their place."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A line of the first page, the points above it, those that a page must still have for it, and a rule below."""

    line: PaperLine
    before: float = 0
    room: float = 0
    ruled: Place | None = None


class _PaperForm:
    """Takes down the first page as `SummaryForm` has it, and draws it once it is known how high it is."""

    def __init__(self, pages: Pages, scale: float) -> None:
        self._pages, self._scale = pages, scale
        self._blocks: list[_Block] = []
        total = sum(_WIDTHS)
        ends = [sum(_WIDTHS[:index]) * pages.width / total for index in range(len(_WIDTHS) + 1)]
        self._places = [(left, right - left) for left, right in pairwise(ends)]

    @property
    def row(self) -> int:
        return len(self._blocks)

    @property
    def height(self) -> float:
        return sum(block.before + block.line.height for block in self._blocks)

    def draw(self) -> None:
        for block in self._blocks:
            if not self._pages.has_room(block.before + max(block.line.height, block.room)):
                self._pages.turn()
            self._pages.y -= block.before
            draw_line(self._pages, block.line)
            if block.ruled:
                self._pages.rule(*block.ruled)

    def band(self, text: str, look: ReportStyle, height: float) -> None:
        self._write([(text, look, (0, self._pages.width))], least=height * 0.78, fill=look.fill)

    def sentence(self, text: str, look: ReportStyle) -> None:
        self.band(text, look, 0)

    def section(self, title: str) -> None:
        """Write a heading, on a page that has room for something below it."""
        everywhere = (0.0, self._pages.width)
        self._write([(title, page.SECTION, everywhere)], before=6, room=60, ruled=everywhere)

    def heads(self, titles: Sequence[str], spans: Sequence[tuple[int, int]] = ()) -> None:
        starts = dict(spans)
        cells: list[Cell] = []
        for column, title in enumerate(titles):
            if column in starts:
                left, width = (
                    self._places[column][0],
                    sum(self._places[at][1] for at in range(column, starts[column] + 1)),
                )
                cells.append((title, page.TOTALS_HEAD_CENTER, (left, width)))
            else:
                look = page.TOTALS_HEAD if column < 2 else page.TOTALS_HEAD_RIGHT
                cells.append((title, look, self._places[column]))
        self._write(cells, fill=page.TOTALS_HEAD.fill)

    def totals(
        self, label: str, note: str, sums: Sums, *, called: str, look: ReportStyle = page.LABEL, is_strong: bool = False
    ) -> None:
        del called  # (a name for formulas, of which paper has none)
        figures = [format_figure(value) for value in sums]
        figure_look = replace(page.RIGHT, bold=is_strong)
        cells = [(label, page.STRONG if is_strong else look), (note, page.SMALL)]
        cells += [(figure, figure_look) for figure in figures]
        self._write([(text, style, place) for (text, style), place in zip(cells, self._places, strict=True)])

    def control(
        self, label: str, note: str, figures: tuple[int | Decimal, int | Decimal], answer: str, *, is_wrong: bool
    ) -> None:
        cells: list[Cell] = [(label, page.LABEL, self._places[0]), (note, page.SMALL, self._places[1])]
        for column, figure in zip((3, 5), figures, strict=True):
            cells.append((format_figure(figure), page.RIGHT, self._places[column]))
        look = page.TOTALS_HEAD_RIGHT if is_wrong else page.RIGHT
        self._write([*cells, (answer, look, self._places[6])])

    def balances(
        self,
        label: str,
        balances: Sequence[Decimal | None],
        called: str | None = None,
        *,
        are_differences: bool = False,
    ) -> None:
        del called
        cells: list[Cell] = [(label, page.STRONG if are_differences else page.LABEL, self._join_places(0, 2))]
        for column, amount in zip((3, 5, 6), balances, strict=True):
            look = page.make_difference_style(3, get_language(), is_zero=not (are_differences and amount))
            text = _("not known") if amount is None else _format_balance(amount, signed=are_differences)
            cells.append((text, look, self._places[column]))
        self._write(cells)

    def euros(self, label: str, amount: Decimal | None, note: str | None = None) -> None:
        text = _("not known") if amount is None else _format_balance(amount)
        figure: Cell = (text, page.RIGHT, self._places[3])
        self._write(
            [(label, page.LABEL, self._join_places(0, 3)), figure, (note or "", _PLAIN, self._join_places(4, 7))]
        )

    def remark(self, text: str) -> None:
        self._write([(text, _PLAIN, (0, self._pages.width))])

    def text(self, label: str, value: str | None, called: str | None = None) -> None:
        del called
        if value:
            self._write([(label, page.LABEL, self._places[0]), (value, _PLAIN, self._join_places(1, 7))])

    def time(self, label: str, at: datetime | None) -> None:
        self.text(label, None if at is None else format_moment(localize(at)))

    def signature(self, label: str, name: str) -> None:
        """Write who did it, and a line to sign on by hand."""
        signed = self._join_places(2, 7)
        who: list[Cell] = [(label, page.LABEL, self._places[0]), (name, page.STRONG, self._places[1])]
        self._write([*who, (_("Date and signature"), page.SIGNED, signed)], before=18, ruled=signed)

    def close(self) -> None:
        """Do nothing: what is written is drawn later."""

    def _join_places(self, first: int, last: int) -> Place:
        left = self._places[first][0]
        return left, sum(width for _left, width in self._places[first:last])

    def _write(
        self,
        cells: Sequence[Cell],
        *,
        least: float = 0,
        fill: str | None = None,
        before: float = 0,
        room: float = 0,
        ruled: Place | None = None,
    ) -> None:
        line = lay_out(self._pages, cells, fill=fill, least=least, most=_MOST_FORM_LINES, scale=self._scale)
        self._blocks.append(_Block(line, before * self._scale, room * self._scale, ruled))


def _draw_summary(pages: Pages, contents: Contents) -> None:
    """Draw the first page, shrunk to one if it can be read so; else as many as it takes."""
    for scale in (*_SCALES, 1.0):
        form = _PaperForm(pages, scale)
        write_summary(form, contents)
        if pages.has_room(form.height):
            break
    form.draw()


def _format_balance(amount: Decimal, *, signed: bool = False) -> str:
    return format_money(amount, max(3, count_decimals(amount)), signed=signed)


@dataclass(frozen=True, slots=True)
class _PaperColumn:
    """A column of the rows: its title, its text for a row, how that stands, and the widest that it may be.

    One that `takes_rest` has what the others leave as well.
    """

    title: str
    text: Callable[[BatchRow], str]
    align: str = "left"
    widest: float = 200.0
    takes_rest: bool = False

    def measure(self, sampled: Iterable[BatchRow], look: ReportStyle) -> float:
        """Measure the place that the sampled values need, on one line, and the longest word of the title."""
        values = max((measure_text(self.text(entry), look) for entry in sampled), default=0.0)
        words = max((measure_text(word, _HEAD) for word in self.title.split()), default=0.0)
        return min(max(values, words), self.widest) + 2 * GAP + 1


_ROW, _HEAD = ReportStyle(size=9), ReportStyle(size=9, bold=True)


def _list_columns(contents: Contents) -> list[_PaperColumn]:
    """List our columns, called as in the workbook. A dry run has no answers yet, so it has no columns for them."""
    titles, refusals = {item.json_name: item.title() for item in COLUMNS}, contents.refusals

    def explain(entry: BatchRow) -> str:
        said = (result_labels.explain_row(entry), result_labels.tell_findings(entry, refusals.get(entry.row.number)))
        return "\n".join(filter(None, said))

    columns = [
        _PaperColumn(titles["row"], lambda entry: str(entry.row.number), "right"),
        _PaperColumn(_("Sub-account"), lambda entry: entry.row.token or "", widest=_WIDEST_TOKEN),
        _PaperColumn(
            _("Direction"),
            lambda entry: name_direction(entry.row.direction) if entry.row.direction else "",
        ),
        _PaperColumn(_("Amount"), lambda entry: _format_amount(entry.row.amount), "right"),
        _PaperColumn(titles["status"], lambda entry: name_status(entry.result.status)),
    ]
    if not contents.is_dry_run:
        columns.append(_PaperColumn(titles["code"], lambda entry: _format_code(entry.result.code), "right"))
    columns.append(_PaperColumn(titles["note"], explain, widest=_WIDEST_MEANING, takes_rest=True))
    if not contents.is_dry_run:
        columns += [
            _PaperColumn(titles["moved_at"], lambda entry: _format_time(entry.result.moved_at)),
            _PaperColumn(titles["main_balance"], lambda entry: _format_if_read(entry.result.main_balance), "right"),
            _PaperColumn(
                titles["subaccount_balance"], lambda entry: _format_if_read(entry.result.subaccount_balance), "right"
            ),
        ]
    return columns


def _list_own_columns(contents: Contents) -> list[_PaperColumn]:
    """List the accountant's columns but those that ours show as they were read."""
    view = contents.view
    read = set(view.roles.values())
    titles = name_columns(view.columns, [])
    return [
        _PaperColumn(title, partial(_show_own_cell, index), widest=_WIDEST_OWN)
        for index, title in enumerate(titles)
        if index not in read
    ]


def _show_own_cell(index: int, entry: BatchRow) -> str:
    value = entry.row.cells[index] if index < len(entry.row.cells) else None
    match value:
        case None:
            return ""
        case bool():
            return pgettext("truth", "yes") if value else pgettext("truth", "no")
        case datetime():
            return format_day(value) if value.time() == time.min else format_moment(value)
        case Decimal() if value.is_finite():
            return format_decimal(drop_binary_digits(value))
    return str(value)


def _format_amount(amount: Decimal | None) -> str:
    return "" if amount is None else format_euros(amount)


def _format_if_read(balance: Decimal | None) -> str:
    return "" if balance is None else _format_balance(balance)


def _format_code(code: int | None) -> str:
    return "" if code is None else str(code)


def _format_time(at: datetime | None) -> str:
    return "" if at is None else format_moment(localize(at))


class _Table:
    """Writes the rows, with the titles at the top of each page.

    The accountant's columns stand beside ours as far as there is room for them, the others on a line below each row.
    """

    def __init__(self, pages: Pages, contents: Contents) -> None:
        self._pages = pages
        sampled = sample_rows(contents.view.rows)
        ours, own = _list_columns(contents), _list_own_columns(contents)
        widths = [column.measure(sampled, _ROW) for column in ours]
        statuses = (measure_text(name_status(status), _HEAD) for status in Status)
        widths[_STATUS_AT] = max(statuses) + 2 * GAP + 1
        room = pages.width - sum(widths)
        for column in own:
            wanted = column.measure(sampled, _ROW)
            width = min(wanted, room)
            if width < min(wanted, _NARROWEST_OWN):
                break
            widths.append(width)
            room -= width
        beside = len(widths) - len(ours)
        widths = [
            width + max(0.0, room) * column.takes_rest for width, column in zip(widths, [*ours, *own], strict=False)
        ]
        self._columns, self._below = [*ours, *own[:beside]], own[beside:]
        # Where ours alone are too wide, all are narrower: texts take more lines, and figures are smaller.
        squeezed = min(1.0, pages.width / sum(widths))
        ends = [squeezed * sum(widths[:index]) for index in range(len(widths) + 1)]
        self._places = [(left, right - left) for left, right in pairwise(ends)]
        looks = [_HEAD_DRY_RUN if contents.is_dry_run else _HEAD_OURS] * len(ours) + [_HEAD_OWN] * beside
        aligned = [column.align for column in self._columns]
        self._heads = [replace(look, horizontal=align) for look, align in zip(looks, aligned, strict=True)]
        self._looks = [replace(_ROW, horizontal=align) for align in aligned]

    def write_titles(self) -> None:
        pages = self._pages
        if pages.frame.is_dry_run:
            mark = replace(page.DRY_RUN_MARK, size=13)
            draw_line(pages, lay_out(pages, [(_(result_labels.DRY_RUN), mark, (0, pages.width))], fill=mark.fill))
        titles = [column.title for column in self._columns]
        draw_line(pages, lay_out(pages, list(zip(titles, self._heads, self._places, strict=True))))

    def write(self, entry: BatchRow) -> None:
        looks = list(self._looks)
        looks[_STATUS_AT] = _STATUS_LOOKS[entry.result.status]
        texts = [column.text(entry) for column in self._columns]
        below = [
            _("{cell}: {message}").format(cell=column.title, message=self._pages.cut(text, _LONGEST_BELOW))
            for column in self._below
            if (text := column.text(entry))
        ]
        self._append(list(zip(texts, looks, self._places, strict=True)), [" · ".join(below)] if below else [])

    def write_total(self, contents: Contents) -> None:
        """Write how many rows there are, and the euros that they ask for."""
        rows = contents.view.rows
        euros = [
            sum((entry.row.amount or ZERO for entry in rows if entry.row.direction is direction), ZERO)
            for direction in (Direction.ADD, Direction.REMOVE)
        ]
        said = (
            (_("All rows"), format_number(len(rows))),
            (_("Added to sub-accounts"), format_euros(euros[0])),
            (_("Removed from sub-accounts"), format_euros(euros[1])),
        )
        text = " · ".join(_("{cell}: {message}").format(cell=label, message=figure) for label, figure in said)
        asked = _("{cell}: {message}").format(cell=_("Asked for"), message=text)
        self._append([(asked, replace(page.STRONG, size=9), (0, self._pages.width))])

    def write_legend(self) -> None:
        """Explain the marks, where there are any."""
        pages = self._pages
        said = []
        if pages.is_marked:
            said.append(_("“{mark}” stands for a character that this paper has no letter for; the workbook has it."))
        if pages.is_cut:
            said.append(
                _("A text that ends in “…” is longer than its place on this paper; the workbook has all of it.")
            )
        for sentence in said:
            self._append([(sentence.format(mark=MARK), replace(page.SMALL, size=9), (0, pages.width))])

    def _append(self, cells: Sequence[Cell], below: Sequence[str] = ()) -> None:
        pages = self._pages
        lines = [lay_out(pages, cells)]
        lines += [lay_out(pages, [(text, _BELOW, (0, pages.width))], most=_MOST_BELOW) for text in below]
        if not pages.has_room(sum(line.height for line in lines)):
            pages.turn()
            self.write_titles()
        for line in lines:
            draw_line(pages, line)
        pages.rule(0, pages.width)


_STATUS_AT = 4
_HEAD_OURS, _HEAD_OWN, _HEAD_DRY_RUN = (
    replace(look, size=9) for look in (page.HEADER_OURS, page.HEADER_OWN, page.HEADER_DRY_RUN)
)
_BELOW = replace(page.SMALL, size=9, vertical="top")
_STATUS_LOOKS = {status: replace(look, size=9) for status, look in page.STATUS_LOOKS.items()}


def write_paper(path: Path, contents: Contents, record: Record | None = None) -> None:
    """Write a batch or a dry run as a PDF; `ReportError` if it cannot be. `record` is as for `open_whole_file`.

    The bytes are the same for the same contents, language and zone, as long as the libraries are the same.
    """
    head, names = contents.view.head, result_labels.get_report_words()
    with open_whole_file(path, record) as file:
        pages = Pages(file, contents, Frame(head.source.file_name, head.batch))
        pages.open_chapter(names.summary, is_upright=True)
        _draw_summary(pages, contents)
        pages.open_chapter(names.rows, is_upright=False)
        table = _Table(pages, contents)
        table.write_titles()
        for entry in contents.view.rows:
            table.write(entry)
        table.write_total(contents)
        table.write_legend()
        pages.close()

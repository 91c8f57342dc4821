"""What every sheet has in common: paper, page head and foot, and the marks of a dry run."""

from __future__ import annotations

from dataclasses import dataclass

from openpyxl.workbook import Workbook
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from batch import __version__
from batch.model import BatchHead
from batch.report import styles, words
from batch.report.texts import one_line

A4 = 9
HEAD_LIMIT = 70
"""Characters of a part of a page head: Excel takes 255 for all three, and an ampersand counts twice."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every sheet of one workbook."""

    file_name: str
    batch: str | None

    @property
    def is_dry_run(self) -> bool:
        """Whether every sheet bears the mark."""
        return self.batch is None

    @property
    def first_line(self) -> int:
        """The first line below the titles of a sheet that bears the mark where it must."""
        return 3 if self.is_dry_run else 2

    @property
    def header_look(self) -> styles.Look:
        """The titles above our own columns."""
        return styles.HEADER_DRY_RUN if self.is_dry_run else styles.HEADER_OURS


def frame_of(head: BatchHead) -> Frame:
    """The frame for a batch's workbook."""
    return Frame(head.source.file_name, head.batch)


def add_sheet(workbook: Workbook, title: str, frame: Frame, *, is_upright: bool = False) -> Worksheet:
    """A new last sheet, ready for its first row: A4, landscape unless upright, as wide as the paper, numbered pages."""
    sheet: Worksheet = workbook.create_sheet(title)
    sheet.page_setup.orientation = "portrait" if is_upright else "landscape"
    sheet.page_setup.paperSize = A4
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.sheet_properties.tabColor = styles.VIOLET if frame.is_dry_run else styles.NAVY
    sheet.page_margins = PageMargins(left=0.4, right=0.4, top=0.7, bottom=0.6, header=0.3, footer=0.3)
    _write_head_and_foot(sheet, frame)
    return sheet


def _write_head_and_foot(sheet: Worksheet, frame: Frame) -> None:
    head, foot = HeaderFooterItem(), HeaderFooterItem()
    sheet.oddHeader, sheet.oddFooter = head, foot
    head.left.text = _page_text(frame.file_name)
    head.right.text = f"&B{_page_text(words.page(frame.batch))}"
    foot.left.text = f"{words.PROGRAM} {__version__}"
    foot.center.text = "&A"
    foot.right.text = "&P / &N"
    for part in (head.left, head.right, foot.left, foot.center, foot.right):
        part.size = 9
        part.color = styles.VIOLET if frame.is_dry_run else styles.SLATE


def _page_text(text: str) -> str:
    """An ampersand begins a code there, so it is doubled."""
    return one_line(text, HEAD_LIMIT).replace("&", "&&")

"""Workbooks of every kind: which sheet is meant, its cells as what they are, and what a person sees of them."""

from __future__ import annotations

from dataclasses import replace

from batch.sheet.archive import check_archive
from batch.sheet.choice import Book, choose
from batch.sheet.kind import Kind, kind_of
from batch.sheet.ods import read_document
from batch.sheet.table import Table
from batch.sheet.wire import Request
from batch.sheet.xls import read_xls
from batch.sheet.xlsb import read_xlsb
from batch.sheet.xlsx import Workbook
from batch.sheet.xlsx_package import Package


def read_table(book: Book, request: Request) -> Table:
    """The table of the sheet that was named or, by its header, is meant."""
    choice = choose(request.original.name, book.sheets(), request.sheet, request.columns)
    table = book.table(choice)
    return replace(table, findings=(*choice.findings, *table.findings))


def open_workbook(request: Request) -> Book:
    """Open the file by the reader of its kind; `SheetError` says why it cannot be."""
    original, limits = request.original, request.limits
    if kind_of(original) is Kind.BINARY:
        return read_xls(original, limits)
    check_archive(original, limits)
    book = read_document(original, limits) or read_xlsb(original, limits)
    return book or Workbook(original.name, Package(original.data), limits)

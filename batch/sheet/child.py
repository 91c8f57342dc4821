"""The child process: it reads a workbook of any kind, the sheet that is meant, and what a person sees of its cells."""

from __future__ import annotations

import contextlib
import gc
import math
import sys
from collections.abc import Iterator, Sequence
from itertools import islice

from batch.errors import SheetError
from batch.i18n import set_language
from batch.sheet.file_kind import FileKind, check_archive, detect_kind
from batch.sheet.ipc import Begin, Request, encode
from batch.sheet.ods import read_document
from batch.sheet.sheet_selection import Sheet, check_extent, choose_sheet
from batch.sheet.source_file import MEBIBYTE, Limits, make_damage_error, make_memory_error
from batch.sheet.xlsb import read_xlsb
from batch.sheet.xlsx import read_xlsx
from batch.sheet.xml_package import Package
from batch.validation.header import SEARCHED_ROWS


def open_workbook(request: Request) -> list[Sheet]:
    """Open the file by the reader of its kind; `SheetError` says why it cannot be."""
    original, limits = request.original, request.limits
    if detect_kind(original) is FileKind.BINARY:
        # xlrd takes a while to load, and is seldom asked for.
        from batch.sheet.xls import read_xls

        return read_xls(original)
    check_archive(original, limits)
    document = read_document(original, limits)
    if document is not None:
        return document
    package = Package(original.data)
    if package.workbook.endswith(".bin"):
        return read_xlsb(original, package)
    return read_xlsx(original.name, package, limits)


def read_table(sheets: Sequence[Sheet], request: Request) -> tuple[Begin, Iterator[list[object]], int]:
    """Read the sheet that was named or, by its header, is meant: what is seen of it, its rows and its width."""
    name = request.original.name
    sheet, is_only_top, findings = choose_sheet(name, sheets, request.sheet, request.columns)
    content = sheet.content
    height, width = content.height, max(map(len, content.rows.values()), default=1)
    if is_only_top:
        # The first that holds something is among them, or the sheet would seem empty.
        height = min(height, max(SEARCHED_ROWS, min(content.rows, default=0) + 1))
    check_extent(name, height, width, height * width, request.limits)
    begin = Begin(sheet.name, content.appearance, (*findings, *content.findings))
    return begin, (content.rows.get(row, []) for row in range(height)), width


_LIBRARIES = 192 * MEBIBYTE
"""Address space, not memory, that Python and its threads take whatever the file is."""
_CELLS_IN_A_PIECE = 30_000


def main() -> None:
    answer_to = sys.stdout.buffer
    request = Request.read(sys.stdin.buffer)
    _limit_process(request.limits)
    set_language(request.language)
    # Nothing that is read here has cycles, and the process ends when it is read.
    gc.disable()
    # The parent may have given up, and then nobody listens.
    with contextlib.redirect_stdout(sys.stderr), contextlib.suppress(BrokenPipeError):
        for line in answer(request):
            answer_to.write(line)
            answer_to.flush()


def answer(request: Request) -> Iterator[bytes]:
    """Give the answer's lines. Whatever a parser does short of ending the process, the last one is well formed."""
    name = request.original.name
    try:
        sheets = open_workbook(request)
        yield encode(tuple(sheet.name for sheet in sheets if sheet.is_visible))
        begin, table, width = read_table(sheets, request)
        yield encode(begin)
        count = 0
        while rows := list(islice(table, max(1, _CELLS_IN_A_PIECE // width))):
            count += len(rows)
            yield encode(rows)
        yield encode(count)
    except SheetError as error:
        yield encode(error)
    except GeneratorExit:
        raise
    except MemoryError:
        yield encode(make_memory_error(name, request.limits))
    except BaseException:  # noqa: BLE001 (a panic of the Rust parser is no Exception)
        yield encode(make_damage_error(name))


def _limit_process(limits: Limits) -> None:
    """Let the system limit us too: the parent looks only now and then, and may be killed."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        seconds = math.ceil(limits.seconds) + 1
        space = limits.memory_mib * MEBIBYTE + _LIBRARIES
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (space, space))


if __name__ == "__main__":
    main()

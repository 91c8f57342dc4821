"""The child process, `python -m batch.sheet.child`: a request on standard input, the answer on standard output.

A parser that panics, loops or eats memory over a hostile file takes only this process with it.
"""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterator

from batch.errors import SheetError
from batch.sheet.complaints import damaged, too_much_memory
from batch.sheet.kind import Kind, kind_of
from batch.sheet.limits import MEBIBYTE, Limits
from batch.sheet.table import Table
from batch.sheet.text import read_text
from batch.sheet.wire import Begin, End, Failure, Request, encode

_LIBRARIES = 192 * MEBIBYTE
"""Address space, not memory, that Python and pandas take whatever the file is."""


def main() -> None:
    """Answer one request."""
    answer_to, sys.stdout = sys.stdout.buffer, sys.stderr
    request = Request.read(sys.stdin.buffer)
    _limit_process(request.limits)
    # The parent may have given up, and then nobody listens.
    with contextlib.suppress(BrokenPipeError):
        for line in answer(request):
            answer_to.write(line)
        answer_to.flush()


def answer(request: Request) -> Iterator[bytes]:
    """The lines of the answer. Whatever a parser does short of ending the process, the last one is well formed."""
    name = request.original.name
    try:
        table = _table(request)
        yield encode(Begin(table.sheet))
        count = 0
        for rows in table.pieces:
            count += len(rows)
            yield encode(rows)
        yield encode(End(count))
    except SheetError as error:
        yield encode(Failure(str(error)))
    except GeneratorExit:
        raise
    except MemoryError:
        yield encode(Failure(str(too_much_memory(name, request.limits))))
    except BaseException:  # noqa: BLE001 (a panic of the Rust parser is no Exception)
        yield encode(Failure(str(damaged(name))))


def _table(request: Request) -> Table:
    kind = kind_of(request.original, request.limits)
    if kind is Kind.TEXT:
        return read_text(request.original, request.sheet, request.limits)
    # Imported late, because a file that is refused before needs not wait for it.
    from batch.sheet.workbook import read_workbook

    return read_workbook(request.original, request.sheet, request.limits)


def _limit_process(limits: Limits) -> None:
    """What the system itself can hold us to, where it can.

    The parent looks at our memory only every few hundredths of a second, and a child whose parent was killed must come
    to an end by itself.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        seconds = math.ceil(limits.seconds) + 1
        space = limits.memory_mib * MEBIBYTE + _LIBRARIES
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (space, space))


if __name__ == "__main__":
    main()

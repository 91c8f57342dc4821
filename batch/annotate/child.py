"""The child process, `python -m batch.annotate.child`: openpyxl holds a whole workbook in memory, and this one came
from anywhere. A request on standard input; on standard output the workbook, or nothing.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from decimal import Decimal
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from batch.annotate.calculated import with_results
from batch.annotate.corrections import put_corrections
from batch.annotate.grid import workbook_of
from batch.annotate.limits import MEMORY, SECONDS
from batch.annotate.marks import Marks
from batch.annotate.pictures import keep_pictures
from batch.annotate.writing import write_marks


def main() -> None:
    """Answer one request: a line of JSON, then the workbook's bytes (none if there are cells in the line)."""
    answer_to = sys.stdout.buffer
    _limit_process()
    with contextlib.redirect_stdout(sys.stderr):
        answer_to.write(answer(sys.stdin.buffer))
    answer_to.flush()


def answer(stream: IO[bytes]) -> bytes:
    """The workbook with its marks."""
    head: dict[str, Any] = json.loads(stream.readline(), parse_float=Decimal)
    original = stream.read()
    marks = Marks.from_json(head["marks"])
    if head["cells"] is not None:
        workbook = workbook_of(head["cells"], marks.sheet)
        return _saved(workbook, workbook.worksheets[0], marks)
    workbook = load_workbook(io.BytesIO(original), keep_vba=head["keeps_macros"], rich_text=True)
    # The marked one is a workbook, whatever it was made from.
    workbook.template = False
    keep_pictures(workbook, original)
    sheet = next(sheet for sheet in workbook.worksheets if sheet.title == marks.sheet)
    put_corrections(sheet, head["corrections"])
    return with_results(_saved(workbook, sheet, marks), original)


def _saved(workbook: Workbook, sheet: Worksheet, marks: Marks) -> bytes:
    write_marks(workbook, sheet, marks)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _limit_process() -> None:
    """What the system itself can hold us to, where it can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    main()

"""Every hostile file is answered, with a grid or with one sentence, in 8 seconds of a processor and 512 MiB in all."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from batch.errors import SheetError
from batch.sheet import read_sheet

from .corpus import CORPUS

SECONDS = 35
"""Reading has 8 seconds of a processor, and four times as long to get them on a busy machine."""
MEMORY = 512 * 2**20
SLOW = {
    "attributes-that-do-not-end.xlsx", "blank-cells.xls", "directory-in-itself.xls", "hidden-columns.xlsx",
    "long-sheets-in-one-part.xlsx", "merged.xls", "one-cell.ods", "one-cell.xlsx", "only-returns.csv",
    "quoted-lines.csv", "small-cells.csv", "strikes.xlsx", "styles.xlsx", "utf-16.csv", "wide.csv",
}  # fmt: skip
"""Those that take seconds to be made or read."""
# Making them costs more than reading them.
pytestmark = pytest.mark.timeout(60)


@contextmanager
def watched() -> Iterator[list[int]]:
    """The most memory that was taken, beyond what there was before."""
    process, peak, finished = psutil.Process(), [0], threading.Event()
    before = process.memory_info().rss

    def watch() -> None:
        while not finished.wait(0.05):
            taken = process.memory_info().rss - before
            for child in process.children(recursive=True):
                try:
                    taken += child.memory_info().rss
                except psutil.Error:
                    continue
            peak[0] = max(peak[0], taken)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        finished.set()
        thread.join()


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in CORPUS])
def test_a_hostile_file_is_answered(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(CORPUS[name]())
    begun = time.monotonic()
    with watched() as peak:
        try:
            read_sheet(path)
        except SheetError as error:
            sentence = str(error)
            assert name in sentence
            assert sentence.endswith(".")
            assert sentence.isprintable()
            assert len(sentence) < 400
    assert time.monotonic() - begun < SECONDS
    assert peak[0] < MEMORY

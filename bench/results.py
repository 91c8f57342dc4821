"""What was measured, as a table in the terminal and in RESULTS.md."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import psutil

from batch import __version__

FILE = Path(__file__).parent / "RESULTS.md"
_VERSIONS = ("Django", "openpyxl", "pandas", "python-calamine", "requests", "tenacity", "urllib3")
_TITLES = ("question", "ratio", "to reach", "reached", "figures")
_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the table. `reached` is None where there is nothing to reach; twice the figure is an `alarm`."""

    question: str
    ratio: str
    to_reach: str
    reached: bool | None
    figures: str
    alarm: bool = False

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """The line."""
        word = "ALARM" if self.alarm else {True: "yes", False: "no", None: "–"}[self.reached]
        return self.question, self.ratio, self.to_reach, word, self.figures


def compared(question: str, ours: float, theirs: float, most: float | None, figures: str) -> Answer:
    """Compare two figures of one kind, such as seconds."""
    ratio = ours / theirs
    if most is None:
        return Answer(question, f"{ratio:.2f}", "", None, figures)
    return Answer(question, f"{ratio:.2f}", f"at most {most:g} times", ratio <= most, figures, ratio >= 2 * most)


def limited(question: str, value: float, most: float, unit: str, figures: str = "") -> Answer:
    """A line with a figure that has a limit of its own."""
    told = figures or f"{value:.2f} {unit}"
    return Answer(question, "", f"at most {most:g} {unit}", value <= most, told, value >= 2 * most)


def skipped(question: str, why: str) -> Answer:
    """A line for what could not be measured: a target that nobody has seen reached is not reached."""
    return Answer(question, "", "", reached=False, figures=f"NOT MEASURED: {why}")


def table(answers: Sequence[Answer]) -> str:
    """The lines with their columns under each other."""
    lines = [_TITLES, *(answer.cells for answer in answers)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_TITLES))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def write(answers: Sequence[Answer]) -> None:
    """RESULTS.md, made anew."""
    lines = [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
        for line in (_TITLES, *(answer.cells for answer in answers))
    ]
    lines.insert(1, "|---|---:|---|---|---|")
    FILE.write_text(
        "# Measured\n\n"
        "By `make bench`: medians of at least five, each contender in turn. "
        "Ratios are ours to the other's; less is better. Twice the figure to reach is an alarm.\n\n"
        + "\n".join(lines)
        + f"\n\nOn {datetime.now(UTC):%Y-%m-%d}: {machine()}.\n\n{versions()}.\n",
        encoding="utf-8",
    )


def machine() -> str:
    """What it was measured on, without its name."""
    memory = psutil.virtual_memory().total / _GIB
    return (
        f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GiB of memory, "
        f"{platform.system()} {platform.release().split('-')[0]}"
    )


def versions() -> str:
    """Ours and those of the libraries that matter here."""
    found = ", ".join(f"{name} {metadata.version(name)}" for name in _VERSIONS)
    return f"creditbatch {__version__}, Python {sys.version.split()[0]}, {found}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()

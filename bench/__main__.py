"""`python -m bench` asks every question and writes RESULTS.md; `python -m bench calls report` asks these only and
writes nothing.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from bench.measuring import Effort, Failed
from bench.results import Answer, machine, skipped, table, versions, write

QUESTIONS = (
    "calls",
    "whole_run",
    "far_away",
    "newman",
    "durability",
    "check_workbook",
    "check_text",
    "report",
    "verifying",
    "growth",
    "starting",
    "pages",
    "simulation",
)


def ask(question: str, effort: Effort) -> list[Answer]:
    """What a script finds; where it cannot measure, why."""
    try:
        return list(importlib.import_module(f"bench.{question}").answers(effort))
    except Failed as failed:
        return [skipped(question.replace("_", " "), str(failed))]


def main() -> int:
    """Measure, and say what was found as it is found."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("questions", nargs="*", choices=[*QUESTIONS, []], help="all unless named")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="less than 1 shrinks every size, to try a script")
    given = parser.parse_args()
    effort = Effort(given.repeats, given.scale)
    found: list[Answer] = []
    for question in given.questions or QUESTIONS:
        print(f"{question} …", file=sys.stderr, flush=True)
        for answer in ask(question, effort):
            print("  " + "  ".join(filter(None, answer.cells)), file=sys.stderr, flush=True)
            found.append(answer)
    print(f"\n{machine()}\n{versions()}\n\n{table(found)}")
    if not given.questions and effort == Effort():
        write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())

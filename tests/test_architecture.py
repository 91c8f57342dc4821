"""The picture of the imports is the one that the imports make."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_the_picture_of_the_imports_is_theirs() -> None:
    script = runpy.run_path(str(DOCS / "make_architecture.py"))
    drawn = script["draw"](script["read_imports"]())
    assert (DOCS / "architecture.svg").read_text(encoding="utf-8") == drawn, "make architecture draws it again"

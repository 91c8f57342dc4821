"""Draw docs/architecture.svg from the imports: `make architecture`."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

import grimp

PICTURE = Path(__file__).parent / "architecture.svg"
ROOT = "batch"
BOX, HEIGHT, GAP, STEP, MARGIN = 150, 34, 60, 74, 24
STYLE = (
    "rect{fill:#f4f6f8;stroke:#4a6076}.room{fill:#dfe9f2}path{fill:none;stroke:#8a9aa9}"
    "text{font:13px sans-serif;text-anchor:middle;fill:#1d2b38}"
)
Imports = Mapping[str, frozenset[str]]


def read_imports() -> Imports:
    """Read which of the parts, rooms and files at the top, each part imports."""
    graph = grimp.build_graph(ROOT)
    parts = sorted(part for part in graph.find_children(ROOT) if not part.endswith(("__main__", ".locale")))
    inside = {part: {part, *graph.find_descendants(part)} for part in parts}
    return {
        part: frozenset(
            other
            for other in parts
            if other != part
            and any(graph.find_modules_directly_imported_by(module) & inside[other] for module in inside[part])
        )
        for part in parts
    }


def find_levels(imports: Imports) -> dict[str, int]:
    """Find how high each part stands: one above the highest that it imports. The layers let no circle be."""
    levels: dict[str, int] = {}

    def climb(part: str) -> int:
        if part not in levels:
            levels[part] = 1 + max(map(climb, imports[part]), default=-1)
        return levels[part]

    for part in imports:
        climb(part)
    return levels


def reduce_imports(imports: Imports) -> Imports:
    """Leave out what a part imports by way of another as well: the picture would be black with lines."""

    def find_all(part: str) -> frozenset[str]:
        return frozenset().union(imports[part], *map(find_all, imports[part]))

    return {
        part: direct - frozenset().union(*(find_all(other) for other in direct)) for part, direct in imports.items()
    }


def draw(imports: Imports) -> str:
    """Draw a row a level, the highest on top, and a line for each import that is left."""
    levels = find_levels(imports)
    rows = [sorted(part for part in levels if levels[part] == level) for level in range(max(levels.values()), -1, -1)]
    width = max(len(row) for row in rows) * (BOX + GAP) + 2 * MARGIN
    places = {
        part: (round((width - len(row) * (BOX + GAP) + GAP) / 2) + index * (BOX + GAP), MARGIN + number * STEP)
        for number, row in enumerate(rows)
        for index, part in enumerate(row)
    }
    drawn = []
    for part, others in sorted(reduce_imports(imports).items()):
        left, top = places[part]
        for other in sorted(others):
            x, y = places[other]
            start, end, of, to = top + HEIGHT, y, left + BOX // 2, x + BOX // 2
            bend = (start + end) // 2
            drawn.append(f'<path d="M{of} {start}C{of} {bend} {to} {bend} {to} {end}"/>')
    for part, (left, top) in sorted(places.items()):
        name = part.removeprefix(f"{ROOT}.")
        is_room = (Path(__file__).parents[1] / ROOT / name).is_dir()
        kind, shown = ("room", f"{name}/") if is_room else ("file", f"{name}.py")
        drawn.append(
            f'<rect class="{kind}" x="{left}" y="{top}" width="{BOX}" height="{HEIGHT}" rx="5"/>'
            f'<text x="{left + BOX // 2}" y="{top + 22}">{escape(shown)}</text>'
        )
    height = len(rows) * STEP - (STEP - HEIGHT) + 2 * MARGIN
    body = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        f"<style>{STYLE}</style>\n{body}\n</svg>\n"
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(read_imports()), encoding="utf-8")

"""`python -m tests.chaos RUNS [FIRST]`: as many storms as wanted, one after the other."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.chaos.storm import storm


def main() -> int:
    runs, first = (*map(int, sys.argv[1:]), 0)[:2] if len(sys.argv) > 1 else (100, 0)
    starts = kills = decided = 0
    for seed in range(first, first + runs):
        with tempfile.TemporaryDirectory(prefix="creditbatch-chaos-") as folder:
            try:
                ended = storm(seed, Path(folder))
            except Exception as error:
                error.add_note(f"storm {seed}")
                raise
        starts, kills, decided = starts + ended.starts, kills + ended.kills, decided + ended.decided
    print(f"{runs} storms, {starts} starts, {kills} killed, {decided} rows decided by a person: every claim is true")
    return 0


if __name__ == "__main__":
    sys.exit(main())

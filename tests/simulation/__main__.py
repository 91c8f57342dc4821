"""`python -m tests.simulation SEED` tells the story of a seed; `--seeds N [--first K]` plays many on all cores.

With `--months` the seeds are months at the edges instead of single batches.
"""

from __future__ import annotations

import argparse
import sys

from tests.simulation.draw import draw
from tests.simulation.many import play_many, play_months, play_piece
from tests.simulation.month import play_month
from tests.simulation.play import play


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?")
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--months", action="store_true", help="months at the edges instead of single batches")
    arguments = parser.parse_args()
    if arguments.seed is None:
        piece = play_months if arguments.months else play_piece
        return play_many(arguments.seeds or 2000, arguments.first, piece)
    if arguments.months:
        print("\n".join(play_month(arguments.seed).story))
        return 0
    print(draw(arguments.seed).roughness)
    told = play(arguments.seed)
    print("\n".join(told.story))
    print(f"{told.doubts} doubts, {told.decided} decided by a person, deceived: {told.deceived}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A parser that never ends."""

from __future__ import annotations

import sys

sys.stdin.buffer.read()
while True:
    pass

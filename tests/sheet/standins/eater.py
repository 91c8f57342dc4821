"""A parser that takes ever more memory."""

from __future__ import annotations

import time

taken = []
while True:
    taken.append(bytearray(b"x" * 2**22))
    time.sleep(0.001)

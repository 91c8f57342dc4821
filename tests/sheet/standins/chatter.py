"""A parser that says more than anybody can listen to."""

from __future__ import annotations

import sys

sys.stdin.buffer.read()
while True:
    sys.stdout.buffer.write(b"[" * 2**16)

"""A parser that hangs before it has even taken the file."""

from __future__ import annotations

import time

time.sleep(600)

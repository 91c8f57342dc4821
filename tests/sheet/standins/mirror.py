"""A parser that tells its environment and what it is started with."""

from __future__ import annotations

import json
import os
import sys

sys.stdin.buffer.read()
sys.stdout.write(
    json.dumps({"error": json.dumps({"environment": sorted(os.environ), "path": sys.path}), "sheets": []}) + "\n"
)

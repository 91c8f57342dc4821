"""A parser that tells its environment and what it is started with."""

import json
import os
import sys

sys.stdin.buffer.read()
sys.stdout.write(
    json.dumps({"error": json.dumps({"environment": sorted(os.environ), "path": sys.path}), "sheets": []}) + "\n"
)

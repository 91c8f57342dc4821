"""What all tests share."""

from __future__ import annotations

import os

# Many tests start the command; without compiled modules each start would compile them all.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

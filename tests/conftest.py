"""What all tests share."""

from __future__ import annotations

import os

# Many tests start the command; without compiled modules each start would compile them all.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Whatever this machine speaks, the tests read English unless they choose.
for name in [name for name in os.environ if name.startswith("LC_") or name in {"LANG", "LANGUAGE", "CREDITBATCH_LANG"}]:
    del os.environ[name]

"""`demo`: the sample sheet against the sandbox, with a ledger that is thrown away and a report that is kept."""

from __future__ import annotations

import os
import tempfile
from importlib import resources
from pathlib import Path

from batch.choices import Choices
from batch.cli.checking import CheckRequest, check_command
from batch.cli.console import note
from batch.cli.running import run_command
from batch.errors import UsageError
from batch.language import _, language
from batch.settings import KEY, KEY_FILE

_IN_WHEEL = "demo_sheet/monthly.xlsx"
_IN_CHECKOUT = Path(__file__).parents[2] / "samples" / "monthly.xlsx"
_LATENCY_MS = 25.0
"""About what a real call takes, so that the progress bar shows what it will show."""


def demo_command(folder: Path) -> int:
    """Check and run the sample sheet, and leave the report in the folder."""
    from batch.sandbox import Sandbox, SandboxOptions

    request = CheckRequest(_sample_sheet())
    with (
        tempfile.TemporaryDirectory(prefix="creditbatch-demo-", ignore_cleanup_errors=True) as home,
        Sandbox(SandboxOptions(latency_ms=_LATENCY_MS, language=language().value)) as sandbox,
    ):
        _use_sandbox(sandbox.url, home)
        note(_("A demonstration: the sandbox stands in for the provider, nothing here is real."))
        try:
            check_command(request)
            return run_command(request, Choices(), yes=True, json=False, out=folder / "demo.xlsx")
        finally:
            _close_ledger()


def _use_sandbox(url: str, home: str) -> None:
    """Point this process at the sandbox, whatever the person's own settings are."""
    for name in [name for name in os.environ if name.startswith("CREDITBATCH_")]:
        del os.environ[name]
    os.environ.pop(KEY_FILE, None)
    os.environ |= {KEY: "sandbox-key", "CREDITBATCH_API_URL": url, "CREDITBATCH_HOME": home}


def _close_ledger() -> None:
    """Windows does not delete a file that is open."""
    from django.conf import settings
    from django.db import connections

    if settings.configured:
        connections.close_all()


def _sample_sheet() -> Path:
    """The sample: installed with the package, or beside it in a checkout."""
    installed = Path(str(resources.files("batch"))) / _IN_WHEEL
    for path in (installed, _IN_CHECKOUT):
        if path.is_file():
            return path
    raise UsageError(_("The sample sheet is missing from this installation: install creditbatch again."))

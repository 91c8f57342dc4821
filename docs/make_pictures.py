"""Make the pictures of the README again: the dry run as SVG, and the first page of the report (needs LibreOffice).

Run as `python docs/make_pictures.py`; reports/example.xlsx is made again as well.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console

from batch.cli import screens
from batch.cli.check import CheckRequest, check_file
from batch.cli.run import run_sheet
from batch.sandbox import Sandbox, SandboxOptions
from batch.settings import Choices

DOCS = Path(__file__).parent
SAMPLES = DOCS.parent / "samples"
EXAMPLE = DOCS.parent / "reports" / "example.xlsx"
WIDTH = 92


def main() -> None:
    """Both pictures, from a sandbox that refuses two rows so that there is something to see."""
    with Sandbox(SandboxOptions(language="en")) as sandbox, tempfile.TemporaryDirectory() as home:
        os.environ |= {
            "SMSPARTNER_API_KEY": "sandbox-key",
            "CREDITBATCH_API_URL": sandbox.url,
            "CREDITBATCH_HOME": home,
            "LOGNAME": "accounting",
        }
        draw_dry_run(SAMPLES / "mistakes.xlsx")
        sandbox.add_fault("refuse:code=8,skip=11,times=1")
        sandbox.add_fault("refuse:code=7,skip=23,times=1")
        run_sheet(
            CheckRequest(SAMPLES / "monthly.xlsx"),
            Choices(),
            yes=True,
            json=False,
            out=EXAMPLE,
            force=True,
            timestamp=None,
        )
    draw_report(EXAMPLE)


def draw_dry_run(sheet: Path) -> None:
    """What `creditbatch check` shows, as a terminal would."""
    recorder = Console(record=True, width=WIDTH, highlight=False, markup=False, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    screens.make_console = lambda **_options: recorder  # type: ignore[assignment]
    recorder.print(f"$ creditbatch check {sheet.name}", style="bold")
    check_file(CheckRequest(sheet))
    svg = recorder.export_svg(title="creditbatch", unique_id="dry-run")
    # The font is the reader's own: a picture that fetches one would call somebody's server.
    svg = re.sub(r"@font-face\s*{[^}]*}", "", svg).replace("Fira Code, monospace", "monospace")
    (DOCS / "dry-run.svg").write_text(svg, encoding="utf-8")


def draw_report(workbook: Path) -> None:
    """The report's first page, as LibreOffice prints it."""
    soffice, pdftoppm = shutil.which("soffice"), shutil.which("pdftoppm")
    if not soffice or not pdftoppm:
        raise SystemExit("LibreOffice or pdftoppm is missing: the report's picture was not made.")
    with tempfile.TemporaryDirectory() as folder:
        convert = [soffice, "--headless", "--convert-to", "pdf", "--outdir", folder, str(workbook)]
        subprocess.run(convert, check=True, stdout=subprocess.DEVNULL)
        pdf = Path(folder) / f"{workbook.stem}.pdf"
        page = ["-f", "1", "-l", "1", "-r", "90", "-png", "-singlefile"]
        subprocess.run([pdftoppm, *page, str(pdf), str(DOCS / "report")], check=True)


if __name__ == "__main__":
    main()

"""LibreOffice, the real program: a workbook is opened in it, perhaps filled in by a macro, and saved again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.programs import found, needs

SOFFICE = found("soffice", "libreoffice")
_FRANCE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>fr-FR</value></prop></item>
</oor:items>
"""
needs_office = needs("LibreOffice", SOFFICE, "what it makes of our workbooks was not tested")


def saved(path: Path, folder: Path, kind: str = "xlsx") -> Path:
    """The file as LibreOffice saves it, under the same name in the folder."""
    _run(folder, "--convert-to", kind, "--outdir", str(folder / "saved"), str(path))
    return folder / "saved" / f"{path.stem}.{kind}"


def saved_in_french(path: Path, folder: Path, kind: str = "xlsx") -> Path:
    """The same, by a program that is set to France."""
    settings = folder / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    settings.write_text(_FRANCE, "utf-8")
    return saved(path, folder, kind)


def _run(folder: Path, *arguments: str) -> None:
    # A profile of its own, so that several can run at once.
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run(
        [str(SOFFICE), profile, "--headless", "--norestore", *arguments],
        cwd=folder,
        env={**os.environ, "HOME": str(folder)},
        check=True,
        capture_output=True,
        timeout=110,
    )

"""The package as others get it: a wheel that works elsewhere, layers that hold, a README that is complete."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from openpyxl import load_workbook
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from batch.__main__ import FAULT, INTERRUPTED
from batch.cli.app import app
from batch.errors import CreditbatchError

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def run(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    import os

    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CREDITBATCH_", "SMSPARTNER_"))}
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=kept | {"PYTHONIOENCODING": "utf-8"} | environ,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


@pytest.mark.slow
def test_the_wheel_runs_the_demo_outside_the_checkout(tmp_path: Path) -> None:
    pip = ("-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT), cwd=tmp_path)
    wheel = next(tmp_path.glob("creditbatch-*.whl"))
    site = tmp_path / "site"
    run(*pip, "install", "--no-deps", "--no-index", "--target", str(site), str(wheel), cwd=tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    where = run("-c", "import batch; print(batch.__file__)", cwd=elsewhere, PYTHONPATH=str(site))
    assert str(site) in where.stdout
    script = next((site / "bin").glob("creditbatch*")) if (site / "bin").is_dir() else None
    command = ("-m", "batch") if script is None or sys.platform == "win32" else (str(script),)
    ended = run(*command, "demo", cwd=elsewhere, PYTHONPATH=str(site))
    assert "All 40 rows were done" in ended.stdout
    in_french = run(*command, "--help", "--lang", "fr", cwd=elsewhere, PYTHONPATH=str(site)).stdout
    assert {"Usage\N{NO-BREAK SPACE}: creditbatch [OPTIONS] COMMANDE [ARGUMENTS]…"} <= set(in_french.splitlines())
    assert load_workbook(elsewhere / "reports" / "demo.xlsx").sheetnames[0] == "Summary"


@pytest.mark.parametrize("words", [["--help"], ["serve", "--help"]])
def test_help_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    heavy = {"pandas", "django", "openpyxl", "requests", "rich", "tenacity"}
    code = (
        "import sys, batch.__main__\n"
        f"sys.argv = ['creditbatch', *{words}]\n"
        "try: batch.__main__.main()\n"
        f"except SystemExit: print({heavy} & set(sys.modules))"
    )
    ended = run("-c", code, cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert "Usage: creditbatch" in ended.stdout
    assert ended.stdout.rstrip().endswith("set()")


def test_every_command_and_option_is_in_the_readme_or_the_docs() -> None:
    documented = README + (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    for name, sub in app.commands.items():
        assert f"`{name}" in documented, name
        for parameter in sub.params:
            for option in parameter.opts:
                assert not option.startswith("--") or option in documented, (name, option)


@pytest.mark.parametrize(
    ("source", "asked"),
    [("settings.py", r'"((?:CREDITBATCH|SMSPARTNER)_[A-Z_]+)"'), ("web/configure.py", r'get\("([A-Z_]+)"')],
)
def test_every_setting_is_documented(source: str, asked: str) -> None:
    documented = README + (ROOT / "docs" / "site.md").read_text(encoding="utf-8")
    settings = set(re.findall(asked, (ROOT / "batch" / source).read_text(encoding="utf-8")))
    assert {setting for setting in settings if f"`{setting}`" not in documented} == set()


@pytest.mark.parametrize("page", ["README.md", "docs/LISEZMOI.md"])
def test_every_code_of_an_error_is_in_the_readme_and_in_the_french_guide(page: str) -> None:
    def kinds(error: type[CreditbatchError]) -> set[str]:
        return {error.kind}.union(*map(kinds, error.__subclasses__()))

    documented = (ROOT / page).read_text(encoding="utf-8")
    known = {INTERRUPTED, FAULT}.union(*map(kinds, CreditbatchError.__subclasses__()))
    assert {kind for kind in known if f"`{kind}`" not in documented} == set()


def test_every_direct_dependency_is_pinned_and_the_oldest_that_is_tested_is_the_oldest_that_is_allowed() -> None:
    """By the newest versions and by those of `make test-oldest`, with hashes."""
    newest, oldest = ((ROOT / name).read_text("utf-8") for name in ("constraints.txt", "constraints-oldest.txt"))
    pinned = dict(re.findall(r"^(\S+)==(\S+)", oldest, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for text in [*project["dependencies"], *project["optional-dependencies"]["postgres"]]:
        declared = Requirement(text)
        name = canonicalize_name(declared.name)
        (bound,) = [one.version for one in declared.specifier if one.operator == ">="]
        assert Version(pinned[name]) == Version(bound), text
        assert re.search(rf"^{name}==\S+ (;.*)?\\\n    --hash=sha256:", newest, re.MULTILINE), name
    assert "http" not in newest + oldest

"""A whole run against newman, which many people use for this: the same calls from the same CSV file."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from batch.money import encode_amount
from bench.measuring import Effort, Failed, Measure, folder, process, turn_about
from bench.providers import KEY, address, provider
from bench.results import Answer, compared, skipped
from bench.running import Fresh
from bench.sheets import lines

ROWS = 2_000
_QUESTION = "a whole run against newman, server at once"


def answers(effort: Effort) -> Iterator[Answer]:
    """At most 0.4 times the time, and at most the memory."""
    rows = effort.of(ROWS)
    with folder() as home, provider() as port:
        try:
            newman = _installed(home / "newman")
        except Failed as failed:
            yield skipped(_QUESTION, str(failed))
            return
        url = address(port)
        sheet = _sheet(home / "rows.csv", rows)
        collection = home / "collection.json"
        collection.write_text(json.dumps(_collection(url)), encoding="utf-8")
        ours = Fresh(home, url)

        def theirs() -> Measure:
            return process([newman, "run", collection, "-d", sheet, "--silent"], cwd=home)[0]

        taken = turn_about(effort.repeats, theirs=theirs, ours=lambda: ours.run(sheet, memory=True))
    mine, other = taken["ours"], taken["theirs"]
    figures = f"{mine.seconds:.1f} s, newman {other.seconds:.1f} s"
    yield compared(f"{_QUESTION}, {rows:,} rows", mine.seconds, other.seconds, 0.4, figures)
    figures = f"{mine.mib:.0f} MiB, newman {other.mib:.0f} MiB"
    yield compared(f"{_QUESTION}: memory", mine.mib, other.mib, 1, figures)


def _installed(where: Path) -> str:
    npm = shutil.which("npm")
    if npm is None:
        raise Failed("npm is not installed")
    where.mkdir()
    command = [npm, "install", "--prefix", str(where), "--no-audit", "--no-fund", "--loglevel=error", "newman@6"]
    try:
        subprocess.run(command, cwd=where, check=True, capture_output=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as error:
        raise Failed("npm could not install newman") from error
    return str(where / "node_modules" / ".bin" / "newman")


def _sheet(path: Path, rows: int) -> Path:
    """One file that both understand: newman takes the titles as the names of its variables."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("token", "amount", "direction"))
        writer.writerows((token, encode_amount(amount), way) for token, amount, way, *_ in lines(rows))
    return path


def _collection(url: str) -> object:
    body = {"apiKey": KEY, "credit": "{{amount}}", "tokenSubaccount": "{{token}}"}
    request = {
        "method": "POST",
        "header": [{"key": "Content-Type", "value": "application/json"}],
        "url": f"{url}/subaccount/credit/{{{{direction}}}}",
        "body": {"mode": "raw", "raw": json.dumps(body)},
    }
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    return {"info": {"name": "bench", "schema": schema}, "item": [{"name": "move", "request": request}]}

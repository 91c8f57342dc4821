"""What every command prints with `--json`, against the schemas in docs/schemas/."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

from batch.cli.app import app
from tests.cli.conftest import Command

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"
SCHEMAS: dict[str, Any] = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}
REGISTRY: Registry[Any] = Registry().with_resources(
    [(f"{name}.json", Resource.from_contents(schema)) for name, schema in SCHEMAS.items()]
)
WIDE = "Client,Token,Amount,Direction,,Client,Paid\nÉtoile,sub-0001,12.50,add,x,y,2026-03-01\n,sub-0002,abc,add,,,\n"


def hold_to_schema(name: str, document: object) -> None:
    found = Draft202012Validator(
        SCHEMAS[name], registry=REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER
    ).iter_errors(document)
    assert [f"{error.json_path}: {error.message}" for error in found] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_one_and_is_named_in_the_readme(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert f"docs/schemas/{name}.json" in (FOLDER.parents[1] / "README.md").read_text("utf-8")


def list_properties(schema: object, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties":
                yield from ((f"{place}/{name}", item) for name, item in value.items())
            yield from list_properties(value, f"{place}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from list_properties(value, f"{place}/{index}")


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_is_described(name: str) -> None:
    plain = {"row", "finding"}  # (what an entry of a list refers to)
    mute = [place for place, item in list_properties(SCHEMAS[name]) if not item.get("description")]
    assert [place for place in mute if place.rsplit("/", 1)[-1] not in plain] == []


def test_a_batch_and_what_is_asked_of_it_keep_to_their_schemas(command: Command) -> None:
    ran = command("run", command.sheet(), "--yes", "--json", "--out", "out.json")
    hold_to_schema("batch", ran.document)
    batch = ran.document["batch"]
    hold_to_schema("batch", json.loads((command.folder / "out.json").read_text()))
    for arguments in (("show", batch), ("resume", batch)):
        hold_to_schema("batch", command(*arguments, "--json").document)
    for lang in ("en", "fr"):
        assert command("report", batch, "--out", f"{lang}.json", "--lang", lang).code == 0
        document = json.loads((command.folder / f"{lang}.json").read_text())
        hold_to_schema("batch", document)
        assert [row["status"] for row in document["rows"]] == ["done"] * 3
    hold_to_schema("batches", command("batches", "--json").document)
    hold_to_schema("accounts", command("accounts", "--json").document)
    hold_to_schema("journal", command("journal", batch, "--json").document)
    hold_to_schema("error", command("run", command.sheet(), "--yes", "--json").document)
    hold_to_schema("error", command("show", "nothing", "--json").document)


@pytest.mark.parametrize("options", [(), ("--offline",), ("--removes-first",)])
def test_a_dry_run_keeps_to_its_schema(command: Command, options: tuple[str, ...]) -> None:
    document = command("check", command.sheet(WIDE), "--json", "--out", "dry.json", *options).document
    hold_to_schema("dry-run", document)
    hold_to_schema("dry-run", json.loads((command.folder / "dry.json").read_text()))
    hold_to_schema("dry-run", command("run", command.sheet(WIDE), "--yes", "--json").document)
    large = command("check", command.sheet("Token,Amount,Direction\nsub-0001,99999.99,add\n"), "--json").document
    assert document["forecast"] is None or large["forecast"]["refusals"]
    hold_to_schema("dry-run", large)


def test_the_accountants_cells_are_named_by_their_titles(command: Command) -> None:
    first, second = command("check", command.sheet(WIDE), "--json", "--offline").document["rows"]
    assert first["cells"] == {
        "Client": "Étoile", "Token": "sub-0001", "Amount": "12.50", "Direction": "add", "Column 5": "x",
        "Client (2)": "y", "Paid": "2026-03-01",
    }  # fmt: skip
    assert (second["cells"]["Amount"], second["cells"]["Client"]) == ("abc", None)
    french = command("check", command.sheet(WIDE), "--json", "--offline", "--lang", "fr").document["rows"][0]
    assert french["cells"] == first["cells"]


def test_a_document_says_who_did_it(command: Command) -> None:
    document = command("run", command.sheet(), "--yes", "--json").document
    assert sorted(document["people"]) == ["abandoned", "approved", "prepared", "run"]
    assert document["people"]["run"] == document["people"]["approved"]
    abandoned = command("check", command.sheet(), "--json", "--offline").document
    assert abandoned["people"] == {"prepared": None, "approved": [], "run": [], "abandoned": None}


def test_verifications_keep_to_their_schema(command: Command) -> None:
    batch = command("run", command.sheet(), "--yes", "--json").document["batch"]
    other = (batch, "--last-hash", "ab" * 32)
    for arguments in ((batch,), (batch, "--report", f"reports/{batch}.xlsx"), other, ("--all",)):
        hold_to_schema("verify", command("verify", *arguments, "--json").document)
    missing = command("verify", "--all", "--last-hash", "ab" * 32, "--json").document
    assert missing["difference"]
    hold_to_schema("verify", missing)


@pytest.mark.parametrize("name", ["batch", "batches", "accounts", "error", "dry-run", "journal", "verify"])
def test_a_key_that_nobody_described_is_noticed(name: str) -> None:
    document: Any = [{"surprise": 1}] if name == "batches" else {"surprise": 1}
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMAS[name], registry=REGISTRY).validate(document)


def test_every_command_that_speaks_json_has_a_schema() -> None:
    schemas = {"run": "batch", "resume": "batch", "show": "batch", "check": "dry-run"}
    speaking = [name for name, one in app.commands.items() if any("--json" in made.opts for made in one.params)]
    assert {schemas.get(name, name) for name in speaking} <= SCHEMAS.keys()

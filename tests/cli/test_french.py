"""The command for somebody who speaks French: not a word of English but what is data."""

from __future__ import annotations

import json
import re

import pytest

from batch.cli.app import app
from batch.sandbox import Sandbox
from tests.cli.conftest import SHEET, Command, applied, complaint

COMMANDS = sorted(app.commands)
ENGLISH = re.compile(r"(?i)(?<![\w/.-])(?:the|of|and|is|are|was|with|not|row|rows|batch|sheet|account|done)(?![\w/.-])")
FEBRUARY = SHEET.replace("12,50", "13,50").replace("Token;Amount;Direction", "Jeton;Montant;Sens")


@pytest.fixture
def french(command: Command) -> Command:
    command.settings["CREDITBATCH_LANG"] = "fr"
    return command


def english_in(text: str) -> list[str]:
    """Words of English in it, where commands, settings, options and paths are left out."""
    return ENGLISH.findall(re.sub(r"`[^`]*`|--[\w-]+|\S+\.\w+", "", text))


def test_the_demonstration_is_french(french: Command) -> None:
    # The demonstration uses no settings of the person's, but for the language.
    ended = french("demo")
    assert ended.code == 0
    assert "CONTRÔLE À BLANC" in ended.out
    assert english_in(ended.out + ended.err) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_is_french(french: Command, name: str) -> None:
    ended = french(name, "--help")
    assert ended.code == 0
    assert "Usage\N{NO-BREAK SPACE}: creditbatch" in ended.out
    assert "Afficher ce message et quitter." in ended.out
    assert english_in(ended.out.replace(f"creditbatch {name}", "")) == []


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_a_terminal_and_breaks_neither_a_word_nor_a_summary(command: Command, name: str, lang: str) -> None:
    command.settings |= {"COLUMNS": "80", "CREDITBATCH_LANG": lang}
    lines = command(*filter(None, [name]), "--help").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.endswith(("-", "..."))] == []


def test_a_whole_batch_is_told_in_french_and_its_json_differs_in_sentences(french: Command, sandbox: Sandbox) -> None:
    sheet = french.sheet(FEBRUARY)
    ran = french("run", sheet, "--yes")
    assert (ran.code, len(applied(sandbox))) == (0, 3)
    batch = french("batches", "--json").document[0]["batch"]
    told = [ran, french("show", batch), french("batches"), french("accounts"), french("verify", batch)]
    assert [word for ended in told for word in english_in(ended.out + ended.err)] == []
    document = french("show", batch, "--json").document
    english = json.loads(french("show", batch, "--json", "--lang", "en").out)
    assert document.pop("verdict")["sentence"] == "Les 3 lignes ont toutes été effectuées, et les soldes concordent."
    assert english.pop("verdict")["sentence"] == "All 3 rows were done, and the books balance."
    assert (document.pop("language"), english.pop("language")) == ("fr", "en")
    assert document == english
    assert [row["status"] for row in document["rows"]] == ["done"] * 3


def test_a_doubt_is_told_in_french_whoever_ran_it_and_the_record_is_whole(command: Command, sandbox: Sandbox) -> None:
    sandbox.add_fault("reset-after:skip=1")
    assert command("run", command.sheet(), "--yes", "--ask-before-resend").code == 0
    batch = command("batches", "--json").document[0]["batch"]
    assert "Settled by the balances" in command("show", batch).out
    french = command("show", batch, "--lang", "fr")
    assert "Établi d’après les soldes" in " ".join(french.out.split())
    assert english_in(french.out) == []
    for lang in ("en", "fr"):
        assert command("verify", batch, "--lang", lang).code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check"], "Il manque l’argument 'FICHIER'. Voir `creditbatch check --help`."),
        (["check", "x", "--nope"], "L’option '--nope' n’existe pas."),
        (["chek"], "La commande 'chek' n’existe pas. Vouliez-vous dire 'check'\N{NARROW NO-BREAK SPACE}? Voir"),
        (["check", "x", "y"], "Argument en trop (y). Voir"),
        (
            ["check", "x", "--expect-rows", "a"],
            "Valeur incorrecte pour '--expect-rows'\N{NO-BREAK SPACE}: 'a' n’est pas un nombre entier.",
        ),
        (["run", "x", "--max-per-second", "a"], "n’est pas un nombre."),
        (["journal", "x", "--format", "pdf"], "'pdf' n’est pas l’une des valeurs possibles ('fec', 'csv')."),
        (["check", "x", "--expect-rows", "-1"], "-1 est hors de l’intervalle x>=0."),
        (["check", "x", "--out"], "L’option '--out' exige une valeur."),
        (["check", "x", "--json=1"], "L’option '--json' ne prend pas de valeur."),
        (["show", "nope"], "Il n’y a pas de lot nope"),
        (["resume"], "Le registre n’a aucun lot à reprendre"),
        (["--lang", "de", "check"], "--lang doit être en ou fr"),
        (["check", "--lang"], "--lang doit être en ou fr"),
    ],
)
def test_a_complaint_is_one_french_sentence(french: Command, arguments: list[str], says: str) -> None:
    said = complaint(french(*arguments))
    assert says in said
    assert english_in(said) == []


@pytest.mark.parametrize("arguments", [["--lang", "fr", "check"], ["check", "--lang", "fr"], ["check", "--lang=fr"]])
def test_the_language_is_taken_before_and_after_the_command(command: Command, arguments: list[str]) -> None:
    assert "manque" in command(*arguments).err


def test_the_environment_chooses_the_language(command: Command) -> None:
    command.settings["LANG"] = "fr_FR.UTF-8"
    assert "manque" in command("check").err
    command.settings["CREDITBATCH_LANG"] = "en"
    assert "Missing argument" in command("check").err


def test_a_file_of_settings_chooses_the_language(command: Command) -> None:
    (command.folder / ".env").write_text("CREDITBATCH_LANG=fr\n", "utf-8")
    assert "manque" in command("check").err


def test_a_wrong_language_in_the_environment_is_said(command: Command) -> None:
    command.settings["CREDITBATCH_LANG"] = "de"
    ended = command("batches")
    assert (ended.code, ended.err) == (2, "creditbatch: CREDITBATCH_LANG must be en or fr.\n")


@pytest.mark.parametrize("answer", [b"o\n", b"Oui\n", b"yes\n"])
def test_yes_is_understood_in_both_languages(french: Command, sandbox: Sandbox, answer: bytes) -> None:
    pytest.importorskip("pty", reason="Windows has no such terminals")
    from tests.cli.test_prompt import answered

    code, _out, err = answered(french, answer)
    assert (code, len(applied(sandbox))) == (0, 3)
    assert "Exécuter ces mouvements maintenant" in err

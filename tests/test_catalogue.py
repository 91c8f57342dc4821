"""The two languages are whole: every text that a person reads is looked up, has its French, and is good French."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message

from batch.cli.app import app
from batch.i18n import Language, use_language
from batch.ledger.old_sentences import read_sentence
from batch.notes import make_note, tell
from tests import catalogue

ROOT = Path(__file__).parents[1]
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "batch").rglob("*.py"))
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "batch").rglob("templates/**/*.html"))
LOOKED_UP = set(catalogue.KEYWORDS)
"""The functions that put a text in the reader's language, or mark it as one."""
HELP = {"batch/cli/app.py"}
"""What is imported once the language is chosen."""

FOR_PROGRAMMERS = {
    *("AssertionError", "RuntimeError", "TypeError", "ValueError", "KeyError", "NotImplementedError"),
    *("OSError", "TimeoutError", "gaierror", "ConnectTimeoutError", "InvalidProxyURL"),
    *("debug", "info", "warning", "error", "exception"),
}
"""What they say is read in a traceback or in a log, and no traceback reaches a person."""
WORD_LISTS = {"list_words", "list_phrases"}
"""What they list stands in a sheet, to be recognised."""

FOR_MACHINES = (
    # Django's names for a model, and SQL.
    *("batch/ledger/orm/migrations/", "batch/web/migrations/"),
    *("batch/ledger/orm/models.py", "batch/ledger/orm/mappers.py"),
    # What the provider says.
    *("batch/sandbox/account.py", "batch/sandbox/handlers.py", "batch/sandbox/server.py"),
    # What older ledgers say and what stands in a sheet, to be recognised.
    *("batch/ledger/old_sentences.py", "batch/validation/footer.py"),
    *("batch/validation/titles.py", "batch/validation/vocabulary.py"),
)
"""Texts that are not ours, or not for a person."""

_WORD = r"[A-Za-z][a-z’']*,?"
DATA = {"Crédit SMS, compte principal", "Crédit SMS, sous-comptes", "certificate verify error"}
"""What stands in the accounts, in the country's language, until somebody sets another; and what OpenSSL says."""

SENTENCE = re.compile(rf"{_WORD} (?:\{{\}}|{_WORD}) (?:\{{\}} )?{_WORD}|{_WORD} {_WORD}[ :;]+\{{\}}")
"""Three words, or two and something filled in."""
CODE = re.compile(r"`[^`]*`|https?://\S+|<[^>]+>|\{[^{}]*\}|%\(\w+\)[sd]|&\w+;")
FAULTS = {
    "an ordinary space before a sign that has an unbreakable one": re.compile(r" [:;!?»%€]"),
    "no space before a sign that has one": re.compile(r"[^\W\d_][;!?»](?:\s|$)|[^\W\d_]:(?:\s|$)"),
    "no unbreakable space after «": re.compile("«[^\u00a0\u202f]"),
    "a typewriter’s apostrophe": re.compile(r"[^\W\d_]'[^\W\d_]"),
    "English quotation marks": re.compile(r"[“”\"]"),
    "three dots for an ellipsis": re.compile(r"\.\.\."),
    "two spaces": re.compile(r"[ \u00a0\u202f]{2}"),
    "an English word": re.compile(r"(?i)(?<![\w-])(?:the|of|and|is|are|was|row|batch|sheet|ledger)(?![\w-])"),
    "a missing accent": re.compile(
        r"(?i)\b(?:etat|deja|creer|cree|numero|debit|credit|ecriture|requete|reponse|prevision|controle|verifie\w*|"
        r"execut\w*|derniere|premiere|meme|etre|apres|tres|refuse[es]+|ca|telephone|repertoire|parametre\w*|cles?|"
        r"decimal\w*|separateur|caractere\w*|resultat|desactive\w*|oeuvre|probleme\w*|acces|difference\w*|"
        r"reference\w*|periode|systeme|memoire|securite|identite|quantite|unite)\b"
    ),
}


def french(message: Message) -> list[str]:
    forms = message.string if isinstance(message.string, (tuple, list)) else [message.string]
    return [form for form in forms if form]


def english(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, (tuple, list)) else [message.id]


def label(message: Message) -> tuple[str | None, str]:
    return message.context, english(message)[0]


def fields(text: str) -> set[tuple[str, str, str]]:
    """What is filled in, with how it is to be written."""
    in_braces = {(name, spec or "", how or "") for _, name, spec, how in Formatter().parse(text) if name is not None}
    return in_braces | {(name, "", "%") for name in re.findall(r"%\((\w+)\)", text)}


@pytest.mark.parametrize("domain", catalogue.DOMAINS)
def test_every_message_that_can_be_shown_is_in_its_catalogue_and_nothing_else_is(domain: str) -> None:
    def known(messages: Iterator[Message]) -> set[tuple[str | None, tuple[str, ...]]]:
        return {(message.context, tuple(english(message))) for message in messages if message.id}

    assert known(iter(catalogue.template(domain))) == known(catalogue.messages(domain)), "make messages"


@pytest.mark.parametrize("domain", catalogue.DOMAINS)
def test_every_message_has_its_french(domain: str) -> None:
    assert [label(message) for message in catalogue.messages(domain) if not catalogue.is_complete(message)] == []


@pytest.mark.parametrize("domain", catalogue.DOMAINS)
def test_what_the_program_reads_is_made_from_what_was_written(domain: str) -> None:
    assert catalogue.mo(domain).read_bytes() == catalogue.mo_bytes(catalogue.present(domain)), "make messages"


@pytest.mark.parametrize("domain", catalogue.DOMAINS)
def test_the_french_fills_in_what_the_english_does(domain: str) -> None:
    wrong = []
    for message in catalogue.messages(domain):
        *_, most = (fields(form) for form in english(message))
        for given, form in zip(english(message), french(message), strict=False):
            # One and no rows share a form in French, so that it may need the number that English spells out.
            if fields(form) != fields(given) and fields(form) != most:
                wrong.append(label(message))
    assert wrong == []


@pytest.mark.parametrize("domain", catalogue.DOMAINS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_french_is_typeset_and_spelt_as_french_is(fault: str, domain: str) -> None:
    wrong = [
        form
        for message in catalogue.messages(domain)
        for form in french(message)
        if FAULTS[fault].search(CODE.sub("x", form))
    ]
    assert wrong == []


@pytest.mark.parametrize("module", MODULES)
def test_a_message_is_a_plain_text_and_is_looked_up_when_it_is_shown(module: str) -> None:
    """An f-string is in no catalogue, and what is looked up on import is in the language of that moment."""
    tree = ast.parse((ROOT / module).read_text("utf-8"))
    wrong = [
        f"line {call.lineno}: {why}"
        for call, is_inside in calls(tree)
        if name_of(call) in LOOKED_UP
        for why in faults_of(call, is_inside=is_inside, module=module)
    ]
    assert wrong == []


def faults_of(call: ast.Call, *, is_inside: bool, module: str) -> Iterator[str]:
    if any(isinstance(part, ast.JoinedStr) for argument in call.args for part in ast.walk(argument)):
        yield "an f-string as a message"
    marks = {"N_", "gettext_lazy", "gettext_noop", "ngettext_lazy", "pgettext_lazy", "_error", "_warning", "_note"}
    is_lazy = "gettext_lazy as _" in (ROOT / module).read_text("utf-8")  # Django's, which looks up when it is shown
    if not is_inside and name_of(call) not in marks and module not in HELP and not is_lazy:
        yield "looked up on import"


def calls(tree: ast.AST, *, is_inside: bool = False) -> Iterator[tuple[ast.Call, bool]]:
    """Every call, and whether it happens when a function is called rather than on import."""
    for node in ast.iter_child_nodes(tree):
        inside = is_inside or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if isinstance(node, ast.Call):
            yield node, inside
        yield from calls(node, is_inside=inside)


def name_of(call: ast.Call) -> str:
    function = call.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


@pytest.mark.parametrize("module", MODULES)
def test_a_sentence_in_the_code_is_looked_up(module: str) -> None:
    if module.startswith(FOR_MACHINES):
        return
    tree = ast.parse((ROOT / module).read_text("utf-8"))
    assert [f"line {line}: {text}" for line, text in sentences(tree)] == []


def sentences(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Texts that read like a sentence and are neither looked up nor a docstring nor for programmers."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.Call) and name_of(child) in LOOKED_UP | FOR_PROGRAMMERS | WORD_LISTS:
            continue
        text = text_of(child)
        if text is None:
            yield from sentences(child)
        elif SENTENCE.search(text) and text not in DATA:
            yield getattr(child, "lineno", 0), text


def text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


@pytest.mark.parametrize("page", PAGES)
def test_a_text_in_a_page_is_looked_up(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for hidden in (
        r"(?s)\{% comment.*?endcomment %\}|\{#.*?#\}|<!--.*?-->|<(script|style)\b.*?</\1>",
        r"(?s)\{% blocktranslate.*?endblocktranslate %\}|\{%.*?%\}|\{\{.*?\}\}",
        r"(?s)<[^>]*>|&\w+;",
        r"creditbatch|SMS Partner",
    ):
        text = re.sub(hidden, " ", text)
    assert re.findall(r"[^\W\d_]{2,}", text) == []


def test_the_french_list_of_findings_is_the_code_s() -> None:
    assert catalogue.CONSTATS.read_text("utf-8") == catalogue.constats(catalogue.present()), "make messages"


def test_the_french_guide_names_every_command() -> None:
    guide = (ROOT / "docs" / "LISEZMOI.md").read_text("utf-8")
    assert [name for name in app.commands if f"| `{name}" not in guide] == []


@pytest.mark.parametrize("page", ["LISEZMOI.md", "constats.md"])
def test_a_french_page_is_typeset_as_french_is(page: str) -> None:
    text = re.sub(r"(?m)^    .*$|`[^`]*`|\]\([^)]*\)", "x", (ROOT / "docs" / page).read_text("utf-8"))
    faults = {fault: pattern for fault, pattern in FAULTS.items() if fault != "two spaces"}
    found = {fault: pattern.findall(text) for fault, pattern in faults.items()}
    assert {fault: signs for fault, signs in found.items() if signs} == {}


def test_people_s_and_the_provider_s_own_words_are_told_as_they_are() -> None:
    with use_language(Language.FRENCH):
        decided = tell(make_note("decided-applied", who="Marie", reason="row"))
        assert decided.endswith("ligne effectuée\N{NO-BREAK SPACE}: row")
        assert tell(make_note("said", words="Whatever the provider said")) == "Whatever the provider said"
        nested = tell(
            read_sentence(
                "Whether row 4 was applied is unknown, because the balances cannot be read. "
                "The provider cannot be reached: no answer came in time; nothing was moved."
            )
        )
    assert "ne peuvent pas être lus. Le fournisseur" in nested

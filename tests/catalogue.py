"""The messages of the code and of the pages, and their French: `python -m tests.catalogue` brings the two together.

Messages are taken from every `_()` in the code and every `{% translate %}` in the pages, and for a catalogue of its own
from click's code. What is new is added without its French and printed; what is gone is dropped. docs/constats.md is
made again from it.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from batch.finding_rules import RULES
from batch.i18n import CLICK_DOMAIN, DOMAIN, LOCALE_FOLDER

ROOT = Path(__file__).parents[1]
DOMAINS = (DOMAIN, CLICK_DOMAIN)
_FOLDER = LOCALE_FOLDER / "fr" / "LC_MESSAGES"
CONSTATS = ROOT / "docs" / "constats.md"
KEYWORDS = {
    **dict.fromkeys(("_", "N_", "gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("_error", "_warning", "_note"), None),  # findings' sentences
}
"""The functions whose arguments are messages."""
_CLICK = Path(click.__file__).parent
_CLICK_MODULES = ("core", "decorators", "exceptions", "formatting", "parser", "shell_completion", "types")
"""The others are for prompts, editors and colours, of which the command has none."""
_CLICK_WORDS = ("required",)
"""What click looks up by a variable."""
_UNSAID = {
    # To whoever writes a command.
    "Arguments take exactly one parameter declaration, got {length}: {decls}.",
    "Boolean option {decl!r} cannot use the same flag for true/false.",
    "Could not determine name for option with declarations {decls!r}",
    *("Choice({choices})", "Invalid start character for option ({option})", "Name '{name}' defined twice"),
    "No options defined but a name was passed ({name}). Did you mean to declare an argument instead? Did you mean to "
    "pass '--{name}'?",
    "Value must be an iterable.",
    # Of prompts and of what is deprecated.
    *("Aborted!", "Confirm the action without prompting.", "Do you want to continue?", "deprecated"),
    "DeprecationWarning: The command {name!r} is deprecated.{extra_message}",
    "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}",
    # Of kinds of options, arguments and values that no command has.
    *("%(prog)s, version %(version)s", "Show the version and exit.", "(dynamic)", "env var: {var}", "unknown error"),
    *("Argument {name!r} takes {nargs} values.", "Takes {nargs} values but 1 was given."),
    *("Missing parameter", "Missing parameter: {param_name}", "Missing {param_type}", "Invalid value: {message}"),
    *("directory", "file", "path", "Could not open file {filename!r}: {message}"),
    *("{name} {filename!r} is a directory.", "{name} {filename!r} is a file.", "{name} {filename!r} does not exist."),
    *("{name} {filename!r} is not executable.", "{name} {filename!r} is not readable."),
    "{name} {filename!r} is not writable.",
    "{len_type} values are required, but {len_value} was given.",
    "{value!r} does not match the format {format}.",
    "{value!r} is not a valid boolean. Recognized values: {states}",
    "{value!r} is not a valid UUID.",
}
"""What click never says here."""
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
_CONSTATS = """# Constats

Tout ce que `creditbatch check` peut dire d’une feuille. Une **erreur** empêche sa ligne, ou toute la feuille,
d’être envoyée ; un **avertissement** ou une **note** est seulement signalé. Tous les constats sont donnés
d’un coup, chacun avec la ligne et la cellule telles qu’Excel les affiche.

| code | gravité | constat, et correction à apporter |
|---|---|---|
"""


def main() -> int:
    """Bring the catalogues up to date, and say what has no French yet."""
    missing: list[Message] = []
    for domain in DOMAINS:
        catalogue = present(domain)
        catalogue.update(template(domain), no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        po(domain).write_bytes(po_bytes(catalogue))
        mo(domain).write_bytes(mo_bytes(catalogue))
        missing += [message for message in catalogue if message.id and not is_complete(message)]
    CONSTATS.write_text(constats(present()), "utf-8")
    for message in missing:
        print(f"no French yet: {message.id!r} ({', '.join(path for path, _ in message.locations)})")
    return 1 if missing else 0


def po(domain: str) -> Path:
    """The file in which a catalogue is written."""
    return _FOLDER / f"{domain}.po"


def mo(domain: str) -> Path:
    """The file that the program reads."""
    return _FOLDER / f"{domain}.mo"


def constats(catalogue: Catalog) -> str:
    """What can be found wrong with a sheet, in French: docs/findings.md has more to say, in English."""
    lines = []
    for code, rule in RULES.items():
        severity = _french(catalogue, rule.severity.value, "severity")
        lines.append(f"| `{code}` | {severity} | {_cell(_french(catalogue, rule.sentence))} |\n")
    return _CONSTATS + "".join(lines)


def _french(catalogue: Catalog, text: str, context: str | None = None) -> str:
    message = catalogue.get(text, context)
    return str(message.string) if message and message.string else text


def _cell(sentence: str) -> str:
    """A sentence in a table, its parameters as dots."""
    return re.sub(r"\{\w+[^}]*\}", "…", sentence).replace("|", "\\|")


def present(domain: str = DOMAIN) -> Catalog:
    """The catalogue as it is on the disk."""
    with po(domain).open("rb") as file:
        return read_po(file, locale="fr", domain=domain)


def template(domain: str = DOMAIN) -> Catalog:
    """Every message there is, without translations."""
    found = Catalog(domain=domain, charset="utf-8")
    if domain == CLICK_DOMAIN:
        _add_clicks(found)
        return found
    for path in sorted((ROOT / "batch").rglob("*.py")):
        _add(found, path.relative_to(ROOT), path.read_bytes())
    for pattern in ("*.html", "*.txt"):
        for path in sorted((ROOT / "batch").rglob(f"templates/**/{pattern}")):
            _add(found, path.relative_to(ROOT), _as_python(path).encode())
    return found


def _add_clicks(found: Catalog) -> None:
    """What the installed click can say here."""
    said = Catalog()
    for module in _CLICK_MODULES:
        path = _CLICK / f"{module}.py"
        _add(said, path.relative_to(_CLICK.parent), path.read_bytes())
    known = {message.id if isinstance(message.id, str) else message.id[0]: message for message in said if message.id}
    assert known.keys() >= _UNSAID, "click does not say this any more: take it out of _UNSAID"
    for text, message in known.items():
        if text not in _UNSAID:
            found.add(message.id, None, message.locations)
    for word in _CLICK_WORDS:
        found.add(word, None, [("click/core.py", 0)])


def _add(found: Catalog, path: Path, source: bytes) -> None:
    options = {"encoding": "utf-8"}
    for _line, message, _comments, context in extract("python", io.BytesIO(source), KEYWORDS, (), options):
        if message and message != ("", ""):
            found.add(message, None, [(path.as_posix(), 0)], context=context)


def _as_python(path: Path) -> str:
    """A page's messages in the form in which Django hands them to an extractor of Python's."""
    from django.utils.translation.template import templatize

    return "\n".join(line.strip() for line in templatize(path.read_text("utf-8"), origin=str(path)).splitlines())


def is_complete(message: Message) -> bool:
    """Whether all its forms have their French."""
    forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return bool(forms) and all(forms)


def po_bytes(catalogue: Catalog) -> bytes:
    """The text form; without line numbers and dates, so that it changes only with a message."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=120, sort_output=True, omit_header=False, include_lineno=False)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    stamps = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Report-Msgid', '"Last-Translator')
    return "".join(line for line in lines if not line.startswith(stamps)).encode()


def mo_bytes(catalogue: Catalog) -> bytes:
    """The form that is read when the program runs; always of the same date, so that it changes only with a message."""
    catalogue.creation_date = _NO_DATE
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def messages(domain: str = DOMAIN) -> Iterator[Message]:
    return (message for message in present(domain) if message.id)


if __name__ == "__main__":
    sys.exit(main())

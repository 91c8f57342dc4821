"""The command `creditbatch`. Whatever goes wrong is told in one sentence; a traceback never reaches the user."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # `python -m batch` imports from the current folder before all others: the csv.py of whoever sent the sheet is none
    # of ours. In a checkout it is the program's own, which comes last, so that it hides nothing.
    _folder = sys.path.pop(0)
    if os.path.samefile(_folder, os.path.dirname(os.path.dirname(__file__))):  # noqa: PTH120, PTH121 (not imported yet)
        sys.path.append(_folder)

import contextlib
import gettext
import locale
import signal
import traceback
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from batch.i18n import CLICK_DOMAIN, LOCALE_FOLDER, Language, _, choose_language, get_language, set_language

if TYPE_CHECKING:
    import click

INTERRUPTED = "interrupted"
FAULT = "fault"
"""What `--json` calls an end that is none of our errors."""
_JSON = "--json"
_LANG = "--lang"


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show "€" must not stop a payment.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    # Whoever ends the program politely is answered as to Ctrl-C. While a batch runs, the runner listens itself.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(_run(_take_language(sys.argv[1:])))
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            # The terminal has shown ^C, most often after a question.
            print(file=sys.stderr)
        _fail(_("Interrupted; nothing was lost, and what was sent is in the ledger."), 3, INTERRUPTED)
    except BrokenPipeError:
        _close_output()
        sys.exit(3)
    except Exception as error:  # noqa: BLE001 (the last resort: whatever it is, it becomes one sentence)
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__}, {place.name}:{place.lineno}"
        sentence = _(
            "The program has a fault ({where}); what was sent is in the ledger, `creditbatch batches` shows it."
        )
        _fail(sentence.format(where=where), 3, FAULT)


def _take_language(arguments: list[str]) -> list[str]:
    """Choose the language before any help is put together; return the arguments without `--lang`, wherever it is."""
    asked, left = None, []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            left += [argument, *waiting]
        elif argument == _LANG:
            asked = next(waiting, "")
        elif argument.startswith(f"{_LANG}="):
            asked = argument.partition("=")[2]
        else:
            left.append(argument)
    # Windows keeps the user's locale elsewhere than in the environment.
    environ, system = _read_environment(), locale.getlocale()[0] if sys.platform == "win32" else None
    try:
        set_language(choose_language(asked, environ, system))
    except ValueError:
        if asked is not None:
            with contextlib.suppress(ValueError):
                set_language(choose_language(None, environ, system))
        named, kind = ("CREDITBATCH_LANG", "settings") if asked is None else (_LANG, "usage")
        _fail(_("{name} must be {choices}.").format(name=named, choices=_(" or ").join(Language)), 2, kind)
    return left


def _read_environment() -> dict[str, str]:
    """Read the environment and `.env`; a broken file is complained of by the command that needs it."""
    if Path(".env").is_file():
        from batch.errors import SettingsError
        from batch.settings import load_environment

        with contextlib.suppress(SettingsError):
            return load_environment(os.environ, Path())
    return dict(os.environ)


def _run(arguments: list[str]) -> int:
    """Turn every expected end into an exit code. The imports are inside, so that Ctrl-C is answered in them too."""
    from click.exceptions import Exit, NoArgsIsHelpError, UsageError

    from batch.errors import CreditbatchError

    _let_click_speak()
    from batch.cli.app import COMPLETION, app, complete_line

    if instruction := os.environ.get(COMPLETION):
        return complete_line(instruction)
    try:
        with app.make_context("creditbatch", arguments) as context:
            code = app.invoke(context)
    except Exit as end:
        return end.exit_code
    except NoArgsIsHelpError as error:
        # Who types the name alone asks what there is.
        print(error.format_message())
        return 0
    except UsageError as error:
        _fail(_tell_usage(error), error.exit_code, "usage")
    except CreditbatchError as error:
        _fail(str(error), error.exit_code, error.kind)
    return code if isinstance(code, int) else 0


def _let_click_speak() -> None:
    """Give click its words in our language: it asks the standard library, which goes by the environment."""
    gettext.bindtextdomain(CLICK_DOMAIN, LOCALE_FOLDER)
    gettext.textdomain(CLICK_DOMAIN)
    os.environ["LANGUAGE"] = get_language()


def _tell_usage(error: click.UsageError) -> str:
    """Tell what click says of the arguments, and where there is help."""
    complaint = error.format_message()
    if not complaint.endswith((".", "?", "?)")):
        complaint += "."
    command = error.ctx.command_path if error.ctx else "creditbatch"
    return _("{complaint} See `{command} --help`.").format(complaint=complaint, command=command)


def _fail(sentence: str, code: int, kind: str) -> NoReturn:
    """Say in one sentence what is wrong, to a script as a document as well, and exit with the code."""
    from batch.cli.terminal import print_json, say

    say(f"creditbatch: {sentence}")
    if _JSON in takewhile(lambda argument: argument != "--", sys.argv):
        from batch.export import make_error_document

        try:
            print_json(make_error_document(kind, sentence))
        except OSError:
            _close_output()
    sys.exit(code)


def _close_output() -> None:
    """Point standard output, whose reader went away, at nothing, so that closing it does not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()

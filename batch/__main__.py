"""The command `creditbatch`. Whatever goes wrong is told in one sentence; a traceback never reaches the user."""

from __future__ import annotations

import sys
import traceback
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show "€" must not stop a payment.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    import typer

    from batch.cli.app import app
    from batch.errors import CreditbatchError

    try:
        code = app(prog_name="creditbatch", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except CreditbatchError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _fail("Interrupted; nothing was lost.", 3)
    except BrokenPipeError:
        # The reader of our output went away; there is nobody left to tell, and closing again must not say so.
        sys.stdout = None
        sys.exit(3)
    except Exception as error:  # noqa: BLE001 (the last resort: whatever it is, it becomes one sentence)
        usage = getattr(error, "format_message", None)
        if usage:
            _fail(f"{usage().rstrip('.')}: see creditbatch --help.", 2)
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at line {place.lineno} of {place.name}"
        _fail(f"The program has a fault ({where}); what was sent is in the ledger, `creditbatch batches` shows it.", 3)


def _fail(sentence: str, code: int) -> NoReturn:
    print(f"creditbatch: {sentence}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()

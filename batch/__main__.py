"""The command `creditbatch`. Whatever goes wrong is told in one sentence; a traceback never reaches the user."""

from __future__ import annotations

import signal
import sys
import traceback
from typing import NoReturn

_INTERRUPTED = 130
"""What typer returns after Ctrl-C, as shells do; ours is 3."""


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show "€" must not stop a payment.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    # Whoever ends the program politely is answered as to Ctrl-C. While a batch runs, the runner listens itself.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(_run())
    except KeyboardInterrupt:
        _fail("Interrupted; nothing was lost, and what was sent is in the ledger.", 3)
    except BrokenPipeError:
        # The reader of our output went away; there is nobody left to tell, and closing again must not say so.
        sys.stdout = None
        sys.exit(3)
    except Exception as error:  # noqa: BLE001 (the last resort: whatever it is, it becomes one sentence)
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at line {place.lineno} of {place.name}"
        _fail(f"The program has a fault ({where}); what was sent is in the ledger, `creditbatch batches` shows it.", 3)


def _run() -> int:
    """Every expected end as an exit code. The imports are inside, so that Ctrl-C is answered during them as well."""
    import typer

    from batch.cli.app import app
    from batch.errors import CreditbatchError

    try:
        code = app(prog_name="creditbatch", standalone_mode=False)
    except CreditbatchError as error:
        _fail(str(error), error.exit_code)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        _fail(f"{usage().rstrip('.')}: see creditbatch --help.", 2)
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _fail(sentence: str, code: int) -> NoReturn:
    print(f"creditbatch: {sentence}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()

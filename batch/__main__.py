"""The command `creditbatch`. Whatever goes wrong is told in one sentence; a traceback never reaches the user."""

from __future__ import annotations

import sys
import traceback


def main() -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show "€" must not stop a payment.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    from batch.cli.app import app
    from batch.errors import CreditbatchError

    try:
        app()
    except CreditbatchError as error:
        _fail(str(error), 2)
    except KeyboardInterrupt:
        _fail("Interrupted; nothing was lost.", 3)
    except BrokenPipeError:
        # The reader of our output went away; there is nobody left to tell.
        sys.stderr.close()
        sys.exit(3)
    except Exception as error:  # noqa: BLE001 (the last resort: whatever it is, it becomes one sentence)
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at line {place.lineno} of {place.name}"
        _fail(f"The program has a fault ({where}); what was sent is in the ledger, `creditbatch batches` shows it.", 3)


def _fail(sentence: str, code: int) -> None:
    print(f"creditbatch: {sentence}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()

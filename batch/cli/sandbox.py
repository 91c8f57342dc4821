"""`sandbox`: the stand-in for the provider, until it is interrupted."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

from batch.cli.console import note
from batch.errors import UsageError


def sandbox_command(
    *,
    port: int,
    key: str,
    subaccounts: int,
    state: Path | None,
    latency_ms: float,
    language: str,
    error_status: int,
    faults: list[str],
    drift: str,
) -> None:
    """Serve until interrupted."""
    from batch.sandbox import Fault, Sandbox, SandboxOptions

    try:
        options = SandboxOptions(
            port=port,
            key=key,
            subaccounts=subaccounts,
            state=state,
            latency_ms=latency_ms,
            language=language,
            error_status=error_status,
            drift=Decimal(drift),
            faults=tuple(Fault.from_text(fault) for fault in faults),
        )
        sandbox = Sandbox(options)
        sandbox.start()
    except InvalidOperation:
        raise UsageError(f"--drift {drift} is not a number of euros.") from None
    except (ValueError, OSError) as error:
        raise UsageError(f"The sandbox cannot start: {error}") from error
    note(f"The sandbox answers at {sandbox.url} until Ctrl-C. Nothing in it is real.")
    try:
        sandbox.serve_forever()
    except KeyboardInterrupt:
        note("The sandbox has ended.")
    finally:
        sandbox.close()

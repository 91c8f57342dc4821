"""A stand-in for the provider on this machine, over real HTTP, with its money, its refusals and its faults."""

from __future__ import annotations

from batch.sandbox.faults import Fault, SandboxOptions
from batch.sandbox.server import Sandbox

__all__ = ["Fault", "Sandbox", "SandboxOptions"]

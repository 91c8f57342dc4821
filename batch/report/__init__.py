"""The result workbook: what an accountant reads, files, and hands to an auditor."""

from __future__ import annotations

from batch.report.workbook import write_report

__all__ = ["write_report"]

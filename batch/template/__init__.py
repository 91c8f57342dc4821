"""The workbook to fill in: a list that the checks have nothing to say about, made easy to write."""

from __future__ import annotations

from batch.template.workbook import file_name, template_bytes

__all__ = ["file_name", "template_bytes"]

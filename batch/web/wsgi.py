"""The site as a WSGI application, once `configure` has made Django ready."""

from __future__ import annotations

from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command


def application() -> WSGIHandler:
    """Every middleware is loaded here, so that a fault in them is told at the start."""
    return WSGIHandler()


def collect_static() -> None:
    """Put the files that pages load where whitenoise serves them from, under names that change with their content."""
    call_command("collectstatic", verbosity=0, interactive=False)

"""Addresses under /accounts/."""

from __future__ import annotations

from django.urls import path

from batch.web.accounts import pages

urlpatterns = [
    path("", pages.accounts, name="accounts"),
    path("template.xlsx", pages.template, name="template"),
    path("<path:token>/", pages.account, name="account"),
]

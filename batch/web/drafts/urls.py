"""The addresses under /drafts/."""

from __future__ import annotations

from django.urls import path

from batch.web.drafts import annotating, correcting, deciding, reviewing, uploading

urlpatterns = [
    path("new", uploading.upload, name="upload"),
    path("samples/<str:name>", uploading.sample, name="sample"),
    path("<uuid:pk>", reviewing.draft, name="draft"),
    path("<uuid:pk>/accounts", reviewing.accounts, name="draft-accounts"),
    path("<uuid:pk>/changes/<int:number>", reviewing.changes, name="draft-changes"),
    path("<uuid:pk>/file/<int:number>", reviewing.original, name="draft-file"),
    path("<uuid:pk>/annotated", annotating.annotated, name="draft-annotated"),
    path("<uuid:pk>/cell/<int:row>/<int:column>", correcting.cell, name="draft-cell"),
    path("<uuid:pk>/reading", correcting.reading, name="draft-reading"),
    path("<uuid:pk>/options", correcting.options, name="draft-options"),
    path("<uuid:pk>/replace", correcting.replace_file, name="draft-replace"),
    path("<uuid:pk>/check", correcting.check, name="draft-check"),
    path("<uuid:pk>/approve", deciding.approve, name="draft-approve"),
    path("<uuid:pk>/reject", deciding.reject, name="draft-reject"),
]

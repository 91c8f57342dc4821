"""People, the connection, limits, the audit log."""

from __future__ import annotations

from django.urls import path

from batch.web.administration import auditlog, connection, overview, people, rules

urlpatterns = [
    path("", overview.overview, name="administration"),
    path("people", people.people, name="people"),
    path("people/new", people.new, name="person-new"),
    path("people/<int:pk>", people.person, name="person"),
    path("people/<int:pk>/link", people.link, name="person-link"),
    path("people/<int:pk>/authenticator", people.forget_authenticator, name="person-authenticator"),
    path("connection", connection.connection, name="connection"),
    path("connection/test", connection.test, name="connection-test"),
    path("settings", rules.rules, name="site-settings"),
    path("log", auditlog.auditlog, name="audit-log"),
    path("log.csv", auditlog.export, name="audit-log-csv"),
]

"""Home, the ways in and out, and each person's own settings."""

from __future__ import annotations

from django.urls import path

from batch.web.entry import home, links, login, profile, totp

urlpatterns = [
    path("", home.home, name="home"),
    path("balance", home.main_balance, name="main-balance"),
    path("login", login.log_in, name="login"),
    path("logout", login.log_out, name="logout"),
    path("setup/<str:secret>", links.setup, name="setup"),
    path("invitation/<str:secret>", links.invitation, name="invitation"),
    path("welcome", links.welcome, name="welcome"),
    path("profile", profile.profile, name="profile"),
    path("profile/password", profile.password, name="password"),
    path("profile/authenticator", totp.authenticator, name="authenticator"),
    path("profile/authenticator/remove", totp.remove, name="authenticator-remove"),
]

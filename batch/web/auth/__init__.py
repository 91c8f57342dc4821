"""Logging in, second factors, invitations, and confirming who one is."""

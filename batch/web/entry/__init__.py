"""The way in: home, login and logout, one-time links, each person's own settings."""

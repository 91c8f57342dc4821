"""Modules that are run in place of the real child, to see what the parent does about a parser gone wrong."""

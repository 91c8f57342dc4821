"""How fast it is, measured against what people use instead: one script a question, `make bench` runs them all.

Nothing here is a timed test. Every figure is a median of at least five, its baseline is measured in the same run, turn
about, and the ratio between the two is what counts: it moves far less from machine to machine than the figures do.
"""

"""A parser that ends without a word."""

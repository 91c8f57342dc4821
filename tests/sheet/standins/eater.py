"""A parser that takes ever more memory."""

import time

taken = []
while True:
    taken.append(bytearray(b"x" * 2**22))
    time.sleep(0.001)

"""A parser that hangs before it has even taken the file."""

import time

time.sleep(600)

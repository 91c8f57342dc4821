"""A parser that starts another process, tells its number in a file that the request names, and hangs."""

import json
import subprocess
import sys
import time
from pathlib import Path

request = json.loads(sys.stdin.buffer.readline())
started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
Path(request["sheet"]).write_text(str(started.pid))
time.sleep(600)

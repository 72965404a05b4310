"""The command line: one file a command, and what they share.

It is imported first, so that Ctrl-C stops a command without a traceback while the rest is imported.
"""

import signal
import sys
from pathlib import PurePath

_start = sys.orig_argv[1:3]
_is_command = _start == ["-m", "sknames"] or {"sknames"} == {PurePath(p).stem for p in _start[:1]}
if _is_command and signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not in nohup
    signal.signal(signal.SIGINT, signal.SIG_DFL)

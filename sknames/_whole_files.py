"""Files that are there when they are whole, whatever happens before."""

import multiprocessing
import os
import shutil
import signal
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

STDERR = 2  # itself: a handler must not write to sys.stderr, where it may have interrupted a write
_unfinished = set()


@contextmanager
def whole_file(path):
    """A path to write to, beside `path`, whose name it takes if the block ends well.

    Standard output ("-"), and what else is not a regular file, is written to as it is.
    """
    if path == "-":
        yield path
        return
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        yield target
        return
    if not target.parent.is_dir():
        raise ValueError(f"{path}: the folder {target.parent} does not exist: create it first")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    _unfinished.add(part)
    try:
        yield part
        if target.exists():
            shutil.copymode(target, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
        _unfinished.discard(part)


def stop_cleanly():
    """Let Ctrl-C and the like end the process without a partial file.

    The handler runs as soon as Python does. pyarrow may wait for its input for ever and let no
    Python run in the first thread, so that another thread is told, too, and ends the process then.
    """
    pa.enable_signal_handlers(False)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _end)
    told, tell = socket.socketpair()
    tell.setblocking(False)
    signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)

    def wait(tell=tell):  # which lives as long as this thread
        number = told.recv(1)[0]
        time.sleep(0.3)
        _clear_away()
        os._exit(128 + number)

    threading.Thread(target=wait, daemon=True).start()


def _end(number, frame):
    _clear_away()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)  # a shell's loop ends with a process that a signal ended


def _clear_away():
    for process in multiprocessing.active_children():
        process.kill()
    for path in list(_unfinished):
        path.unlink(missing_ok=True)
    os.write(STDERR, b"sknames: stopped, and nothing was kept of the output. Run it again.\n")

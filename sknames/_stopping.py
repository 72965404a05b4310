"""Ctrl-C and the like: what is unfinished is cleared away, once, and the process ends."""

import multiprocessing
import os
import signal
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

STDERR = 2  # itself: a handler must not write to sys.stderr, where it may have interrupted a write
NOTHING_KEPT = "no output file was kept, and standard output is not whole"
PATIENCE = 0.3  # seconds, for the first thread

unfinished: set[Path] = set()
_ending = threading.RLock()  # of whoever ends the process, and of what must be finished before
_is_held = False
_late: list[int] = []  # signals that came while it was held by the first thread


def stop_cleanly():
    """Let Ctrl-C and the like end the process without a partial file.

    The handler runs as soon as Python does in the first thread. That may wait for its input in C++
    for ever, so that another thread is told, too, and ends the process then.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, _end)
    told, tell = socket.socketpair()
    tell.setblocking(False)
    signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)

    def wait(tell=tell):  # which lives as long as this thread
        number = told.recv(1)[0]
        time.sleep(PATIENCE)
        _ending.acquire()
        _clear_away()
        os._exit(128 + number)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def finish_first():
    """Let a signal wait for the end of the block, which runs in the first thread."""
    global _is_held
    with _ending:
        _is_held = True
        try:
            yield
        finally:
            _is_held = False
            if _late:
                _end(_late[0], None)  # before the other thread can


def _end(number, frame):
    if _is_held:
        _late.append(number)
        return
    _ending.acquire()  # and never given back: one thread clears away, and the other one stands
    _clear_away()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)  # a shell's loop ends with a process that a signal ended


def _clear_away():
    for process in multiprocessing.active_children():
        process.kill()
    for path in list(unfinished):
        path.unlink(missing_ok=True)
    os.write(STDERR, b"sknames: stopped: " + NOTHING_KEPT.encode() + b". Run it again.\n")

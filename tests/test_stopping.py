"""A signal ends the process once, at the right moment, and nothing is left of unfinished files.

The scripts import the room alone, which needs nothing of the package.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import sknames

MESSAGE = (
    b"sknames: stopped: no output file was kept, and standard output is not whole. Run it again.\n"
)
START = """
import ctypes, os, signal, time
from pathlib import Path
import _stopping

part = Path("part")
part.touch()
_stopping.unfinished.add(part)
_stopping.stop_cleanly()
"""
# Tests that run under nohup inherit that it is ignored.
NO_NOHUP = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)"


def run(script, folder, start=NO_NOHUP + START):
    environment = os.environ | {"PYTHONPATH": str(Path(sknames.__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", start + script],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=120,
    )
    assert os.listdir(folder) == []
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_the_process_ends_by_the_signal(tmp_path, name):
    script = f"os.kill(os.getpid(), signal.{name}); time.sleep(60)"
    assert run(script, tmp_path) == (-getattr(signal, name), b"", MESSAGE)


def test_a_first_thread_that_does_not_come_back(tmp_path):
    """It waits in C, and the signal does not wake it, as where another thread takes it."""
    script = """
import threading

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
# Before it, the first thread must be in C, or it runs the handler yet.
threading.Timer(2, os.kill, [os.getpid(), signal.SIGTERM]).start()
ctypes.CDLL(None).pause()
"""
    assert run(script, tmp_path) == (128 + signal.SIGTERM, b"", MESSAGE)


@pytest.mark.parametrize("second", [None, "SIGINT"])
def test_one_thread_clears_away(tmp_path, second):
    """However long that takes, and if a second Ctrl-C comes meanwhile."""
    meanwhile = f"os.kill(os.getpid(), signal.{second})" if second else "pass"
    script = f"""
class Slow:
    def unlink(self, missing_ok):
        if not began:
            began.append(True)
            {meanwhile}
            time.sleep(1)

began = []
_stopping.unfinished.add(Slow())
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(60)
"""
    last = getattr(signal, second or "SIGTERM")
    assert run(script, tmp_path) == (-last, b"", MESSAGE)


def test_what_must_be_finished_first(tmp_path):
    """Longer than the other thread is patient."""
    script = """
class Late:
    # A lock that the other thread gets as soon as it is free.
    def __init__(self, lock):
        self.lock = lock
        self.acquire = lock.acquire
    def __enter__(self):
        return self.lock.acquire()
    def __exit__(self, *error):
        self.lock.release()
        time.sleep(1)

_stopping._ending = Late(_stopping._ending)
with _stopping.finish_first():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(1)
    os.write(1, b"finished")
os.write(1, b", and more")
"""
    assert run(script, tmp_path) == (-signal.SIGTERM, b"finished", MESSAGE)


def test_a_signal_that_is_ignored_stays_so(tmp_path):
    """As under nohup."""
    ignore = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    script = "os.kill(os.getpid(), signal.SIGHUP); time.sleep(1); part.unlink()"
    assert run(script, tmp_path, ignore + START) == (0, b"", b"")

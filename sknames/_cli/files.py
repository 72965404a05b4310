"""Write output files that appear only when they are whole, and messages."""

import glob
import os
import shutil
import sys
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import click

from ..pretrained._load_pretrained import TARGETS

# Parameters of commands that may be files, and what messages call them.
FILES = {
    "input": "INPUT",
    "source": "--model",
    "priors": "--priors",
    "path": "--output",
    "output": "--output",
    "plot": "--plot",
}
STDOUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")  # its names
say = partial(click.echo, err=True)
# What a signal says of unfinished files, and of streams. It removes those of type Path.
unfinished: dict[object, str | None] = {}


@contextmanager
def whole_file(path):
    """Open a hidden binary file next to `path`, which replaces it at the end.

    If the block raises an error, `path` stays as it is. Standard output, pipes and
    devices are written to directly.
    """
    if is_special(path):
        is_stdout = path in STDOUT
        target = 1 if is_stdout else path
        with _unfinished(target, "the output is not whole"):
            with open(target, "wb", closefd=not is_stdout) as file:
                yield file
        return
    target = Path(os.path.realpath(path))
    _remove_left(target)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    with _unfinished(part, f"{path} was not written"):
        try:
            with open(part, "wb") as file:
                yield file
            if target.exists():
                shutil.copymode(target, part)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def _unfinished(key, message):
    """Let signals and errors say a message until the block ends."""
    unfinished[key] = message
    try:
        yield
    except BaseException as error:
        error.add_note(message)
        raise
    finally:
        del unfinished[key]


def _remove_left(target):
    """Remove unfinished files of `target` whose commands were killed.

    Their names have the number of the process, which Windows could not ask for.
    """
    if os.name != "posix":
        return
    for part in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        with suppress(PermissionError, ValueError):  # of another user; no number
            try:
                os.kill(int(part.suffixes[-2].removeprefix(".")), 0)
            except (ProcessLookupError, OverflowError):
                part.unlink(missing_ok=True)


def remove_unfinished():
    """Remove what is unfinished, and say what that is."""
    for path in unfinished:
        if isinstance(path, Path):
            with suppress(OSError):
                path.unlink()
    for message in unfinished.values():
        if message is not None:
            return message
    return "nothing was written"


def check_output(path, option="--output"):
    """Raise ValueError if `path` cannot be written, before long work is lost.

    It is no other file of the command, which it would replace.
    """
    if path in STDOUT and sys.stdout is None:
        raise ValueError("standard output is closed: give an --output")
    if is_special(path):
        return
    folder = Path(os.path.realpath(path)).parent
    problem = ""
    if os.path.isdir(path):
        problem = "is a folder"
    elif os.path.basename(path) in ("", "."):
        problem = "is no name of a file"
    elif not os.access(folder, os.W_OK):
        problem = f"{folder} does not exist or is read-only"
    given = click.get_current_context().params
    for name, other_option in FILES.items():
        other = given.get(name)
        if other_option != option and other not in (None, *TARGETS):
            if _are_one_file(path, other):
                problem = f"is {other_option} itself"
    if problem:
        raise ValueError(f"{option} {path}: {problem}: give another {option}")


def _are_one_file(path, other):
    """Return whether two paths lead to one file, which may not exist yet."""
    if os.path.exists(path) and os.path.exists(other):
        return os.path.samefile(path, other)
    return os.path.realpath(path) == os.path.realpath(other)


def is_special(path):
    """Return whether `path` is "-", standard output, a pipe or a device."""
    if path in STDOUT:
        return True
    # Not of the resolved path: /dev/fd/3 resolves to a name that does not exist.
    is_file_or_folder = os.path.isfile(path) or os.path.isdir(path)
    return os.path.exists(path) and not is_file_or_folder

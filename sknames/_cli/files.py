"""Write output files that appear only when they are complete; print messages."""

import glob
import os
import shutil
import sys
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import click

from ..pretrained._load_pretrained import TARGETS

# Parameters of commands that may be files, and their names in messages.
FILES = {
    "input": "INPUT",
    "source": "--model",
    "priors": "--priors",
    "path": "--output",
    "output": "--output",
    "plot": "--plot",
}
# The names of standard output.
STDOUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
print_message = partial(click.echo, err=True)
# Unfinished outputs, each with the message to print after a signal. Those of type Path
# are removed.
unfinished: dict[object, str | None] = {}


@contextmanager
def atomic_output(path):
    """Open a hidden binary file next to `path`, which it replaces at the end.

    If the block raises an error, `path` is unchanged. Standard output, pipes and
    devices are written directly.
    """
    if is_special(path):
        is_stdout = path in STDOUT
        target = 1 if is_stdout else path
        with _register_unfinished(target, "the output is incomplete"):
            with open(target, "wb", closefd=not is_stdout) as file:
                yield file
        return
    target = Path(os.path.realpath(path))
    _remove_stale_parts(target)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    with _register_unfinished(part, f"{path} was not written"):
        try:
            with open(part, "wb") as file:
                yield file
            if target.exists():
                shutil.copymode(target, part)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def _register_unfinished(key, message):
    """Register an output, and its message in case of an error or signal, in a block."""
    unfinished[key] = message
    try:
        yield
    except BaseException as error:
        error.add_note(message)
        raise
    finally:
        del unfinished[key]


def _remove_stale_parts(target):
    """Remove unfinished files of `target` that killed processes have left.

    Their names contain the process id. Windows cannot tell whether it still runs.
    """
    if os.name != "posix":
        return
    for part in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        with suppress(PermissionError, ValueError):  # another user's; no process id
            try:
                os.kill(int(part.suffixes[-2].removeprefix(".")), 0)
            except (ProcessLookupError, OverflowError):
                part.unlink(missing_ok=True)


def remove_unfinished():
    """Remove unfinished files, and return the message to print."""
    for path in unfinished:
        if isinstance(path, Path):
            with suppress(OSError):
                path.unlink()
    for message in unfinished.values():
        if message is not None:
            return message
    return "nothing was written"


def check_output(path, option="--output"):
    """Raise ValueError if `path` cannot be written, before a long computation is lost.

    The output must not replace another file of the command.
    """
    if path in STDOUT and sys.stdout is None:
        raise ValueError("standard output is closed: use --output")
    if is_special(path):
        return
    folder = Path(os.path.realpath(path)).parent
    problem = ""
    if os.path.isdir(path):
        problem = "is a folder"
    elif os.path.basename(path) in ("", "."):
        problem = "is not a file name"
    elif not os.access(folder, os.W_OK):
        problem = f"{folder} does not exist or is read-only"
    given = click.get_current_context().params
    for name, other_option in FILES.items():
        other = given.get(name)
        if other_option != option and other not in (None, *TARGETS):
            if _is_same_file(path, other):
                problem = f"is the same file as {other_option}"
    if problem:
        raise ValueError(f"{option} {path}: {problem}: choose another {option}")


def _is_same_file(path, other):
    """Return whether two paths lead to the same file, which may not exist yet."""
    if os.path.exists(path) and os.path.exists(other):
        return os.path.samefile(path, other)
    return os.path.realpath(path) == os.path.realpath(other)


def is_special(path):
    """Return whether `path` is "-", standard output, a pipe or a device."""
    if path in STDOUT:
        return True
    # Do not resolve the path: /dev/fd/3 resolves to a name that does not exist.
    is_file_or_folder = os.path.isfile(path) or os.path.isdir(path)
    return os.path.exists(path) and not is_file_or_folder

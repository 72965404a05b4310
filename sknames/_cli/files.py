"""Write output files that appear only when they are whole, and messages."""

import os
import shutil
import sys
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import click

STDOUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
say = partial(click.echo, err=True)
# What a signal removes, if it is a Path, with what to say.
unfinished: dict[object, str | None] = {}


@contextmanager
def whole_file(path):
    """Open a hidden binary file next to `path`, which replaces it at the end.

    If the block raises an error, `path` stays as it is. Standard output, pipes and
    devices are written to directly.
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    is_direct = is_special(path)
    where = 1 if path in STDOUT else path if is_direct else part
    unfinished[where] = (
        "the output is not whole" if is_direct else f"{path} was not written"
    )
    try:
        with open(where, "wb", closefd=where != 1) as file:
            yield file
        if not is_direct:
            if target.exists():
                shutil.copymode(target, part)
            os.replace(part, target)
    except BaseException as error:
        error.add_note(unfinished[where])
        raise
    finally:
        del unfinished[where]
        if not is_direct:
            part.unlink(missing_ok=True)


def remove_unfinished():
    """Remove what is unfinished, and say what that is."""
    for path in unfinished:
        with suppress(OSError):
            path.unlink() if isinstance(path, Path) else None
    return [*filter(None, unfinished.values()), "nothing was written"][0]


def check_output(path):
    """Raise ValueError if `path` cannot be written, before long work is lost."""
    folder = Path(os.path.realpath(path)).parent
    if path in STDOUT and sys.stdout is None:
        raise ValueError("standard output is closed: give an --output")
    if not is_special(path) and (os.path.isdir(path) or not os.access(folder, os.W_OK)):
        what = (
            "is a folder"
            if os.path.isdir(path)
            else f"{folder} does not exist or is read-only"
        )
        raise ValueError(f"{path}: {what}: give another --output, or create the folder")


def is_special(path):
    """Return whether `path` is "-", standard output, a pipe or a device."""
    # Not of the resolved path: /dev/fd/3 resolves to a name that does not exist.
    is_other = os.path.exists(path) and not (
        os.path.isfile(path) or os.path.isdir(path)
    )
    return path in STDOUT or is_other

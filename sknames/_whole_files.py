"""Files that are there when they are whole, whatever happens before."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from ._stopping import unfinished

STDOUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


@contextmanager
def whole_file(path):
    """A path to write to, beside `path`, whose name it takes if the block ends well.

    Standard output (which gives "-"), and what else is not a regular file, is written to as it is.
    """
    if path in STDOUT:  # also where that is a file, whose other content must stay
        yield "-"
        return
    # Only a file's own path may be resolved: that of a pipe leads nowhere.
    if os.path.exists(path) and not os.path.isfile(path):
        yield path
        return
    target = Path(os.path.realpath(path))
    check_folder(path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    unfinished.add(part)
    try:
        yield part
        if target.exists():
            shutil.copymode(target, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
        unfinished.discard(part)


def check_folder(path):
    """Raise ValueError if there is no folder for a file of this path."""
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise ValueError(f"{path}: the folder {folder} does not exist: create it first")

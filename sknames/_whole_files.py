"""Files that are there when they are whole, whatever happens before."""

import errno
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
    check_output(path)
    if path in STDOUT:  # also where that is a file, whose other content must stay
        yield "-"
        return
    if _is_special(path):
        yield path
        return
    target = Path(os.path.realpath(path))
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


def check_output(path):
    """Raise an error if no file of this path can be written; before the work, which may be long."""
    if path in STDOUT:
        return
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if _is_special(path):
        return
    if not target.parent.is_dir():
        raise ValueError(f"{path}: the folder {target.parent} does not exist: create it first")
    if not os.access(target.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))


def _is_special(path):
    # Only a file's own path may be resolved: that of a pipe leads nowhere.
    return os.path.exists(path) and not os.path.isfile(path)

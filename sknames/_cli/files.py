"""Output files that appear only when they are whole."""

import errno
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

STDOUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


@contextmanager
def whole_file(path):
    """Open a hidden binary file beside `path`, which replaces it if the block ends well.

    Standard output, pipes and devices are written to directly.
    """
    check_output(path)
    if path in STDOUT or _is_special(path):
        try:
            with open(1 if path in STDOUT else path, "wb", closefd=path not in STDOUT) as file:
                yield file
        except BaseException as error:
            error.add_note("the output is not whole")
            raise
        return
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            yield file
        if target.exists():
            shutil.copymode(target, part)
        os.replace(part, target)
    except BaseException as error:
        error.add_note(f"{path} was not written")
        raise
    finally:
        part.unlink(missing_ok=True)


def check_output(path):
    """Raise an error if `path` cannot be written; before the work, which may be long."""
    if path in STDOUT or _is_special(path):
        return
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not target.parent.is_dir():
        raise ValueError(f"{path}: the folder {target.parent} does not exist: create it first")
    if not os.access(target.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))


def _is_special(path):
    # Not of the resolved path: that of a pipe leads nowhere.
    return os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path))

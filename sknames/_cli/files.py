"""Output files that appear only when they are whole."""

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
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    is_direct = path in STDOUT or _is_special(path)
    where = 1 if path in STDOUT else path if is_direct else part
    try:
        with open(where, "wb", closefd=where != 1) as file:
            yield file
        if not is_direct:
            if target.exists():
                shutil.copymode(target, part)
            os.replace(part, target)
    except BaseException as error:
        error.add_note("the output is not whole" if is_direct else f"{path} was not written")
        raise
    finally:
        if not is_direct:
            part.unlink(missing_ok=True)


def check_output(path):
    """Raise an error if `path` cannot be written; before the work, which may be long."""
    folder = Path(os.path.realpath(path)).parent
    if path in STDOUT or _is_special(path):
        return
    if os.path.isdir(path) or not os.access(folder, os.W_OK):
        what = "is a folder" if os.path.isdir(path) else f"{folder} does not exist or is read-only"
        raise ValueError(f"{path}: {what}: give another --output, or create the folder")


def _is_special(path):
    # Not of the resolved path: that of a pipe leads nowhere.
    return os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path))

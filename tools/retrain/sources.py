"""Find the files of the sources, and open Debian packages."""

import io
import tarfile
from pathlib import Path

from sknames.datasets._fetch_names import data_folder


def locate(path, pattern, command):
    """Return a path, or by default that of the last release in the data folder.

    Raise OSError, which says what command gets it, if there is no such file.
    """
    folder = data_folder(None)
    found = Path(path).expanduser() if path else max(folder.glob(pattern), default=None)
    if found is None or not found.is_file():
        raise OSError(
            f"Expected {found or pattern} in {folder}, and it is not there. Get it "
            f"with `{command}`, and put it there."
        )
    return found


def open_package(path):
    """Open the tar archive of files in a Debian package, which is an ar archive."""
    content = path.read_bytes()
    position = 8
    while header := content[position : position + 60]:
        size = int(header[48:58])
        position += 60
        if header.startswith(b"data.tar"):
            return tarfile.open(fileobj=io.BytesIO(content[position : position + size]))
        position += size + size % 2
    raise ValueError(
        f"{path} is no Debian package: it has no data.tar. Get another copy."
    )

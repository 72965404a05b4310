"""Find the files of the sources, and open Debian packages."""

import io
import tarfile
from pathlib import Path

from sknames.datasets._fetch_names import data_folder


def locate(path, pattern, command):
    """Return the path of a source, by default the latest release in the data folder.

    If the file does not exist, raise OSError with the command that downloads it.
    """
    folder = data_folder(None)
    found = Path(path).expanduser() if path else max(folder.glob(pattern), default=None)
    if found is None or not found.is_file():
        raise OSError(
            f"Expected {found or pattern} in {folder}, but it is not there. Download "
            f"it with `{command}`, and put it there."
        )
    return found


def open_package(path):
    """Open the tar archive with the files of a Debian package."""
    content = path.read_bytes()  # an ar archive, whose first 8 bytes are its signature
    position = 8
    while header := content[position : position + 60]:
        size = int(header[48:58])
        position += 60
        if header.startswith(b"data.tar"):
            return tarfile.open(fileobj=io.BytesIO(content[position : position + size]))
        position += size + size % 2
    raise ValueError(
        f"{path} is not a Debian package: it has no data.tar. Get another copy."
    )

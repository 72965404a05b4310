"""Where the dataset loaders keep what they download."""

import os
from pathlib import Path


def data_folder(data_home):
    """Return the folder of downloaded data: the given one, $SKNAMES_DATA, or ~/sknames_data."""
    if data_home is None:
        data_home = os.environ.get("SKNAMES_DATA") or "~/sknames_data"
    try:
        return Path(data_home).expanduser()
    except RuntimeError as error:
        raise RuntimeError(
            f"Expected a folder to keep data in, got {data_home}, and the home directory is "
            "not known. Give another data_home, or set the environment variable SKNAMES_DATA."
        ) from error

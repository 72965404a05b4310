"""Where the dataset loaders keep what they download."""

import os
from pathlib import Path


def data_folder(data_home):
    """Return the folder of downloaded data: the given one, $SKNAMES_DATA, or ~/sknames_data."""
    if data_home is None:
        data_home = os.environ.get("SKNAMES_DATA") or "~/sknames_data"
    return Path(data_home).expanduser()

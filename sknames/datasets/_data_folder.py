"""Where the dataset loaders keep what they download."""

import os
from pathlib import Path


def data_folder(data_home):
    """Path of the folder of downloaded data: this, or that of SKNAMES_DATA, or ~/sknames_data."""
    if data_home is None:
        data_home = os.environ.get("SKNAMES_DATA") or "~/sknames_data"
    return Path(data_home).expanduser()

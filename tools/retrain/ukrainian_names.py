"""Read Ukrainian names in Cyrillic from the package names-translator (MIT).

The package has 118,127 surnames, 11,001 given names and 16,901 patronymics, as keys of
compressed automata (DAWG). They do not ship with sknames, and no code of the package is
run.
"""

import tempfile
import zipfile

from .sources import locate

WHEEL = "names_translator-*.whl"
PARTS = {"surname": "last", "given": "first", "patronymic": "patronymic"}


def read_ukrainian_names(wheel=None):
    """Read the names of each part.

    Parameters
    ----------
    wheel : str or path-like, default=None
        Path of the wheel. By default, it is looked for in $SKNAMES_DATA, or in
        ~/sknames_data.

    Returns
    -------
    dict of list of str
        The names of each of `PARTS`, in lower case and sorted.
    """
    from dawg_python import CompletionDAWG  # only training with people needs it

    path = locate(wheel, WHEEL, "pip download --no-deps names-translator==2.1.0")
    found = {}
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        for part, member in PARTS.items():
            extracted = archive.extract(f"names_translator/data/{member}.dawg", folder)
            keys = CompletionDAWG().load(extracted).keys()
            # A payload follows the name.
            found[part] = sorted({key.partition("\x01")[0] for key in keys})
    return found


def is_female(name):
    """Return whether a Ukrainian patronymic or surname has the feminine form."""
    return name.endswith(
        ("івна", "ївна", "ова", "ева", "єва", "іна", "їна", "ська", "цька")
    )

"""Load and save models as skops and joblib files."""

import os
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from .._base import install
from ._load_pretrained import TARGETS, load_pretrained

# Types that skops may load in addition to the scikit-learn and numpy types it trusts.
OURS = (
    "CharEncoder GroupedClassifier JoinNames NameEncoder NameFeatures "
    "NameNationalityClassifier PriorShiftClassifier SelectiveClassifier "
    "pretrained.FrozenPipeline"
)
TRUSTED = [f"sknames.{name}" for name in OURS.split()] + ["sklearn.utils._bunch.Bunch"]
PICKLES = {".joblib", ".pkl", ".pickle"}
START_OF_ZIP = b"PK\x03\x04"  # skops files are zip files
START_OF_PICKLE = b"\x80"  # of all protocols since 2


def load_model(path: str | os.PathLike[str], *, trust_pickle: bool = False) -> Any:
    """Load a fitted model of names from a skops or joblib file.

    Loading a skops file does not run code from the file, because only types of
    scikit-learn, numpy and this package are accepted. skops files need the extra `cli`.

    Parameters
    ----------
    path : str or path-like
        Path of the file. "nationality" and "country" load the shipped models.
    trust_pickle : bool, default=False
        Whether to load pickles, such as joblib files. A pickle can run any code, so set
        this to True only if you trust the source of the file.

    Returns
    -------
    classifier
        The model.

    Raises
    ------
    ValueError
        If the file is not a model that accepts names, contains other types, or is a
        pickle that is not trusted.
    ImportError, OSError
        If skops is not installed, or the file cannot be read.

    See Also
    --------
    load_pretrained : Load a shipped model, with other priors or a threshold.

    Examples
    --------
    >>> from sknames import load_model
    >>> load_model("nationality").predict(["Kowalski"])
    array(['Polish'], dtype='<U11')
    """
    if isinstance(path, str) and path in TARGETS:
        return load_pretrained(path)
    with open(path, "rb") as file:  # raises FileNotFoundError
        start = file.read(4)
    starts_as_zip = start == START_OF_ZIP
    is_skops = zipfile.is_zipfile(path)
    if starts_as_zip and not is_skops:
        raise ValueError(
            f"{path} is cut off or damaged: copy it again, or train the model again"
        )
    is_pickle = start[:1] == START_OF_PICKLE or Path(path).suffix in PICKLES
    if not is_skops and not is_pickle and not trust_pickle:
        raise ValueError(
            f"{path} is not a model: expected a file that skops or joblib wrote. To "
            "predict the names in a table, pass the table to predict_table, or give "
            "its file as the input of `sknames predict`"
        )
    if not is_skops and not trust_pickle:
        raise ValueError(
            f"{path} is no skops file. A pickle (joblib) can run any code: only if you "
            "trust its maker, use load_model(path, trust_pickle=True) (on the command "
            "line: --trust-pickle)"
        )
    try:
        model = _load_skops(path) if is_skops else joblib.load(path)
        n_classes = len(model.classes_)
        shape = np.shape(model.predict_proba(["", ""]))
    except ImportError as error:
        raise ImportError(
            f"{path}: {error}: install what the model was made with"
        ) from error
    except Exception as error:  # damaged files can raise any error
        raise ValueError(
            f"{path} is no model that takes names ({type(error).__name__}: {error}): "
            "give a file that `sknames train` wrote, or a fitted Pipeline that begins "
            "with a CharEncoder"
        ) from error
    if shape != (2, n_classes):
        raise ValueError(
            f"{path} predicts an array of shape {shape} for two names: give a "
            "classifier with one label a name"
        )
    return model


def _load_skops(path):
    """Return the model in a skops file; raise ValueError for an untrusted type."""
    skops_io = _import_skops()
    not_trusted = sorted(set(skops_io.get_untrusted_types(file=path)) - set(TRUSTED))
    if not_trusted:
        raise ValueError(f"it holds the type {not_trusted[0]}, which is not loaded")
    return skops_io.load(path, trusted=TRUSTED)


def _import_skops():
    """Return the module skops.io; raise ImportError with the command to install it."""
    try:
        import skops.io
    except ModuleNotFoundError as error:
        raise ImportError(
            f"Install skops for files of models: {install('cli')}"
        ) from error
    return skops.io


def check_model_path(path):
    """Raise ValueError unless `save_model` can write a file with this name."""
    suffix = Path(path).suffix
    if suffix not in {".skops", *PICKLES}:
        raise ValueError(
            f"{path} should end in .skops, or in .joblib for a pickle: rename it"
        )
    if suffix == ".skops":
        _import_skops()


def save_model(model, file, name):
    """Write a model to a binary file, in the format of the extension of `name`."""
    if Path(name).suffix in PICKLES:
        joblib.dump(model, file)
        return
    content = _import_skops().dumps(
        model,
        compression=zipfile.ZIP_DEFLATED,
        compresslevel=1,  # the fastest
    )
    file.write(content)

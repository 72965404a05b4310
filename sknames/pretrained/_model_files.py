"""Models in files, as skops and joblib write them."""

import zipfile
from pathlib import Path

import joblib
import numpy as np

from ._load_pretrained import load_pretrained

# skops loads most of what scikit-learn and numpy have, and besides:
TRUSTED = [
    "sknames.CharEncoder",
    "sknames.GroupedClassifier",
    "sknames.JoinNames",
    "sknames.NameEncoder",
    "sknames.NameNationalityClassifier",
    "sknames.PriorShiftClassifier",
    "sknames.SelectiveClassifier",
    "sklearn.utils._bunch.Bunch",
]
PICKLES = {".joblib", ".pkl", ".pickle"}


def load_model(path, trust_pickle=False):
    """Load a model of names from a skops or joblib file, or the one that ships: "pretrained".

    A pickle, as joblib's files are, can run any code: `trust_pickle` says whether to load one. It
    raises ValueError for what is no such file or no such model, and says what to do.
    """
    if path == "pretrained":
        return load_pretrained()
    with open(path, "rb") as file:  # an error of the system is said as it is
        is_zip = file.read(4) == b"PK\x03\x04"
    is_skops = zipfile.is_zipfile(path)
    if is_zip and not is_skops:
        raise ValueError(f"{path} is cut off or damaged: copy it again, or train the model again")
    if not is_skops and not trust_pickle:
        raise ValueError(
            f"{path} is no skops file. If it is a pickle (joblib) of a model, and you trust its "
            "maker, since it can run any code, give --trust-pickle, or in Python pass the model "
            "that joblib.load gives"
        )
    try:
        model = _load_skops(path) if is_skops else joblib.load(path)
        n_classes = len(model.classes_)
        found = np.shape(model.predict_proba(["", ""]))
    except ImportError as error:
        raise ImportError(f"{path}: {error}: install what the model was made with") from error
    except Exception as error:  # whatever is in a file has its own
        raise ValueError(
            f"{path} is no model that takes names ({type(error).__name__}: {error}): give a file "
            "that `sknames train` wrote, or a fitted Pipeline that begins with a CharEncoder"
        ) from error
    if found != (2, n_classes):
        raise ValueError(
            f"{path} answers {found} for two names: give a classifier with one label a name"
        )
    return model


def _load_skops(path):
    skops_io = _import_skops()
    others = sorted(set(skops_io.get_untrusted_types(file=path)) - set(TRUSTED))
    if others:
        raise ValueError(f"it holds the type {others[0]}, which is not ours and is not loaded")
    return skops_io.load(path, trusted=TRUSTED)


def _import_skops():
    try:
        import skops.io
    except ModuleNotFoundError as error:
        raise ImportError(
            "Install skops for files of models: pip install 'sknames[cli]'"
        ) from error
    return skops.io


def check_model_path(path):
    """Raise ValueError for a name of a file that `save_model` would not know how to write."""
    if Path(path).suffix not in {".skops", *PICKLES}:
        raise ValueError(f"{path} should end in .skops, or in .joblib for a pickle: rename it")
    if Path(path).suffix == ".skops":
        _import_skops()


def save_model(model, file, name):
    """Write a model to a binary file in the format that the ending of `name` tells."""
    if Path(name).suffix in PICKLES:
        joblib.dump(model, file)
    else:
        file.write(_import_skops().dumps(model))

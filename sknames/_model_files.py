"""Models in files, as skops and joblib write them."""

import zipfile
from pathlib import Path

import numpy as np

from ._prior_shift_classifier import PriorShiftClassifier
from .pretrained import load_pretrained

# skops loads most of what scikit-learn and numpy have, and besides:
TRUSTED = [
    "sknames.CharEncoder",
    "sknames.NameEncoder",
    "sknames.NameNationalityClassifier",
    "sknames.PriorShiftClassifier",
    "sknames.SelectiveClassifier",
    "sklearn.utils._bunch.Bunch",
]
ZIP = b"PK\x03\x04"  # the first bytes of a skops file
PICKLES = {".joblib", ".pkl", ".pickle"}


def load_model(path, trust_pickle=False, priors=None):
    """A fitted model: names -> probabilities of the nationalities.

    Parameters
    ----------
    path : str
        Of a skops or joblib file, or "pretrained" for the model that ships.
    trust_pickle : bool, default=False
        Whether to load a pickle, as joblib's files are, which can run any code.
    priors : ndarray of shape (n_classes,) or None, default=None
        The priors under which it is to answer; None stands for its own.

    Raises
    ------
    ValueError
        If the file holds something else, or may not be loaded. It names the next step.
    OSError
        If the file cannot be read.
    """
    model = load_pretrained() if path == "pretrained" else _load_file(path, trust_pickle)
    if priors is None:
        return model
    return PriorShiftClassifier(model, priors=priors).fit(None)  # which needs no names


def _load_file(path, trust_pickle):
    with open(path, "rb") as file:  # an error of the system is said as it is
        start = file.read(len(ZIP))
    is_skops = zipfile.is_zipfile(path)
    if start == ZIP and not is_skops:
        raise ValueError(f"{path} is cut off or damaged: copy it again, or train the model again")
    if not is_skops and not trust_pickle:
        raise ValueError(
            f"{path} is no skops file. If it is a pickle (joblib) of a model, and you trust "
            "whoever made it, since a pickle can run any code, give --trust-pickle, or in Python "
            "load it with joblib.load and pass the model"
        )
    try:
        model = _load_skops(path) if is_skops else _load_pickle(path)
        n_classes = len(model.classes_)
        found = np.shape(model.predict_proba(["", ""]))
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{path} cannot be loaded here ({error}): install what the model was made with"
        ) from error
    except ImportError:
        raise
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


def _load_pickle(path):
    import joblib

    return joblib.load(path)


def _import_skops():
    try:
        import skops.io
    except ModuleNotFoundError as error:
        raise ImportError(
            "Files of models need skops. Install it: pip install 'sknames[cli]'"
        ) from error
    return skops.io


def check_model_path(path):
    """Raise ValueError for a name of a file that `save_model` would not know how to write."""
    if Path(path).suffix not in {".skops", *PICKLES}:
        raise ValueError(f"{path} should end in .skops, or in .joblib for a pickle: rename it")
    if Path(path).suffix == ".skops":
        _import_skops()


def save_model(model, path, name):
    """Write a model to `path` in the format that the ending of `name` tells."""
    if Path(name).suffix in PICKLES:
        import joblib

        joblib.dump(model, path)
    else:
        Path(path).write_bytes(_import_skops().dumps(model))

"""The model that ships with the package: its files, and how they are read."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline

from .._char_encoder import CharEncoder
from .._name_nationality_classifier import FORMAT as STATE_FORMAT
from .._name_nationality_classifier import NameNationalityClassifier
from .._version import __version__

# Of the two files. Raise it when an older sknames could no longer read them.
FORMAT = 1
TINY = np.float32(1e-30)
FOLDER = Path(__file__).parent
ARRAYS, DESCRIPTION, CARD = "model.npz", "model.json", "card.json"
# Most of the numbers. Each row is stored in single bytes, as multiples of a 127th of its largest.
BYTES, SCALE = "ngram_weight", "ngram_scale"


def load_pretrained():
    """Load the model that ships with the package: names -> nationalities, ready to use.

    It tells 57 nationalities from surnames, given names and full names in either order, in Latin
    letters, with or without diacritics and in any case, or in a native script. It needs no download
    and does not import torch.

    Returns
    -------
    Pipeline
        Fitted: "encode" is a :class:`CharEncoder`, "classify" a
        :class:`NameNationalityClassifier`. Its attribute `card`, a dict, tells what it was trained
        on, how accurate it is on held-out names, and what it must not be used for.

    Raises
    ------
    ValueError
        If the files in the package are not those that it was released with.

    See Also
    --------
    sknames.datasets.load_names : The nationalities, and part of the names it was trained on.

    Notes
    -----
    A name says where it is common, not who bears it: do not decide about a person by it. The
    probabilities suppose that all nationalities are about equally frequent.

    ``python -m sknames.pretrained`` trains it again.

    Examples
    --------
    >>> import sknames
    >>> model = sknames.load_pretrained()
    >>> model.predict(["Mehmet Yılmaz", "KOWALSKI", "王伟"])
    array(['Turkish', 'Polish', 'Chinese'], dtype='<U11')
    """
    pipeline = read(FOLDER)
    pipeline.card = json.loads((FOLDER / CARD).read_text(encoding="utf-8"))
    return pipeline


def read(folder):
    """The fitted pipeline in the files of a folder.

    Raises
    ------
    ValueError
        If the format is newer, or the arrays are not those that the description was written with.
    """
    description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    if description["format"] > FORMAT:
        raise ValueError(
            f"{folder / DESCRIPTION} is in format {description['format']}, and sknames "
            f"{__version__} reads formats up to {FORMAT}. Upgrade sknames."
        )
    content = (folder / ARRAYS).read_bytes()  # once: what is checked is what is read
    digest = hashlib.sha256(content).hexdigest()
    if digest != description["sha256"]:
        raise ValueError(
            f"{folder / ARRAYS} should have the SHA-256 {description['sha256']} and has {digest}. "
            "The file was changed or is not whole: install sknames again."
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    arrays[BYTES] = arrays[BYTES] * arrays.pop(SCALE)[:, None]
    encoder = CharEncoder(**description["encode"]["params"])
    vars(encoder).update(description["encode"]["fitted"])
    classifier = NameNationalityClassifier.__new__(NameNationalityClassifier)
    params = description["classify"]["params"]
    params["ngram_range"] = tuple(params["ngram_range"])  # JSON has lists
    ngram_keys = [arrays.pop(f"ngram_keys.{n}") for n in range(params["ngram_range"][1])]
    classifier.__setstate__(
        params
        | description["classify"]["fitted"]
        | {
            "classes_": np.array(description["classes"]),
            "symbols_": arrays.pop("symbols"),
            "weights_": arrays,
            "ngram_keys_": ngram_keys,
        }
    )
    return Pipeline([("encode", encoder), ("classify", classifier)])


def write(pipeline, folder):
    """Write the files of a fitted pipeline; its n-gram weights are rounded to single bytes."""
    encoder, classifier = pipeline["encode"], pipeline["classify"]
    arrays = dict(classifier.weights_, symbols=classifier.symbols_)
    arrays |= {f"ngram_keys.{n}": keys for n, keys in enumerate(classifier.ngram_keys_)}
    arrays[SCALE] = np.maximum(np.abs(arrays[BYTES]).max(axis=1), TINY) / 127
    arrays[BYTES] = np.rint(arrays[BYTES] / arrays[SCALE][:, None]).astype(np.int8)
    content = io.BytesIO()
    # Not compressed, as the wheel is: the same bytes with any zlib, and they are read sooner.
    np.savez(content, **arrays)
    (folder / ARRAYS).write_bytes(content.getvalue())
    description = {
        "format": FORMAT,
        "sha256": hashlib.sha256(content.getvalue()).hexdigest(),
        "encode": {
            "params": encoder.get_params(),
            "fitted": {
                name: getattr(encoder, name)
                for name in ("alphabet_", "unknown_code_", "max_length_")
            },
        },
        "classes": classifier.classes_.tolist(),
        "classify": {
            "params": classifier.get_params() | {"ngram_range": list(classifier.ngram_range)},
            "fitted": {
                # Without the seconds, which no training repeats.
                "history_": [row | {"dur": 0.0} for row in classifier.history_],
                "n_features_in_": classifier.n_features_in_,
                "_module_params": classifier._module_params,
                "_separator": classifier._separator,
                "_sknames_version": __version__,
                "_format": STATE_FORMAT,
            },
        },
    }
    text = json.dumps(description, ensure_ascii=False, indent=1)
    (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")

"""Load the shipped models from their files."""

import csv
import hashlib
import json
from contextlib import contextmanager
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any, Literal, TypeAlias
from weakref import WeakValueDictionary

import numpy as np
from sklearn.utils import Bunch

from .._base import validate_params
from .._base.parameters import NumberInterval
from .._base.saved_state import FORMAT
from .._base.sklearn_private import Interval, StrOptions
from .._base.version import __version__
from .._encoding.char_encoder import CharEncoder
from .._models.groups import M49, Groups
from .._models.layers import priors_fingerprint
from .._models.priors import Priors, check_priors
from .._name_nationality_classifier import NameNationalityClassifier
from .._network.network import Measured, Network
from .._wrappers.selective_classifier import SelectiveClassifier
from ._frozen_pipeline import FrozenPipeline

Target: TypeAlias = Literal["nationality", "country"]
TARGETS: tuple[Target, ...] = ("nationality", "country")
# This folder contains a folder for each model. The country model is a head on the
# nationality model, see `Network`.
FOLDER = Path(__file__).parent
ARRAYS = "model.npz"
DESCRIPTION = "model.json"
CARD = "card.json"
# Coverage and risk of each threshold on held-out people, under the default priors.
# tools/retrain/measure.py writes it.
CURVE = "risk_coverage.csv"
# The same if the model falls back on subregions and regions.
FALLBACK_CURVE = "fallback_risk_coverage.csv"
CURVE_COLUMNS = ["threshold", "coverage", "risk", "n_answered"]  # both files
# Files with `Measured`: the statistics of each label, and of the whole model.
BIAS = "class_bias.csv"
FIGURES = "measured.json"
# The checksum of the model's description, by which users' files refer to the model. The
# description contains the checksums of the arrays and of the trunk's description.
DIGEST = "SHA256SUMS"
# Default risks: the smallest whole percentage at which four of five held-out people get
# a prediction (half for countries), or nine of ten with a fallback (three of four). All
# thresholds of load_pretrained, the command line, the service and the page follow
# from these risks.
RISK = {
    CURVE: {"nationality": 0.18, "country": 0.27},
    FALLBACK_CURVE: {"nationality": 0.11, "country": 0.2},
}
AS_WRITTEN = object()  # the priors that a network was written with
DEFAULT_PRIORS = "tempered"  # fingerprints do not show this default
# Without --force-reinstall, pip does not replace an installed version.
REINSTALL_HINT = (
    "install sknames again, as before, with the options --force-reinstall and "
    "--no-deps of pip."
)
# Arrays of loaded models, by the digest of their file and their name. Models of one
# trunk share arrays until all are deleted. Two threads that load a model at the same
# time may each get their own arrays.
SHARED: WeakValueDictionary[tuple[str, str], np.ndarray] = WeakValueDictionary()


@validate_params(
    {
        "target": [str],
        "abstain": "no_validation",
        "risk": [Interval(Real, 0, 1, closed="neither"), None],
        "threshold": [NumberInterval(Real, 0, 1, closed="left"), None],
        "tidy": ["boolean"],
    }
)
def load_pretrained(
    target: Target = "nationality",
    *,
    priors: Priors = "tempered",
    abstain: bool | None = None,
    risk: float | None = None,
    threshold: float | None = None,
    fallback: list[Groups] | None = None,
    tidy: bool = True,
) -> Any:
    """Load a shipped model that predicts nationalities or countries.

    The models know 74 nationalities and 204 countries. They accept surnames, given
    names and full names in either order, in any script, with or without diacritics and
    in upper or lower case. Loading needs no download and does not import torch.

    Parameters
    ----------
    target : {"nationality", "country"}, default="nationality"
        What to predict: where a name comes from, or where people with such names live.
        Countries are ISO 3166-1 alpha-2 codes; Kosovo is XK. Two in five predicted
        countries are wrong, because countries share names.
    priors : {"tempered", "population", "uniform"}, dict or array-like of shape \
(n_classes,), default="tempered"
        Class priors that the probabilities assume. They decide how names that several
        nationalities share are predicted: with equal priors, John Smith is predicted as
        Scottish.

        - "tempered": a compromise between the next two options, for single names of
          people about whom nothing else is known. Priors are proportional to the fourth
          root of the approximate number of people in the world with such names, or of
          the inhabitants of a country.
        - "population": priors are proportional to these numbers themselves. Labels with
          few people are hardly ever predicted.
        - "uniform": all labels are equally frequent.
        - Numbers that sum to 1, by nationality or in the order of `classes_`, if the
          shares are known. Nationalities that are not named get 0 and are never
          predicted. With ``{"Turkish": 0.02, "others": 0.98}``, they divide the
          remaining share in proportion to "tempered".

        For a list of people, :class:`PriorShiftClassifier` estimates the priors from
        the names. `class_prior_` has the priors in use.
    abstain : bool or None, default=None
        Whether to predict "unknown" when the model is unsure or the text is not a name.
        None means True if `risk` or `threshold` is given. If neither is given, the
        risk is limited with 95 % confidence, for people whose nationalities are as
        frequent as "tempered" assumes:

        - nationalities: at most 18 % of the predictions are wrong, or 11 % with
          `fallback`. Four of five people get a prediction, or nine of ten with
          `fallback`.
        - countries: at most 27 % of the predictions are wrong, or 20 % with `fallback`.
          Half of the people get a prediction, or three of four with `fallback`.

        People whose nationality the model does not know often get a prediction as well.
        The `page on
        abstaining <https://sknames.github.io/sknames/abstaining.html>`_ has more
        figures.
    risk : float or None, default=None
        The maximum share of wrong predictions, at least 0.06.
    threshold : float or None, default=None
        Instead of `risk`, the probability above which a label is predicted, at least 0
        and below 1. With non-default `priors`, only `threshold` can be used.
    fallback : list or None, default=None
        Groups to predict when the model is unsure of a label, see
        :class:`SelectiveClassifier`: None, or ``["subregion", "region"]``, which we
        recommend for countries. It requires `abstain`, `risk` or `threshold`. Other
        groups require `threshold`.
    tidy : bool, default=True
        Whether to read "Dr. Anna Kim, PhD" as "Anna Kim", see :class:`CharEncoder`.
        With False, names are read as typed.

    Returns
    -------
    FrozenPipeline or SelectiveClassifier
        Pipeline of "encode", a :class:`CharEncoder`, and "classify", a
        :class:`NameNationalityClassifier`. It is never refitted, see
        :class:`~sknames.pretrained.FrozenPipeline`. With abstention, a
        :class:`SelectiveClassifier` around the pipeline, whose clone is unfitted, as
        usual.

    Raises
    ------
    ValueError, OSError
        If files of the package are missing or were changed, or if no threshold achieves
        the `risk`.

    See Also
    --------
    PriorShiftClassifier : Predict with priors that are estimated from a list of names.
    estimate_shares : Estimate the shares of labels in a list of names.
    SelectiveClassifier : Choose a threshold on your own names.
    NameEncoder : Compute features for your own labels.
    sknames.pretrained.load_card : Load accuracy and limitations of the model.
    sknames.datasets.load_names : Load names of 57 of the nationalities, which are part
        of the training data.

    Notes
    -----
    A name shows where the name is common, not who a person is. Do not use predictions
    for decisions about individuals.

    Examples
    --------
    >>> import sknames
    >>> model = sknames.load_pretrained()
    >>> model.predict(["Mehmet Yılmaz", "KOWALSKI", "王伟"])
    array(['Turkish', 'Polish', 'Chinese'], dtype='<U11')
    >>> model = sknames.load_pretrained(abstain=True)
    >>> model.predict(["Mehmet Yılmaz", "Lee", "123"])
    array(['Turkish', 'unknown', 'unknown'], dtype='<U11')
    >>> model.reasons(["Mehmet Yılmaz", "Lee", "123"]).tolist()
    ['', 'unsure', 'no known letter']
    >>> sknames.load_pretrained("country").predict(["Angela Merkel", "Kim Min-jun"])
    array(['DE', 'KR'], dtype='<U2')
    """
    if target not in TARGETS:
        step = "Other models are files: load_model reads them."
        if target in M49:
            step = (
                "Sum the labels of a model: GroupedClassifier(load_pretrained(), "
                f"groups={target!r})."
            )
        raise ValueError(
            f"Expected the target 'nationality' or 'country', got {target!r}. {step}"
        )
    abstains = _abstains(abstain, risk, threshold)
    is_stored = abstains and fallback == [*M49]  # its curve is stored
    if fallback is not None and threshold is None and not is_stored:
        raise ValueError(
            f"Expected fallback={[*M49]}, with abstain=True or a risk, or None; got "
            f"fallback={fallback!r}, abstain={abstain!r} and risk={risk!r}. For groups "
            "of your own, give a threshold, or fit a SelectiveClassifier on names."
        )
    model = read_model(
        FOLDER / target, pretrained_sha256(target), priors, tidy, is_measured=True
    )
    if not abstains:
        return model
    curve = None
    if threshold is None:
        _check_default_priors(model, priors)
        file = FALLBACK_CURVE if fallback else CURVE
        columns = read_columns(file, target)
        curve = Bunch(**{name: columns[name] for name in CURVE_COLUMNS})
        risk = RISK[file][target] if risk is None else risk
    return SelectiveClassifier._around(
        model, curve, risk=risk, threshold=threshold, fallback=fallback
    )


def _check_default_priors(model, priors):
    """Raise ValueError unless priors are those for which the risks were measured."""
    default = check_priors(DEFAULT_PRIORS, model.classes_)
    if not np.allclose(model.class_prior_, default):
        raise ValueError(
            f"Expected the default priors with abstain=True or a risk, got "
            f"priors={priors!r:.80}: the risks of thresholds were measured under the "
            "default ones. Choose a threshold, such as threshold=0.6, or fit a "
            "SelectiveClassifier on labelled names of your own."
        )


def _abstains(abstain, risk, threshold):
    """Return whether to abstain; raise ValueError for contradictory arguments."""
    if not isinstance(abstain, bool | np.bool_ | None):
        raise ValueError(
            f"Expected abstain to be True, False or None, got {abstain!r}. Give the "
            "largest share of wrong answers as risk, or the probability that an answer "
            "must exceed as threshold."
        )
    n_goals = (risk is not None) + (threshold is not None)
    if n_goals == 2 or (n_goals and abstain is not None and not abstain):
        raise ValueError(
            "Expected a risk or a threshold, and not abstain=False with it; got "
            f"abstain={abstain!r}, risk={risk!r} and threshold={threshold!r}. Give one "
            "of them."
        )
    return bool(abstain or n_goals)


def read_columns(name, target="nationality"):
    """Return the columns of a table of a model by name: float64, or lists of text."""
    return _read(FOLDER / target / name, _columns_of)


def _columns_of(text):
    """Return the columns of a table as text; an empty number is NaN."""
    header, *rows = csv.reader(text.splitlines())
    columns = {}
    for name, column in zip(header, zip(*rows, strict=True), strict=True):
        if name == "label":
            columns[name] = column
        else:
            columns[name] = np.array([number or "nan" for number in column], float)
    return columns


def pretrained_sha256(target="nationality"):
    """Return the digest of a model's description."""
    digest, _ = _content(FOLDER / target / DIGEST).decode().split()
    return digest


@validate_params({"target": [StrOptions({*TARGETS})]})
def load_card(target: Target = "nationality") -> dict[str, Any]:
    """Load the model card of a shipped model.

    The card is not an attribute of the model, because it would no longer apply to a
    pipeline that is fitted again.

    Parameters
    ----------
    target : {"nationality", "country"}, default="nationality"
        What the model predicts.

    Returns
    -------
    dict
        The card:

        - "fingerprint": which model the card describes,
        - "learned_from": the training data,
        - "accuracy", "macro_f1", "top_3", and "by_nationality" or "by_country":
          accuracy on held-out people,
        - "n" and "held_out": number and description of these people,
        - "new_words": the figures for people whose names have no known word,
        - "missing": what the model does not know,
        - "must_not": what the model must not be used for,
        - "operating_points": for each label, thresholds on its log odds that were
          chosen for a recall of 0.8 and 0.95, with the measured recall and false
          positive rate, under the default priors,
        - "sparse_labels": labels with fewer than 20 held-out people. Their accuracy is
          not known, and in a list they cannot be distinguished from similar labels,
        - "never_predicted": labels that are predicted for none of the held-out people,
          with the default priors.

        The figures of nationalities are for equal priors, and those of countries for
        the default priors. "by_country" has the number of held-out people of each
        country ("n"), their recall with equal priors ("recall") and with the default
        priors ("recall_by_default"); recalls are None for countries without held-out
        people.

    See Also
    --------
    sknames.load_pretrained : Load the model.

    Examples
    --------
    >>> import sknames
    >>> from sknames.pretrained import load_card
    >>> card = load_card()
    >>> card["fingerprint"] == sknames.fingerprint(sknames.load_pretrained())
    True
    >>> card["must_not"]
    'Do not make decisions about a person: a name does not show who bears it.'
    >>> round(card["accuracy"], 2), round(card["by_nationality"]["Greek"]["recall"], 2)
    (0.81, 0.93)
    """
    return _read(FOLDER / target / CARD, json.loads)


def read_model(folder, sha256=None, priors=AS_WRITTEN, tidy=True, *, is_measured=False):
    """Read a fitted pipeline from a folder.

    For a model that is only a head, the folder of its trunk is read as well. The
    description, which contains the digest of the arrays, must have the digest `sha256`,
    unless `sha256` is None. The default priors are those of the stored network; other
    priors are as in `load_pretrained`. `tidy` is the parameter of the encoder. With
    `is_measured`, the statistics on held-out people are read as well.
    """
    path = folder / DESCRIPTION
    description = json.loads(_content(path, sha256))
    if description["format"] != FORMAT:
        raise ValueError(
            f"Expected format {FORMAT}, which sknames {__version__} reads, got "
            f"{description['format']!r} in {path}. Use sknames "
            f"{description['version']}."
        )
    trunk, arrays = _read_trunk(folder, description)
    encode = trunk["encode"]
    encoder = CharEncoder.from_alphabet(
        encode["alphabet"], encode["max_length"], **encode["params"]
    )
    encoder.set_params(tidy=tidy).tidy_ = tidy
    # The classifier has no column names, and would warn about DataFrames under a
    # global set_output.
    encoder.set_output(transform="default")
    network = Network.from_arrays(arrays)
    network = replace(network, fingerprint=description["fingerprint"])
    classes = np.array(description["classify"]["classes"])
    if priors is not AS_WRITTEN:
        network = _with_priors(network, classes, priors)
    if not tidy:
        network = _named(network, "untidied")
    if is_measured:
        network = replace(network, measured=_read_measured(folder, classes))
    classify = trunk["classify"]
    params = classify["params"]
    params["ngram_range"] = tuple(params["ngram_range"])  # JSON stores tuples as lists
    classifier = NameNationalityClassifier._from_network(
        network,
        classes,
        n_features_in=encoder.max_length_,
        history=classify["history"],
        **params,
    )
    return FrozenPipeline([("encode", encoder), ("classify", classifier)])


def _read_trunk(folder, description):
    """Return the description of a model's trunk, and all arrays of the model.

    A model that is not a head is its own trunk.
    """
    arrays = _arrays(folder, description)
    if "trunk" not in description:
        return description, arrays
    trunk_folder = folder.parent / description["trunk"]
    content = _content(trunk_folder / DESCRIPTION, description["trunk_sha256"])
    trunk = json.loads(content)
    return trunk, _arrays(trunk_folder, trunk, arrays)


def _with_priors(network, classes, priors):
    """Return a network with other priors, and with their digits in its fingerprint."""
    class_prior = check_priors(priors, classes, own=DEFAULT_PRIORS)
    network = network.with_priors(class_prior)
    change = priors_fingerprint(class_prior)
    if change == priors_fingerprint(check_priors(DEFAULT_PRIORS, classes)):
        return network
    return _named(network, change)


def _named(network, change):
    """Return a network whose fingerprint names a change."""
    return replace(network, fingerprint=f"{network.fingerprint}+{change}")


def _read_measured(folder, classes):
    """Read the statistics on held-out people from a folder."""
    columns = _read(folder / BIAS, _columns_of)
    row_of = {label: row for row, label in enumerate(columns["label"])}
    rows = [row_of[label] for label in classes.tolist()]
    return Measured(
        class_bias=columns["bias"][rows],
        n_people=columns["n_people"][rows].astype(int),
        **_read(folder / FIGURES, json.loads),
    )


def _arrays(folder, description, arrays_of_head=None):
    """Return the arrays of a folder by name.

    `arrays_of_head` take precedence over stored arrays with the same name. Stored
    arrays are shared between models in memory, and are therefore read-only.
    """
    arrays = dict(arrays_of_head or {})
    path = folder / ARRAYS
    digest = description["sha256"]
    with _checked(path, digest) as file, np.load(file) as stored:
        for name in stored.files:
            if name in arrays:
                continue
            array = SHARED.get((digest, name))
            if array is None:
                array = stored[name]
                array.flags.writeable = False
                SHARED[digest, name] = array
            arrays[name] = array
    return arrays


def _read(path, parse):
    """Parse a file's text with a function; raise ValueError if it is damaged."""
    try:
        return parse(_content(path).decode())
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): {REINSTALL_HINT}") from error


def _content(path, sha256=None):
    """Return the bytes of a file."""
    with _checked(path, sha256) as file:
        return file.read()


@contextmanager
def _checked(path, sha256=None):
    """Open a file once, so that the bytes that are checked are the bytes that are used.

    The check reads the file in pieces; reading it whole would need twice the memory.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise OSError(f"{path} cannot be read ({error}): {REINSTALL_HINT}") from error
    with file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 not in (None, digest):
            raise ValueError(
                f"{path} should have the SHA-256 {sha256} and has {digest}. The file "
                f"was changed or is not whole: {REINSTALL_HINT}"
            )
        file.seek(0)
        yield file

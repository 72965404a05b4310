"""What is checked of labels, weights, parameters and files, beyond what scikit-learn checks."""

import re
import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d


def is_missing(value):
    """Whether a value is None, NaN, NaT or pd.NA, which cannot be compared: its type is asked."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, Real) and value != value


def holds_strings(X):
    """Whether an array-like has a str or bytes among its items."""
    try:
        items = np.asarray(X, dtype=object).ravel()
    except ValueError:
        return False
    return any(isinstance(item, str | bytes) for item in items)


def check_labels(y, n_samples):
    """Labels as a 1-D array, none missing.

    Raises
    ------
    ValueError
        If y is None, of another shape or length, continuous, or has a missing label.
    """
    if y is None:
        raise ValueError("fit requires y to be passed, but the target y is None.")
    dtype = getattr(y, "dtype", None)
    if not isinstance(dtype, np.dtype) or dtype.kind not in "biuUS":
        # The items themselves: numpy would make a str of a NaN beside strings.
        for position, label in enumerate(np.asarray(y, dtype=object).ravel()):
            if is_missing(label):
                raise ValueError(
                    f"y contains a missing label ({label}) at position {position}; every row needs "
                    "a label. Drop such rows first."
                )
            if isinstance(label, Real) and abs(label) == np.inf:
                raise ValueError(f"y contains infinity at position {position}. Correct that label.")
    labels = column_or_1d(y, warn=True)
    if len(labels) != n_samples:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"X has {n_samples}, y has {len(labels)}."
        )
    check_classification_targets(labels)
    return labels


def check_weights(sample_weight, n_samples):
    """Weights as float64 of shape (n_samples,), ones for None, scaled by `scale_weights`.

    Raises
    ------
    ValueError
        If they have another shape, or a weight is negative or no number, or all are 0.
    """
    if sample_weight is None:
        sample_weight = 1.0
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, sample_weight, dtype=np.float64)
    weights = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.ndim != 1:
        raise ValueError("Sample weights must be 1D array or scalar")
    if weights.shape != (n_samples,):
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(n_samples,)}!")
    if (weights < 0).any():
        position = int((weights < 0).argmax())
        raise ValueError(
            f"Negative values in data passed to `sample_weight`: {weights[position]} at position "
            f"{position}. Use 0 to leave a row out."
        )
    if not weights.any():
        raise ValueError(
            "All values of sample_weight are zero; at least one row needs a positive weight."
        )
    return scale_weights(weights)


def check_class_weight(class_weight):
    """Raise ValueError if a class's weight is negative or no finite number."""
    for label, weight in class_weight.items():
        where, hint = f"for class {label!r}", "Use 0 to leave a class out."
        if is_missing(weight):
            raise ValueError(
                f"Input class_weight contains a missing weight ({weight}) {where}. {hint}"
            )
        if not isinstance(weight, Real):
            raise ValueError(
                f"Input class_weight contains {type(weight).__name__} ({weight!r}) {where}; "
                "expected a number."
            )
        if abs(weight) > np.finfo(np.float64).max:
            raise ValueError(
                f"Input class_weight contains infinity or a value too large for float64 {where}. "
                "Only the ratios of the weights matter: use smaller ones."
            )
        if weight < 0:
            raise ValueError(
                f"Negative values in data passed to `class_weight`: {weight} {where}. {hint}"
            )


def scale_weights(weights):
    """Weights multiplied by the power of two that brings the largest below 1.

    Only their ratios matter, and a sum of large ones could overflow. A power of two changes no
    digit.
    """
    _, exponent = np.frexp(weights.max())
    return np.ldexp(weights, -exponent)


def check_ngram_range(ngram_range):
    """Raise ValueError unless it is a pair (min_n, max_n) with 1 <= min_n <= max_n."""
    valid = len(ngram_range) == 2 and all(isinstance(n, Integral) for n in ngram_range)
    if not valid or not 1 <= ngram_range[0] <= ngram_range[1]:
        raise ValueError(
            f"ngram_range={ngram_range} is not a pair (min_n, max_n) of integers with "
            "1 <= min_n <= max_n. Use e.g. (1, 5), or None for no n-grams."
        )


def check_stamp(state, version, format_):
    """Compare the version and format that a saved state bears with those of this package.

    Parameters
    ----------
    state : dict
        Of a fitted estimator, with "_sknames_version" and "_format", which old files may lack.
    version : str
        Of this package.
    format_ : int
        The newest format that this package reads, and the one it writes.

    Raises
    ------
    ValueError
        If the format is newer, or no number. An older format or a newer version only warns.
    """
    writer, found = state.get("_sknames_version"), state.get("_format", 0)
    by = "an unknown older version of sknames" if writer is None else f"sknames {writer}"
    saved = f"This model was saved by {by}"
    here = f"this is sknames {version}"
    if not isinstance(found, Integral):
        raise ValueError(f"{saved} in format {found!r}, but a format is an integer; {here}.")
    if found > format_:
        raise ValueError(
            f"{saved} in format {found}; {here}, which reads formats up to {format_}. Upgrade "
            "sknames, or fit the model again with this version."
        )
    if writer is None or found < format_:
        warnings.warn(
            f"{saved} in format {found}; {here}, which writes format {format_}. Check what the "
            "model predicts, or fit it again with this version.",
            UserWarning,
            stacklevel=3,
        )
    elif _release(writer) > _release(version):
        warnings.warn(
            f"{saved}; {here}, which is older. Upgrade sknames, or check what the model predicts.",
            UserWarning,
            stacklevel=3,
        )


def _release(version):
    return tuple(map(int, re.findall(r"\d+", str(version))[:3]))


def check_state(state, keys):
    """Refuse the saved state of a fitted classifier whose parts do not fit each other.

    Parameters
    ----------
    state : dict
    keys : iterable of str
        What it must hold.

    Raises
    ------
    ValueError
        Naming the part, what was expected and what came.
    """
    missing = sorted(set(keys) - set(state))
    if missing:
        raise ValueError(f"The saved model lacks {', '.join(missing)}. Was the file changed?")
    for name, type_ in [
        ("weights_", dict),
        ("_module_params", dict),
        ("ngram_keys_", list),
        ("history_", list),
    ]:
        if not isinstance(state[name], type_):
            _refuse(name, f"a {type_.__name__}", type(state[name]).__name__)
    _check_choice("dtype", state["dtype"], ["float32", "float64"])
    _check_integer("n_features_in_", state["n_features_in_"], 1)
    _check_classes(state["classes_"])
    symbols = state["symbols_"]
    _check_array(symbols, "symbols_", kinds="biuf")
    if not _rises(symbols) or not np.isfinite(symbols).all() or (symbols == 0).any():
        _refuse("symbols_", "sorted, distinct, finite values other than 0", _some(symbols))
    params, weights = state["_module_params"], state["weights_"]
    n_ngrams = _check_module_params(params, len(state["symbols_"]), len(state["classes_"]))
    names = set()
    # The number of layers is not trusted: the first array that is missing ends the loop.
    for name, shape in _weight_shapes(params):
        if name not in weights:
            raise ValueError(
                f"weights_ of the saved model lacks {name!r} of shape {shape}. Was the file "
                "changed?"
            )
        _check_array(weights[name], f"weights_[{name!r}]", shape, dtype=np.float32)
        if not np.isfinite(weights[name]).all():
            _refuse(f"weights_[{name!r}]", "finite values", "others")
        names.add(name)
    if set(weights) != names:
        _refuse("weights_", "no further arrays", ", ".join(sorted(map(str, set(weights) - names))))
    _check_ngram_keys(state["ngram_keys_"], len(state["symbols_"]) + 3, n_ngrams)
    if state["_separator"] is not None:
        _check_integer("_separator", state["_separator"], 1, len(symbols), "None or ")


def _check_classes(classes):
    """Labels as `np.unique` gives them, none missing."""
    _check_array(classes, "classes_")
    try:
        valid = len(classes) > 0 and _rises(classes) and not any(map(is_missing, classes.tolist()))
    except (TypeError, ValueError):  # of a comparison
        valid = False
    if not valid:
        _refuse("classes_", "sorted, distinct labels, none missing", _some(classes))


def _check_module_params(params, n_symbols, n_classes):
    """The net's sizes are integers that agree with symbols and classes; return n_ngrams."""
    for name, least, most in [
        ("hidden_size", 1, None),
        ("num_layers", 1, None),
        ("n_ngrams", 0, None),
        ("n_codes", n_symbols + 2, n_symbols + 2),
        ("n_classes", n_classes, n_classes),
    ]:
        _check_integer(f"_module_params[{name!r}]", params.get(name), least, most)
    dim = params.get("embedding_dim", 0)
    if dim is not None:
        _check_integer("_module_params['embedding_dim']", dim, 1, None, "None or ")
    for name, choices in [("cell", ["gru", "rnn"]), ("nonlinearity", ["tanh", "sigmoid"])]:
        _check_choice(f"_module_params[{name!r}]", params.get(name), choices)
    for name in ("dropout", "embedding_dropout", "ngram_dropout"):
        value = params.get(name)
        if not isinstance(value, Real) or not 0 <= value < 1:
            _refuse(f"_module_params[{name!r}]", "a number from 0 to below 1", repr(value))
    return params["n_ngrams"]


def _weight_shapes(params):
    """Name and shape of each array of weights, in turn."""
    n_codes, n_classes = params["n_codes"], params["n_classes"]
    size, input_size = int(params["hidden_size"]), n_codes
    if params["embedding_dim"] is not None:
        input_size = int(params["embedding_dim"])
        yield "embedding", (n_codes, input_size)
    rows = {"gru": 3, "rnn": 1}[params["cell"]] * size
    for k in range(params["num_layers"]):
        yield f"cells.{k}.weight_ih", (rows, size if k else input_size)
        yield f"cells.{k}.weight_hh", (rows, size)
        yield f"cells.{k}.bias_ih", (rows,)
        yield f"cells.{k}.bias_hh", (rows,)
    for layer, n in [("output", n_classes), ("next_symbol", n_codes)]:
        yield f"{layer}.weight", (n, size)
        yield f"{layer}.bias", (n,)
    if params["n_ngrams"]:
        yield "ngram_idf", (params["n_ngrams"],)
        yield "ngram_weight", (params["n_ngrams"], n_classes)


def _check_ngram_keys(ngram_keys, n_symbols, n_ngrams):
    """Each order's keys are sorted, and name a prefix of the order before."""
    n_before = 1
    for n, keys in enumerate(ngram_keys):
        name = f"ngram_keys_[{n}]"
        _check_array(keys, name, kinds="i")
        if not _rises(keys):
            _refuse(name, "sorted, distinct keys", "others")
        if len(keys) and not 0 <= keys[0] <= keys[-1] < n_before * n_symbols:
            _refuse(name, f"keys from 0 to {n_before * n_symbols - 1}", f"{keys[0]} to {keys[-1]}")
        n_before = len(keys)
    # All orders count from some shortest one on.
    sizes = np.cumsum([len(keys) for keys in ngram_keys][::-1], dtype=np.int64)
    if n_ngrams not in (sizes if n_ngrams else [int(sizes.max(initial=0))]):
        _refuse(
            "ngram_keys_",
            f"as many keys as weights_['ngram_idf'] has values, {n_ngrams}",
            f"arrays of {[len(keys) for keys in ngram_keys]} keys",
        )


def _rises(array):
    return (array[1:] > array[:-1]).all()  # np.diff would wrap around below 0


def _some(array):
    """An array in a line of a message."""
    return np.array2string(array, threshold=6, edgeitems=3, max_line_width=1000)


def _check_integer(name, value, least, most=None, or_else=""):
    """Refuse what is no integer from least to most (None: of any size)."""
    if isinstance(value, Integral) and least <= value and (most is None or value <= most):
        return
    to = "" if most is None else f" to {most}"
    expected = f"{least}" if least == most else f"an integer from {least}{to}"
    _refuse(name, or_else + expected, repr(value))


def _check_choice(name, value, choices):
    """Refuse what is none of some strings."""
    if not isinstance(value, str) or value not in choices:
        _refuse(name, " or ".join(map(repr, choices)), repr(value))


def _check_array(array, name, shape=None, kinds=None, dtype=None):
    """Refuse what is no array of this shape (None: any 1-D one), kinds and dtype (None: any)."""
    if not isinstance(array, np.ndarray):
        _refuse(name, "an array", type(array).__name__)
    if (array.ndim != 1) if shape is None else (array.shape != shape):
        _refuse(name, f"shape {shape or '(n,)'}", f"shape {array.shape}")
    if dtype is not None and array.dtype != dtype:
        _refuse(name, f"dtype {np.dtype(dtype)}", f"dtype {array.dtype}")
    if kinds is not None and array.dtype.kind not in kinds:
        _refuse(name, f"dtype of kind {' or '.join(kinds)}", f"dtype {array.dtype}")


def _refuse(name, expected, got):
    raise ValueError(
        f"{name} of the saved model: expected {expected}, got {got}. Was the file changed?"
    )


def check_encoder_state(state, keys):
    """Refuse the saved state of a fitted encoder whose parts do not fit each other.

    Parameters
    ----------
    state : dict
    keys : iterable of str
        What it must hold.

    Raises
    ------
    ValueError
        Naming the part, what was expected and what came.
    """
    missing = sorted(set(keys) - set(state))
    if missing:
        raise ValueError(f"The saved encoder lacks {', '.join(missing)}. Was the file changed?")
    alphabet = state["alphabet_"]
    if not isinstance(alphabet, str) or len(set(alphabet)) != len(alphabet):
        _refuse("alphabet_", "a str of distinct characters", repr(alphabet))
    code, length = state["unknown_code_"], state["max_length_"]
    if not isinstance(code, Integral) or code != len(alphabet) + 1:
        _refuse("unknown_code_", f"{len(alphabet) + 1}, behind the alphabet", repr(code))
    if not isinstance(length, Integral) or length < 1:
        _refuse("max_length_", "an integer from 1", repr(length))

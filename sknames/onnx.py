"""Convert a fitted model to ONNX, to predict without Python.

A function that "adds" a value adds the nodes of a graph that compute the value, and
returns the name of their output.
"""

import json
import os
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._base import install

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    raise ImportError(
        f"Expected onnx, to write ONNX models ({error}). Install it: {install('onnx')}"
    ) from error

from ._base.version import __version__
from ._models.layers import Shift, Sum
from ._models.stack import resolve, unsupported_model_error
from ._network.head import rows_of_head
from ._network.ngrams import ABSENT, NGRAM_SCALE
from ._network.quantized import Quantized
from ._network.words import BASE, PRIME
from ._text.in_latin import latin_words_text
from ._text.not_names import RULES
from ._text.titles import TIDY

__all__ = ["to_onnx"]

# Older versions, because onnxruntime 1.12 and later can read them, also in a browser.
OPSET = 17
IR_VERSION = 8
END = np.iinfo(np.int64).max  # end of a Slice up to the last index
# The operator of each cell, and its attributes.
OPERATORS = {
    "gru": ("GRU", {"linear_before_reset": 1}),
    "rnn": ("RNN", {}),
    "sigmoid_rnn": ("RNN", {"activations": ["Sigmoid"]}),
}

# The body of a Scan along the columns of text, which computes keys of words as in
# `Words.find`. A step reads a code, and whether the code is between words.
KEY_OF_STEP = f"""
word (int64[n] key, int64[n] code, bool[n] is_between)
=> (int64[n] next_key, int64[n] key_here)
<int64 base = {{{BASE}}}, int64 prime = {{{PRIME}}}, int64 zero = {{0}}> {{
    product = Mul(key, base)
    sum = Add(product, code)
    remainder = Mod(sum, prime)
    next_key = Where(is_between, zero, remainder)
    key_here = Identity(next_key)
}}
"""


def to_onnx(
    estimator: Any, path: str | os.PathLike[str] | None = None
) -> onnx.ModelProto:
    r"""Convert a fitted model to ONNX, for prediction in any language with a runtime.

    1. The input ``codes``, int32 of shape (n_names, length), has rows from
       :meth:`sknames.CharEncoder.transform`, padded with 0 to any length. A classifier
       without encoder takes the same kind of X as `fit`, as int32.
    2. Recurrent layers are ONNX operators. N-grams and words are found at all positions
       at once by binary search. The runtime must compute int64 exactly.
    3. The output ``probabilities``, float32 of shape (n_names, n_classes), equals
       `predict_proba` up to 1e-5. Rows do not depend on each other.

    The model does not encode text. Its ``metadata_props`` contain, as JSON, the labels
    in the order of the columns ("classes") and the result of
    :func:`sknames.fingerprint` ("fingerprint"). For a pipeline, they also contain the
    settings of the encoder ("encoder": "alphabet", "max_length", the steps of
    `CharEncoder`, and their tables "tidy_rules" and "latin_words") and the rules for
    texts that are not names ("not_names").

    Parameters
    ----------
    estimator : Pipeline or classifier
        Fitted pipeline of a `CharEncoder` and a `NameNationalityClassifier`, such as
        :func:`sknames.load_pretrained`, or a `NameNationalityClassifier` alone. Either
        may be wrapped in a :class:`~sknames.GroupedClassifier`, a
        :class:`~sknames.PriorShiftClassifier` or a
        :class:`~sknames.SelectiveClassifier`, whose threshold and fallback are stored
        in the metadata.
    path : str, path or None, default=None
        File to which the model is also written, such as "names.onnx".

    Returns
    -------
    onnx.ModelProto
        The ONNX model. N-gram weights use one byte each if they are quantized, as in
        the shipped models, and two bytes otherwise.

    Raises
    ------
    TypeError
        If the model is of another type.
    NotFittedError
        If a part of the model is not fitted.
    ValueError
        If the classifier was fitted on numbers other than 32-bit integers.
    ImportError
        On import of this module, if onnx is not installed.

    See Also
    --------
    sknames.load_pretrained : Load a shipped model.

    Examples
    --------
    >>> import sknames
    >>> from sknames.onnx import to_onnx
    >>> proto = to_onnx(sknames.load_pretrained())
    >>> [(field.key, field.value[:12]) for field in proto.metadata_props]
    [('classes', '["Afghan", "'), ('encoder', '{"alphabet":'), ('not_names', '{"format": 4'), ('fingerprint', '"nationality')]
    """  # noqa: E501
    if hasattr(estimator, "fit"):
        check_is_fitted(estimator)
    stack = resolve(estimator)
    _check_network(estimator, stack)
    network = stack.network
    graph = _Graph()
    probabilities = graph.add("Softmax", _logits(graph, network), axis=-1)
    for layer in stack.layers:
        probabilities = _changed(graph, layer, probabilities)
    graph.add("Identity", probabilities, output="probabilities")
    info = helper.make_tensor_value_info
    labels = stack.classes
    outputs = [info("probabilities", TensorProto.FLOAT, ["n_names", len(labels)])]
    codes = info("codes", TensorProto.INT32, ["n_names", "length"])
    proto = helper.make_model(
        helper.make_graph(graph.nodes, "sknames", [codes], outputs, graph.initializers),
        producer_name="sknames",
        producer_version=__version__,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    metadata = _metadata(stack, labels)
    metadata["fingerprint"] = json.dumps(stack.fingerprint)
    helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto, full_check=True)
    if path is not None:
        onnx.save(proto, path)
    return proto


def _check_network(estimator, stack):
    """Raise an error unless the model is a network that takes 32-bit integers."""
    if stack.network is None or stack.inner is not None:
        raise unsupported_model_error(
            estimator,
            "a Pipeline of CharEncoder and NameNationalityClassifier, or that "
            "classifier",
            "Convert the one inside. For your own labels, train one, or serve yours "
            "from Python.",
        )
    symbols = stack.network.symbols
    if not np.array_equal(symbols.astype(np.int32), symbols):
        raise ValueError(
            "Expected a classifier fitted on 32-bit integers, as CharEncoder makes "
            f"them, got the symbols {np.array2string(symbols, threshold=6)}. Fit it on "
            "such integers."
        )


def _logits(graph, network):
    """Add the logits of names, (n_names, C)."""
    text, lengths = _text(graph, network.symbols)
    logits = _recurrent_logits(graph, network, text, lengths)
    if network.ngrams is not None:
        of_ngrams, *of_head = _ngram_logits(graph, network, text, lengths)
        logits = graph.add("Add", logits, of_ngrams)
        for added in of_head:
            logits = graph.add("Add", _linear(graph, network, "head", logits), added)
    if network.words is not None and len(network.words.keys):
        logits = graph.add("Add", logits, _word_logits(graph, network, text))
    # Without the row that `_text` added.
    return graph.add("Slice", logits, [0], [-1], [0])


def _changed(graph, layer, probabilities):
    """Add the probabilities as changed by a layer."""
    if isinstance(layer, Sum):
        members = np.eye(len(layer.groups))[layer.index]  # (n_classes, n_groups)
        members = graph.constant(members, np.float32)
        return graph.add("MatMul", probabilities, members)
    if isinstance(layer, Shift):
        factors = graph.constant(layer.factors, np.float32)
        products = graph.add("Mul", probabilities, factors)
        return graph.add("Div", products, graph.add("ReduceSum", products, [1]))
    return probabilities


def _metadata(stack, labels):
    """Return the metadata that other languages need, as JSON by key."""
    metadata = {"classes": labels.tolist()}
    threshold = stack.threshold
    if threshold is not None:
        levels = []
        for level in threshold.fallback:
            levels.append({"name": level.name, "groups": level.groups.tolist()})
        metadata["abstain"] = {
            "threshold": threshold.least,
            "levels": levels,
            "label": threshold.abstain_label,
        }
    if stack.encoder is not None:
        metadata["encoder"] = _encoder_metadata(stack.encoder)
        metadata["not_names"] = RULES
    texts = {}
    for key, value in metadata.items():
        texts[key] = json.dumps(value, ensure_ascii=False)
    return texts


def _encoder_metadata(encoder):
    """Return the settings and tables that other languages need to encode names."""
    transliterate = encoder.transliterate
    if not isinstance(transliterate, str):
        transliterate = bool(transliterate)  # JSON has no booleans of numpy
    settings = {
        "alphabet": encoder.alphabet_,
        "max_length": encoder.max_length_,
        "clean": bool(encoder.clean),
        "transliterate": transliterate,
        "lowercase": bool(encoder.lowercase),
        "tidy": bool(encoder.tidy_),
        "tidy_rules": TIDY,
    }
    if transliterate == "both":
        settings["latin_words"] = latin_words_text()
    return settings


class _Graph:
    """Builder of the nodes and constants of a graph."""

    def __init__(self):
        self.nodes = []
        self.initializers = []

    def constant(self, value, dtype=None):
        """Store an array or a number, and return its name."""
        name = f"constant_{len(self.initializers)}"
        array = np.array(value, dtype, order="C")
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def add(self, operator, *inputs, output=None, n_outputs=1, **attributes):
        """Add an operator, and return the name of its output, or the names of several.

        An int or a list of ints among the inputs becomes an int64 constant.
        """
        names = []
        for value in inputs:
            is_number = isinstance(value, int | list)
            names.append(self.constant(value, np.int64) if is_number else value)
        node = f"{operator}_{len(self.nodes)}"
        outputs = [output or f"{node}_{k}" for k in range(n_outputs)]
        self.nodes.append(helper.make_node(operator, names, outputs, **attributes))
        return outputs[0] if n_outputs == 1 else outputs

    def gather(self, stored, index, to):
        """Add the entries of a constant at an index, cast to a type."""
        return self.add("Cast", self.add("Gather", stored, index), to=to)

    def find(self, keys, wanted, stored=None):
        """Find the last index of wanted keys in sorted keys, or ABSENT.

        This is a binary search. `stored` is the name of the keys if they are already a
        constant.
        """
        if not len(keys):
            return self.add("Where", self.add("Equal", wanted, wanted), ABSENT, ABSENT)
        stored = stored or self.constant(keys)
        if keys.dtype != np.int64:
            stored = self.add("Cast", stored, to=TensorProto.INT64)
        index = 0
        n_left = len(keys)
        while n_left > 1:
            middle = self.add("Add", index, n_left // 2)
            key = self.add("Gather", stored, middle)
            is_before = self.add("LessOrEqual", key, wanted)
            index = self.add("Where", is_before, middle, index)
            n_left -= n_left // 2
        key = self.add("Gather", stored, index)
        is_match = self.add("Equal", key, wanted)
        return self.add("Where", is_match, index, ABSENT)


def _text(graph, symbols):
    """Add codes with a 0 at both ends, (n, T + 2), and the lengths of rows, (n, 1).

    Symbols are numbered and moved to the left, as in `to_codes`. T is the longest
    length. There are n - 1 names and an empty row, since onnxruntime 1.32 crashes
    without rows.
    """
    wanted = graph.add("Cast", "codes", to=TensorProto.INT64)
    wanted = graph.add("Pad", wanted, [0, 0, 1, 0])
    is_padding = graph.add("Equal", wanted, 0)
    index = graph.find(symbols.astype(np.int32), wanted)
    is_unknown = graph.add("Less", index, 0)
    code = graph.add("Where", is_unknown, len(symbols) + 1, graph.add("Add", index, 1))
    code = graph.add("Where", is_padding, 0, code)
    is_symbol = graph.add("Cast", graph.add("Not", is_padding), to=TensorProto.INT64)
    lengths = graph.add("ReduceSum", is_symbol, [1])
    # The column of each symbol is the running count of symbols. Padding goes to the
    # last column.
    last = graph.add("Add", graph.add("Shape", wanted, start=1, end=2), 1)
    column = graph.add("Where", is_padding, last, graph.add("CumSum", is_symbol, 1))
    empty = graph.add("Pad", graph.add("Mul", code, 0), [0, 1, 0, 1])
    text = graph.add("ScatterElements", empty, column, code, axis=1)
    longest = graph.add("ReduceMax", lengths, keepdims=0)
    end = graph.add("Unsqueeze", graph.add("Add", longest, 2), [0])
    return graph.add("Slice", text, [0], end, [1]), lengths


def _recurrent_logits(graph, network, text, lengths):
    """Add the logits of the net, (n, C). Rows without symbols have the state 0."""
    weights = network.weights
    size = network.hidden_size
    operator, attributes = OPERATORS[network.cell]
    # Keep one column of padding, so that there is a step even if all rows are empty.
    codes = graph.add("Slice", text, [1], [END], [1])
    codes = graph.add("Transpose", codes, perm=[1, 0])  # (T + 1, n)
    if "embedding" not in network.weights:
        values = graph.constant([0, 1], np.float32)
        x = graph.add("OneHot", codes, network.n_codes, values)
    else:
        x = graph.add("Gather", graph.constant(weights["embedding"]), codes)
    for layer in range(network.num_layers):
        cell = f"cells.{layer}"
        names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
        parts = [_gates(weights[f"{cell}.{name}"], size) for name in names]
        weight_ih, weight_hh, *biases = parts
        states = graph.add(
            operator,
            x,
            graph.constant(weight_ih[None]),
            graph.constant(weight_hh[None]),
            graph.constant(np.concatenate(biases)[None]),
            hidden_size=size,
            **attributes,
        )
        x = graph.add("Squeeze", states, [1])  # (T + 1, n, H)
    # The state at each length. Some runtimes ignore lengths as an input of the cell.
    step = graph.add("Range", 1, _length(graph, text), 1)
    is_last = graph.add("Equal", graph.add("Unsqueeze", step, [1, 2]), lengths)
    is_last = graph.add("Cast", is_last, to=TensorProto.FLOAT)  # (T + 1, n, 1)
    state = graph.add("ReduceSum", graph.add("Mul", x, is_last), [0], keepdims=0)
    return _linear(graph, network, "output", state)


def _length(graph, text):
    """Add the number of columns of text."""
    return graph.add("Squeeze", graph.add("Shape", text, start=1, end=2), [0])


def _moved(graph, rows, first):
    """Shift rows by one column to the right, and fill the first column with a value."""
    padded = graph.add("Pad", rows, [0, 1, 0, 0], first)
    return graph.add("Slice", padded, [0], [-1], [1])


def _linear(graph, network, name, x):
    """Multiply rows by a weight, and add a bias."""
    weight = graph.constant(network.weights[f"{name}.weight"])
    bias = graph.constant(network.weights[f"{name}.bias"])
    return graph.add("Gemm", x, weight, bias, transB=1)


def _gates(array, size):
    """Reorder the gates of a GRU: reset, update, new to update, reset, new."""
    if len(array) == size:
        return array
    reset, update, new = np.split(array, 3)
    return np.concatenate([update, reset, new])


def _ngram_logits(graph, network, text, lengths):
    """Add n-gram logits, (n, C), of the net and of a head."""
    weights = network.weights
    zero = graph.constant(0, np.float32)
    found = _find_ngrams(graph, network, text, lengths, zero)
    factor = _factor_of_ngrams(graph, found, zero)
    logits = [_weigh_ngrams(graph, weights["ngram_weight"], None, found, factor)]
    if "head.ngrams" in weights:
        rows = rows_of_head(weights)
        of_head = weights["head.ngram_weight"]
        logits.append(_weigh_ngrams(graph, of_head, rows, found, factor))
    return logits


def _find_ngrams(graph, network, text, lengths, zero):
    """Add features and their values, (n, T + 2), for each n, as `NGrams.find` does."""
    ngrams = network.ngrams
    idf = graph.constant(network.weights["ngram_idf"])
    symbols, is_inside, goes_on = _ngram_symbols(graph, network, text, lengths)
    grams = None  # index of the n-gram of the last n that ends here, (n, T + 2)
    found = []
    for n, keys in enumerate(network.ngram_keys, start=1):
        # N-grams of one symbol continue the empty n-gram.
        before = 0 if n == 1 else _moved(graph, grams, ABSENT)
        may_end = goes_on if n > 2 else is_inside
        prefixes = graph.add("Where", may_end, before, ABSENT)
        wanted = graph.add("Mul", prefixes, ngrams.n_symbols)
        grams = graph.find(keys, graph.add("Add", wanted, symbols))
        if n < ngrams.min_n:
            continue
        # An absent n-gram has the value 0, so any weights will do: -1 is the last row.
        is_present = graph.add("GreaterOrEqual", grams, 0)
        feature = graph.add("Add", grams, int(ngrams.offsets[n - 1]))
        value = graph.add("Where", is_present, graph.add("Gather", idf, feature), zero)
        found.append((feature, value))
    return found


def _factor_of_ngrams(graph, found, zero):
    """Add the factor of n-gram sums, (n, 1), which scales TF-IDF vectors to norm 1."""
    squares = []
    for _, value in found:
        squares.append(graph.add("ReduceSum", graph.add("Mul", value, value), [1]))
    norm = graph.add("Sqrt", graph.add("Sum", *squares))
    is_zero = graph.add("Equal", norm, zero)
    norm = graph.add("Where", is_zero, graph.constant(1, np.float32), norm)
    return graph.add("Div", graph.constant(NGRAM_SCALE, np.float32), norm)


def _weigh_ngrams(graph, weights, rows, found, factor):
    """Add the sum of n-gram weights times n-gram values, scaled by a factor, (n, C).

    `rows`, (n_ngrams,), contains the row of each n-gram in the weights, or ABSENT. None
    means that each n-gram has its own row. Quantized weights are stored as such.
    """
    parts = [weights]
    if isinstance(weights, Quantized):
        parts = [weights.levels, weights.scale, weights.zero_point]
    constants = [graph.constant(part) for part in parts]
    stored_rows = None if rows is None else graph.constant(rows)
    terms = []
    for feature, value in found:
        if stored_rows is not None:
            feature = graph.gather(stored_rows, feature, TensorProto.INT64)
            has_row = graph.add("GreaterOrEqual", feature, 0)
            value = graph.add("Where", has_row, value, graph.constant(0, np.float32))
        of_features, *quantized = [
            graph.gather(constant, feature, TensorProto.FLOAT) for constant in constants
        ]
        if quantized:
            scale, zero_point = quantized
            zero_point = graph.add("Unsqueeze", zero_point, [-1])
            of_features = graph.add("Sub", of_features, zero_point)
            value = graph.add("Mul", value, scale)
        product = graph.add("MatMul", graph.add("Unsqueeze", value, [1]), of_features)
        terms.append(graph.add("Squeeze", product, [1]))
    return graph.add("Mul", graph.add("Sum", *terms), factor)


def _ngram_symbols(graph, network, text, lengths):
    """Add the symbols of n-grams and two masks, all (n, T + 2).

    The first mask is True inside a name, including its marks. The second mask is True
    where an n-gram of at least three symbols may continue.
    """
    column = graph.add("Range", 0, _length(graph, text), 1)
    end = graph.add("Add", lengths, 1)
    is_inside = graph.add("LessOrEqual", column, end)  # up to the end mark
    is_end = graph.add("Equal", column, end)
    symbols = graph.add("Where", is_end, network.ngrams.end, text)
    separator = network.separator
    if separator is None:
        return symbols, is_inside, is_inside
    is_mark = graph.add("Or", graph.add("Equal", text, 0), is_end)
    symbols = graph.add("Where", is_mark, separator, text)
    before = _moved(graph, text, 0)
    is_behind = graph.add("Equal", before, separator)
    goes_on = graph.add("And", is_inside, graph.add("Not", is_behind))
    return symbols, is_inside, goes_on


def _word_logits(graph, network, text):
    """Add word logits, (n, C), as in `Words.find`."""
    words = network.words
    wanted = _word_keys(graph, network, text)
    # Convert entries only after the lookup: the shipped model has half a million.
    stored_keys = graph.constant(words.keys)
    stored_classes = graph.constant(words.classes)
    stored_logits = graph.constant(words.logits)
    zero = graph.constant(0, np.float32)
    one_hot = graph.constant([0, 1], np.float32)
    index = graph.find(words.keys, wanted, stored_keys)
    terms = []
    for _ in range(np.unique(words.keys, return_counts=True)[1].max()):
        # `find` returns the last entry of a word; the others come before it.
        is_entry = graph.add("GreaterOrEqual", index, 0)
        entry = graph.add("Where", is_entry, index, 0)
        key = graph.gather(stored_keys, entry, TensorProto.INT64)
        class_ = graph.gather(stored_classes, entry, TensorProto.INT64)
        logit = graph.gather(stored_logits, entry, TensorProto.FLOAT)
        is_of_word = graph.add("And", graph.add("Equal", key, wanted), is_entry)
        value = graph.add("Where", is_of_word, logit, zero)
        of_class = graph.add("OneHot", class_, network.n_classes, one_hot)
        product = graph.add("MatMul", graph.add("Unsqueeze", value, [1]), of_class)
        terms.append(graph.add("Squeeze", product, [1]))
        index = graph.add("Sub", index, 1)
    return graph.add("Sum", *terms)


def _word_keys(graph, network, text):
    """Add the key of the word that ends before each column of text, or ABSENT.

    They are of shape (n, T + 2).
    """
    is_between = graph.add("Equal", text, 0)
    if network.separator is not None:
        is_separator = graph.add("Equal", text, network.separator)
        is_between = graph.add("Or", is_between, is_separator)
    first = graph.add("Squeeze", graph.add("Slice", text, [0], [1], [1]), [1])
    zeros = graph.add("Mul", first, 0)
    _, keys = graph.add(
        "Scan",
        zeros,
        graph.add("Transpose", text, perm=[1, 0]),
        graph.add("Transpose", is_between, perm=[1, 0]),
        body=onnx.parser.parse_graph(KEY_OF_STEP),
        num_scan_inputs=2,
        n_outputs=2,
    )
    keys = graph.add("Transpose", keys, perm=[1, 0])
    # A word ends before a separator or the end; the last column of the text is always
    # the end.
    is_behind_word = graph.add("Slice", is_between, [1], [END], [1])
    keys = graph.add("Slice", keys, [0], [-1], [1])
    is_word = graph.add("And", is_behind_word, graph.add("Greater", keys, 0))
    return graph.add("Where", is_word, keys, ABSENT)

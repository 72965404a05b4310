"""Convert a fitted model to ONNX, to predict without Python."""

import json
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
from ._models.layers import Decision, Shift, Sum
from ._models.stack import refusal, resolve
from ._network.ngrams import ABSENT, NGRAM_SCALE
from ._network.quantized import Quantized
from ._network.words import BASE, PRIME
from ._text.in_latin import latin_words_text
from ._text.not_names import RULES
from ._text.titles import TIDY

__all__ = ["to_onnx"]

# Older versions, which onnxruntime 1.12 and later can read, also in a browser.
OPSET, IR_VERSION = 17, 8
OPERATORS = {
    "gru": ("GRU", {"linear_before_reset": 1}),
    "rnn": ("RNN", {}),
    "sigmoid_rnn": ("RNN", {"activations": ["Sigmoid"]}),
}


def to_onnx(estimator: Any) -> onnx.ModelProto:
    r"""Convert a fitted model to ONNX, to predict in any language with a runtime.

    1. The input ``codes``, int32 of shape (n_names, length), are rows from
       :meth:`sknames.CharEncoder.transform`, padded with 0 to any length. A classifier
       alone takes any X like that of `fit`, as int32.
    2. Recurrent layers use ONNX operators. A binary search finds n-grams and words at
       all positions at once.
    3. The output ``probabilities``, float32 of shape (n_names, n_classes), equals
       `predict_proba` to 1e-5. Each row depends on its name alone.
    4. The output ``known_words``, bool of shape (n_names, longest), is true where a
       word ends that was in training. Models without words lack it.

    Text is encoded outside the model. The ``metadata_props`` of the model hold, as
    JSON, "classes", the labels in the order of the columns, and for a pipeline
    "encoder", with "alphabet", "max_length", the steps of `CharEncoder`, their words as
    "tidy_rules" and "latin_words", and "not_names", rules of what is not a name.

    Parameters
    ----------
    estimator : Pipeline or classifier
        Fitted pipeline of a `CharEncoder` and a `NameNationalityClassifier`, like that
        of :func:`sknames.load_pretrained`, or that classifier alone; also in a
        :class:`~sknames.GroupedClassifier`, a :class:`~sknames.PriorShiftClassifier`,
        or a :class:`~sknames.SelectiveClassifier`, whose threshold and fallback are in
        the metadata.

    Returns
    -------
    onnx.ModelProto
        The ONNX model. Write it with ``onnx.save(proto, "names.onnx")``. N-gram weights
        take a byte each if the model's do, as in the one that ships, and otherwise two.

    Raises
    ------
    TypeError
        If the model is another one.
    NotFittedError
        If a part of it is not fitted.
    ValueError
        If the classifier was fitted on numbers other than 32-bit integers.
    ImportError
        On import of this module, if onnx is not installed.

    See Also
    --------
    sknames.load_pretrained : Load the model that ships.

    Examples
    --------
    >>> import sknames
    >>> from sknames.onnx import to_onnx
    >>> proto = to_onnx(sknames.load_pretrained())
    >>> [(field.key, field.value[:21]) for field in proto.metadata_props]
    [('classes', '["Afghan", "Albanian"'), ('encoder', '{"alphabet": " \',-.01'), ('not_names', '{"format": 3, "broken')]
    """  # noqa: E501
    check_is_fitted(estimator)
    stack = resolve(estimator)
    if stack.network is None or stack.within is not None:
        expected = (
            "a Pipeline of CharEncoder and NameNationalityClassifier, or that "
            "classifier"
        )
        step = (
            "Convert the one inside. For your own labels, train one, or serve yours "
            "from Python."
        )
        raise refusal(estimator, expected, step)
    network = stack.network
    labels = stack.classes
    if not np.array_equal(network.symbols.astype(np.int32), network.symbols):
        raise ValueError(
            "Expected a classifier fitted on 32-bit integers, as CharEncoder makes "
            f"them, got the symbols {np.array2string(network.symbols, threshold=6)}. "
            "Fit it on such integers."
        )
    graph = _Graph()
    text, lengths = _text(graph, network.symbols)
    logits = _recurrent_logits(graph, network, text, lengths)
    if network.ngrams is not None:
        sums, *of_head = _ngram_logits(graph, network, text, lengths)
        logits = graph.add("Add", logits, sums)
        for sums in of_head:
            logits = graph.add("Add", _linear(graph, network, "head", logits), sums)
    info = helper.make_tensor_value_info
    outputs = [info("probabilities", TensorProto.FLOAT, ["n_names", len(labels)])]
    if network.words is not None and len(network.words.keys):
        of_words, known = _word_logits(graph, network, text)
        logits = graph.add("Add", logits, of_words)
        graph.add("Slice", known, [0], [-1], [0], output="known_words")
        outputs.append(info("known_words", TensorProto.BOOL, ["n_names", "longest"]))
    # Without the row that `_text` added.
    logits = graph.add("Slice", logits, [0], [-1], [0])
    shares = graph.add("Softmax", logits, axis=-1)
    for layer in stack.layers:
        if isinstance(layer, Sum):
            members = np.eye(len(layer.groups))[layer.index]
            shares = graph.add("MatMul", shares, graph.constant(members, np.float32))
        elif isinstance(layer, Shift):
            factors = graph.constant(layer.factors, np.float32)
            shares = graph.add("Mul", shares, factors)
            shares = graph.add("Div", shares, graph.add("ReduceSum", shares, [1]))
    graph.add("Identity", shares, output="probabilities")
    codes = info("codes", TensorProto.INT32, ["n_names", "length"])
    proto = helper.make_model(
        helper.make_graph(graph.nodes, "sknames", [codes], outputs, graph.initializers),
        producer_name="sknames",
        producer_version=__version__,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    helper.set_model_props(proto, _metadata(stack, labels))
    onnx.checker.check_model(proto, full_check=True)
    return proto


def _metadata(stack, labels):
    encoder = stack.encoder
    metadata = {"classes": labels.tolist()}
    for layer in stack.layers:
        if isinstance(layer, Decision):
            decision = {"positive": layer.positive, "least": layer.least}
            metadata["decision"] = decision
    threshold = stack.threshold
    if threshold is not None:
        levels = [
            {"name": level.name, "groups": level.groups.tolist()}
            for level in threshold.fallback
        ]
        metadata["abstain"] = {"threshold": threshold.least, "levels": levels}
    if encoder is not None:
        metadata["encoder"] = _encoder_metadata(encoder)
        metadata["not_names"] = RULES
    return {
        key: json.dumps(value, ensure_ascii=False) for key, value in metadata.items()
    }


def _encoder_metadata(encoder):
    """Return what another language needs to encode names as the encoder does."""
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
    """Collect the nodes and constants of a graph; an inner graph has its own prefix."""

    def __init__(self, prefix=""):
        self.nodes, self.initializers, self.prefix = [], [], prefix

    def constant(self, value, dtype=None):
        """Store an array or a number, and return its name."""
        name = f"{self.prefix}constant_{len(self.initializers)}"
        array = np.array(value, dtype, order="C")
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def add(self, operator, *inputs, output=None, n_outputs=1, **attributes):
        """Add an operator, and return the name of its output, or the names of several.

        An int or a list of ints among the inputs becomes an int64 constant.
        """
        names = [
            self.constant(x, np.int64) if isinstance(x, int | list) else x
            for x in inputs
        ]
        node = f"{self.prefix}{operator}_{len(self.nodes)}"
        outputs = [output or f"{node}_{k}" for k in range(n_outputs)]
        self.nodes.append(helper.make_node(operator, names, outputs, **attributes))
        return outputs[0] if n_outputs == 1 else outputs

    def find(self, keys, wanted, stored=None):
        """Find the last index of wanted keys in sorted keys, or ABSENT.

        It is a binary search. `stored` names the keys if they are a constant already.
        """
        if not len(keys):
            return self.add("Where", self.add("Equal", wanted, wanted), ABSENT, ABSENT)
        stored = stored or self.constant(keys)
        if keys.dtype != np.int64:
            stored = self.add("Cast", stored, to=TensorProto.INT64)
        index, left = 0, len(keys)
        while left > 1:
            middle = self.add("Add", index, left // 2)
            is_before = self.add(
                "LessOrEqual", self.add("Gather", stored, middle), wanted
            )
            index = self.add("Where", is_before, middle, index)
            left -= left // 2
        is_it = self.add("Equal", self.add("Gather", stored, index), wanted)
        return self.add("Where", is_it, index, ABSENT)


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
    """Add the logits of the net, (n, C); the state of a row without symbols is 0."""
    weights, size = network.weights, network.hidden_size
    operator, attributes = OPERATORS[network.cell]
    # Keep one column of padding, so that there is a step even if all rows are empty.
    codes = graph.add("Slice", text, [1], [np.iinfo(np.int64).max], [1])
    codes = graph.add("Transpose", codes, perm=[1, 0])  # (T + 1, n)
    if "embedding" not in network.weights:
        values = graph.constant([0, 1], np.float32)
        x = graph.add("OneHot", codes, network.n_codes, values)
    else:
        x = graph.add("Gather", graph.constant(weights["embedding"]), codes)
    steps = graph.add("Squeeze", graph.add("Max", lengths, 1), [1])
    steps = graph.add("Cast", steps, to=TensorProto.INT32)
    for layer in range(network.num_layers):
        w, r, b_w, b_r = (
            _gates(weights[f"cells.{layer}.{name}"], size)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        parameters = map(
            graph.constant, (w[None], r[None], np.concatenate([b_w, b_r])[None])
        )
        states, state = graph.add(
            operator, x, *parameters, steps, hidden_size=size, n_outputs=2, **attributes
        )
        x = graph.add("Squeeze", states, [1])  # (T + 1, n, H)
    is_filled = graph.add(
        "Cast", graph.add("Greater", lengths, 0), to=TensorProto.FLOAT
    )
    state = graph.add("Mul", graph.add("Squeeze", state, [0]), is_filled)
    return _linear(graph, network, "output", state)


def _linear(graph, network, name, x):
    """Multiply rows by a weight, and add a bias."""
    parameters = (
        graph.constant(network.weights[f"{name}.{kind}"]) for kind in ("weight", "bias")
    )
    return graph.add("Gemm", x, *parameters, transB=1)


def _gates(array, size):
    """Reorder the gates of a GRU: reset, update, new to update, reset, new."""
    if len(array) == size:
        return array
    reset, update, new = np.split(array, 3)
    return np.concatenate([update, reset, new])


def _ngram_logits(graph, network, text, lengths):
    """Add n-gram logits, (n, C), of the net and of a head, see `NGrams.find`."""
    ngrams, n_symbols, separator = (
        network.ngrams,
        network.n_codes + 1,
        network.separator,
    )
    weights = network.weights
    tables = [(_table(graph, weights["ngram_weight"]), None, [])]
    if "head.ngrams" in weights:
        rows = np.full(network.n_ngrams, ABSENT, dtype=np.int32)
        rows[weights["head.ngrams"]] = np.arange(len(weights["head.ngrams"]))
        tables.append(
            (_table(graph, weights["head.ngram_weight"]), graph.constant(rows), [])
        )
    idf, zero = graph.constant(weights["ngram_idf"]), graph.constant(0, np.float32)

    length = graph.add("Squeeze", graph.add("Shape", text, start=1, end=2), [0])
    column, end = graph.add("Range", 0, length, 1), graph.add("Add", lengths, 1)
    is_inside = graph.add("LessOrEqual", column, end)  # up to the end mark, (n, T + 2)
    is_end = graph.add("Equal", column, end)
    symbols = graph.add("Where", is_end, ngrams.end, text)
    goes_on = is_inside
    if separator is not None:
        is_mark = graph.add("Or", graph.add("Equal", text, 0), is_end)
        symbols = graph.add("Where", is_mark, separator, text)
        before = graph.add("Pad", text, [0, 1, 0, -1])
        is_behind = graph.add("Equal", before, separator)
        goes_on = graph.add("And", is_inside, graph.add("Not", is_behind))

    grams, squares = None, []
    for n, keys in enumerate(network.ngram_keys, start=1):
        if grams is None:
            prefixes = graph.add("Where", is_inside, 0, ABSENT)
        else:
            before = graph.add("Pad", grams, [0, 1, 0, -1], ABSENT)
            prefixes = graph.add(
                "Where", goes_on if n > 2 else is_inside, before, ABSENT
            )
        wanted = graph.add("Add", graph.add("Mul", prefixes, n_symbols), symbols)
        grams = graph.find(keys, wanted)
        if n < ngrams.min_n:
            continue
        # An absent n-gram has the value 0, and so any row does: -1 is the last one.
        is_present = graph.add("GreaterOrEqual", grams, 0)
        feature = graph.add("Add", grams, int(ngrams.offsets[n - 1]))
        value = graph.add("Where", is_present, graph.add("Gather", idf, feature), zero)
        squares.append(graph.add("ReduceSum", graph.add("Mul", value, value), [1]))
        for table, rows, terms in tables:
            row, of_row = feature, value
            if rows is not None:
                row = graph.add(
                    "Cast", graph.add("Gather", rows, feature), to=TensorProto.INT64
                )
                of_row = graph.add(
                    "Where", graph.add("GreaterOrEqual", row, 0), value, zero
                )
            terms.append(_sum_rows(graph, table, row, of_row))
    norm = graph.add("Sqrt", graph.add("Sum", *squares))
    norm = graph.add(
        "Where", graph.add("Equal", norm, zero), graph.constant(1, np.float32), norm
    )
    factor = graph.add("Div", graph.constant(NGRAM_SCALE, np.float32), norm)
    return [graph.add("Mul", graph.add("Sum", *terms), factor) for *_, terms in tables]


def _table(graph, rows):
    """Store weights: their values, or the levels, scale and zero point of each row."""
    is_small = isinstance(rows, Quantized)
    arrays = (rows.levels, rows.scale, rows.zero_point) if is_small else (rows,)
    return [*map(graph.constant, arrays)]


def _sum_rows(graph, table, row, value):
    """Sum rows of a table times their values, (n, T + 2), to (n, C)."""
    rows, *rest = (
        graph.add("Cast", graph.add("Gather", array, row), to=TensorProto.FLOAT)
        for array in table
    )
    if rest:
        scale, zero_point = rest
        rows = graph.add("Sub", rows, graph.add("Unsqueeze", zero_point, [-1]))
        value = graph.add("Mul", value, scale)
    product = graph.add("MatMul", graph.add("Unsqueeze", value, [1]), rows)
    return graph.add("Squeeze", product, [1])


def _word_logits(graph, network, text):
    """Add word logits, (n, C), as in `Words.find`, and ends of known words, (n, T)."""
    words = network.words
    ends = graph.add("Equal", text, 0)
    if network.separator is not None:
        ends = graph.add("Or", ends, graph.add("Equal", text, network.separator))
    # A step of the scan reads a column: a code and whether it is between words, (n,)
    # each.
    step = _Graph("step_")
    key = step.add("Add", step.add("Mul", "key", BASE), "code")
    key = step.add("Mod", key, PRIME)
    key = step.add("Where", "is_between", 0, key, output="next_key")
    step.add("Identity", key, output="key_here")
    values = [("key", TensorProto.INT64), ("code", TensorProto.INT64)]
    values += [("is_between", TensorProto.BOOL)]
    outputs = [("next_key", TensorProto.INT64), ("key_here", TensorProto.INT64)]
    inputs, outputs = (
        [helper.make_tensor_value_info(name, type_, ["n"]) for name, type_ in infos]
        for infos in (values, outputs)
    )
    body = helper.make_graph(step.nodes, "word", inputs, outputs, step.initializers)
    zeros = graph.add(
        "Mul", graph.add("Squeeze", graph.add("Slice", text, [0], [1], [1]), [1]), 0
    )
    columns = (graph.add("Transpose", array, perm=[1, 0]) for array in (text, ends))
    _, wanted = graph.add(
        "Scan", zeros, *columns, body=body, num_scan_inputs=2, n_outputs=2
    )
    wanted = graph.add("Transpose", wanted, perm=[1, 0])
    # A word ends before a separator or the end; the last column of the text is always
    # the end.
    is_last = graph.add("Slice", ends, [1], [np.iinfo(np.int64).max], [1])
    wanted = graph.add("Slice", wanted, [0], [-1], [1])
    is_word = graph.add("And", is_last, graph.add("Greater", wanted, 0))
    wanted = graph.add("Where", is_word, wanted, ABSENT)

    # Widened only after the lookup, since the shipped model has half a million of them.
    stored, classes, logits = map(
        graph.constant, (words.keys, words.classes, words.logits)
    )
    zero, one_hot = graph.constant(0, np.float32), graph.constant([0, 1], np.float32)
    types = TensorProto.INT64, TensorProto.INT64, TensorProto.FLOAT
    index, terms = graph.find(words.keys, wanted, stored), []
    is_known = graph.add("GreaterOrEqual", index, 0)
    is_known = graph.add("Slice", is_known, [1], [np.iinfo(np.int64).max], [1])
    for _ in range(np.unique(words.keys, return_counts=True)[1].max()):
        # `find` returns the last entry of a word; the others come before it.
        is_there = graph.add("GreaterOrEqual", index, 0)
        known = graph.add("Where", is_there, index, 0)
        key, class_, logit = (
            graph.add("Cast", graph.add("Gather", array, known), to=type_)
            for array, type_ in zip((stored, classes, logits), types, strict=True)
        )
        is_it = graph.add("And", graph.add("Equal", key, wanted), is_there)
        value = graph.add("Where", is_it, logit, zero)
        of_class = graph.add("OneHot", class_, network.n_classes, one_hot)
        product = graph.add("MatMul", graph.add("Unsqueeze", value, [1]), of_class)
        terms.append(graph.add("Squeeze", product, [1]))
        index = graph.add("Sub", index, 1)
    return graph.add("Sum", *terms), is_known

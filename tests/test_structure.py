"""The rooms of the package: which may import which, and what importing costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sknames

PACKAGE = Path(sknames.__file__).parent

# What each room may import of ours. Rooms that are not named may import all that is listed here.
ALLOWED = {
    "_version": set(),
    "_missing": set(),
    "_doc_link": set(),
    "_fit_tasks": set(),
    "_validate_params": set(),
    "_spelling": set(),
    "_prefixes": set(),
    "_ngrams": set(),
    "_saved_state": {"_missing"},
    "_read_names": {"_missing", "_spelling"},
    "_spelling_groups": {"_read_names", "_spelling"},
    "_labels_and_weights": {"_missing"},
    "_symbols": {"_prefixes"},
    "_four_bits": set(),
    "_words": set(),
    "_network": {"_four_bits", "_ngrams", "_saved_state", "_symbols", "_words"},
    "_product": set(),
    "_steps": {"_product"},
    "_forward": {"_ngrams", "_prefixes", "_product", "_steps"},
    "_one_blas_thread": set(),
    "_rows": {"_prefixes"},
    "_torch_settings": set(),
    "_auto_settings": set(),
    "_adamw_with_sparse": set(),
    "_bags": set(),
    "_batches": {"_bags", "_prefixes", "_torch_settings"},
    "_recurrent_net": {"_bags", "_ngrams", "_torch_settings"},
    "_loss": set(),
    "_training": {
        "_batches",
        "_adamw_with_sparse",
        "_loss",
        "_recurrent_net",
        "_rows",
        "_torch_settings",
    },
    "_char_encoder": {
        "_doc_link",
        "_fit_tasks",
        "_read_names",
        "_saved_state",
        "_spelling",
        "_version",
    },
    "_table_chunks": set(),
    "_stopping": set(),
    "_whole_files": {"_stopping"},
    "_table_reader": {"_table_chunks"},
    "_table_writer": {"_table_chunks", "_table_reader", "_whole_files"},
    "_model_files": {"_prior_shift_classifier", "pretrained"},
    "_workers": {"_model_files", "_stopping"},
    "cli": {"_commands", "_stopping", "_version"},
    "__main__": {"cli"},
    "_name_nationality_classifier": {
        "_auto_settings",
        "_doc_link",
        "_fit_tasks",
        "_forward",
        "_labels_and_weights",
        "_network",
        "_ngrams",
        "_one_blas_thread",
        "_rows",
        "_saved_state",
        "_symbols",
        "_training",
        "_version",
        "_words",
    },
    "_explanations": {
        "_char_encoder",
        "_name_nationality_classifier",
        "_prior_shift_classifier",
        "_selective_classifier",
        "_validate_params",
    },
    "_name_labels": set(),
    "_prefix_probability_display": {"_explanations", "_name_labels"},
    "_character_importance_display": {"_explanations", "_name_labels"},
    "inspection": {
        "_character_importance_display",
        "_explanations",
        "_prefix_probability_display",
    },
    "_calibration_error": set(),
    "_tally": {"_calibration_error", "_spelling"},
    "_scorecard": {
        "_labels_and_weights",
        "_read_names",
        "_spelling_groups",
        "_tally",
        "_validate_params",
    },
    "_priors": set(),
    "_name_encoder": {
        "_doc_link",
        "_fit_tasks",
        "_forward",
        "_model_files",
        "_one_blas_thread",
        "_read_names",
        "_saved_state",
        "_shared_model",
        "_version",
        "pretrained",
    },
    "_shared_model": set(),
    "_prior_shift_classifier": {
        "_doc_link",
        "_labels_and_weights",
        "_priors",
        "_read_names",
        "_shared_model",
    },
    "_no_names": {"_read_names", "_spelling"},
    "_risk_coverage": set(),
    "_selective_classifier": {
        "_doc_link",
        "_labels_and_weights",
        "_no_names",
        "_priors",
        "_risk_coverage",
    },
    "_top_label": {"_calibration_error", "_labels_and_weights", "_validate_params"},
    "_reliability_display": {"_calibration_error", "_name_labels", "_top_label"},
    "_risk_coverage_display": {
        "_name_labels",
        "_risk_coverage",
        "_selective_classifier",
        "_top_label",
    },
    "metrics": {"_reliability_display", "_risk_coverage_display", "_scorecard", "_top_label"},
    "_shares": {
        "_labels_and_weights",
        "_one_blas_thread",
        "_prior_shift_classifier",
        "_priors",
        "_validate_params",
    },
    "_shares_display": {"_shares"},
    "onnx": {
        "_char_encoder",
        "_four_bits",
        "_name_nationality_classifier",
        "_ngrams",
        "_version",
        "_words",
    },
    "datasets": {"_spelling_groups", "_validate_params", "datasets"},
    "pretrained": {
        "_char_encoder",
        "_name_nationality_classifier",
        "_network",
        "_priors",
        "_selective_classifier",
        "_symbols",
        "_version",
        "pretrained",
    },
}
HEAVY = {
    "torch": {
        "_adamw_with_sparse",
        "_bags",
        "_batches",
        "_loss",
        "_recurrent_net",
        "_torch_settings",
        "_training",
    },
    "skorch": {"_training"},
    "tqdm": {"_training", "_commands"},
    "click": {"_commands", "cli"},
    "pyarrow": {"_table_chunks", "_table_reader", "_table_writer", "_commands"},
    "skops": {"_model_files"},
    "onnx": {"onnx"},
    "matplotlib": {
        "_character_importance_display",
        "_name_labels",
        "_prefix_probability_display",
        "_reliability_display",
        "_risk_coverage_display",
        "_shares_display",
        "_commands",
    },
}


def rooms():
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield parts[0], path


def imports(path):
    """(level, top name) of every import of a file, also inside functions; ours by room."""
    depth = len(path.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield ("outside", alias.name.split(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield ("outside", node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            inside = path.relative_to(PACKAGE).parts[: depth - node.level]
            if inside:
                yield ("ours", inside[0])
            elif node.module:
                yield ("ours", node.module.split(".")[0])
            else:
                for alias in node.names:
                    yield ("ours", alias.name)


@pytest.mark.parametrize(
    "room, path", list(rooms()), ids=lambda value: getattr(value, "name", value)
)
def test_no_arrow_points_back(room, path):
    for kind, name in imports(path):
        if kind == "ours" and room in ALLOWED:
            assert name in ALLOWED[room], f"{path.name} imports {name}"
        if kind == "outside":
            assert name != "sknames", f"{path.name} imports sknames by its full name"
            assert room in HEAVY.get(name, {room}), f"{path.name} imports {name}"


@pytest.mark.parametrize(
    "module",
    [
        "sknames",
        "sknames.datasets",
        "sknames.inspection",
        "sknames.metrics",
        "sknames.pretrained",
    ],
)
def test_import_is_light(module):
    # pandas, which scikit-learn imports where it is installed, imports pyarrow: so the rooms.
    rooms = {f"sknames.{room}" for room in HEAVY["pyarrow"] | HEAVY["skops"]}
    heavy = {"torch", "skorch", "click", "skops", "onnx", "matplotlib", *rooms}
    code = f"import sys, {module}; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE.parent)


def test_public_names():
    for name in sknames.__all__:
        assert hasattr(sknames, name)
        if isinstance(getattr(sknames, name), type):
            assert getattr(sknames, name).__module__ == "sknames"

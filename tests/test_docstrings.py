"""Public docstrings and types: their form, what they describe, and what their examples give.

Run ``PYTHONPATH=. python tests/test_docstrings.py`` to write docs/interface.md.
"""

import doctest
import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import click
import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import Validator, validate
from sklearn.base import BaseEstimator
from sklearn.pipeline import FeatureUnion

import sknames
from sknames._base.estimators import PAGES
from sknames._cli.main import cli

# Checks of numpydoc that do not hold here, each with its reason.
LEFT_OUT = {
    "GL01",  # The text starts in the line of the quotes, as PEP 257 allows.
    "GL02",  # One line is one line, with its quotes.
    "ES01",  # A function that its first line explains needs no second one.
    "RT02",  # scikit-learn names what a method returns: "self : CharEncoder".
}
# For methods, the See Also section and the example of their class serve.
LEFT_OUT_OF_METHODS = LEFT_OUT | {"SA01", "EX01"}
# Attributes that some inputs of `fit` do not give; `estimator_` is there after `fit` only.
OPTIONAL = {"estimator_", "feature_names_in_", "n_features_in_"}
FRAGMENT = re.compile(r"(Of|In|With|From|For|To|As|That|Than|Whose|And|But|Also)\b")


def public_modules():
    """sknames and each module of it whose name is public and that says what in it is."""
    yield "sknames"
    for _, name, _ in pkgutil.walk_packages(sknames.__path__, "sknames."):
        is_private = any(part.startswith("_") for part in name.split("."))
        if not is_private and hasattr(import_module(name), "__all__"):
            yield name


def public_members(cls):
    """Names of the public methods and properties of a class that are ours."""
    for name, value in inspect.getmembers(cls):
        function = inspect.unwrap(getattr(value, "fget", value))
        if not name.startswith("_") and getattr(function, "__module__", "").startswith("sknames"):
            yield name


PUBLIC = {
    f"{module}.{name}": getattr(import_module(module), name)
    for module in public_modules()
    for name in import_module(module).__all__
    if callable(getattr(import_module(module), name))
}
CLASSES = {name: public for name, public in PUBLIC.items() if inspect.isclass(public)}
MEMBERS = [f"{name}.{member}" for name, cls in CLASSES.items() for member in public_members(cls)]


def find(name):
    owner, _, member = name.rpartition(".")
    return PUBLIC[name] if name in PUBLIC else getattr(CLASSES[owner], member)


def run_examples(name):
    """Run the examples of an object, and give the variables that they leave."""
    tests = [
        test
        for test in doctest.DocTestFinder(recurse=False).find(PUBLIC[name], name)
        if test.examples
    ]
    assert tests, f"{name} has no example"
    for test in tests:  # those that would download data are marked to be skipped
        assert doctest.DocTestRunner().run(test, clear_globs=False).failed == 0
    return [value for test in tests for value in test.globs.values()]


def test_public_names_are_found():
    assert {"sknames.CharEncoder", "sknames.onnx.to_onnx", "sknames.metrics.scorecard"} <= {*PUBLIC}
    assert "sknames.NameNationalityClassifier.weights" in MEMBERS


@pytest.mark.parametrize("name", [*PUBLIC, *MEMBERS])
def test_docstring_is_complete(name, monkeypatch):
    # Their __module__ is not the one that they are written in.
    monkeypatch.setattr(Validator, "source_file_def_line", None)
    left_out = LEFT_OUT if name in PUBLIC else LEFT_OUT_OF_METHODS
    assert not [error for error in validate(name)["errors"] if error[0] not in left_out]
    doc = NumpyDocString(inspect.getdoc(find(name)))
    descriptions = {"Summary": " ".join(doc["Summary"])}
    for section in ("Parameters", "Attributes", "Returns", "Yields"):
        descriptions |= {f"{section}: {item.name}": " ".join(item.desc) for item in doc[section]}
    for of, description in descriptions.items():
        assert description and not FRAGMENT.match(description), f"{of}: {description}"


@pytest.mark.parametrize("name", [*PUBLIC, *MEMBERS])
def test_signature_has_types(name):
    found = inspect.unwrap(getattr(find(name), "fget", find(name)))
    # It has no parameters, or those of scikit-learn.
    if inspect.isclass(found) and found.__init__ in (object.__init__, FeatureUnion.__init__):
        return
    signature = inspect.signature(found.__init__ if inspect.isclass(found) else found)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        known = parameter.annotation is not inspect.Parameter.empty
        assert known or parameter.name in ("self", "cls"), parameter


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in CLASSES])
def test_example_of_a_function_runs(name):
    run_examples(name)


@pytest.mark.parametrize("name", CLASSES)
def test_example_of_a_class_has_the_described_attributes(name):
    left = run_examples(name)
    left += [
        part
        for value in left
        if isinstance(value, BaseEstimator)
        for part in value.get_params().values()
    ]
    instances = [value for value in left if type(value) is CLASSES[name]]
    assert instances, "its example makes none"
    attributes = NumpyDocString(inspect.getdoc(CLASSES[name]))["Attributes"]
    described = {part for item in attributes for part in item.name.split(", ")}
    for instance in instances:
        found = {
            attribute
            for attribute in {*vars(instance), *public_members(type(instance))}
            if re.fullmatch(r"[a-z]\w*_", attribute)
        }
        assert found <= described <= found | OPTIONAL


@pytest.mark.parametrize(
    "name", [name for name in CLASSES if issubclass(CLASSES[name], BaseEstimator)]
)
def test_estimator_links_to_its_page(name):
    estimator = CLASSES[name].__new__(CLASSES[name])
    assert estimator._get_doc_link() == f"{PAGES}/generated/{name}.html"


@pytest.mark.parametrize("command", [cli, *cli.commands.values()], ids=lambda command: command.name)
def test_help_is_in_whole_sentences(command):
    options = [option for option in command.params if isinstance(option, click.Option)]
    for text in [command.help, *(option.help for option in options)]:
        text = text.strip()
        assert text[0].isupper() and not FRAGMENT.match(text), text
        assert text.endswith((".", "]")), text


# ---- The page of the interface

PAGE = Path(__file__).parent.parent / "docs" / "interface.md"
# "- labels: array of shape (n_names, top), the most probable", up to the comma.
FIELD = re.compile(r"^- ([a-z][\w, ]*): ((?:\([^)]*\)|\{[^}]*\}|[^,;(.{])+)", re.M)
FIELD_OF_BUNCH = re.compile(r"^(\w+(?:, \w+)*) : (.+)$", re.M)
# Methods that estimators and displays of scikit-learn have, too, and what is not public.
KNOWN = re.compile(
    "_.*|fit|fit_transform|from_estimator|get_.*|inverse_transform|plot|predict|"
    "predict_proba|score|set_.*|transform"
)
ROLE = re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`")
INTRODUCTION = """\
# Interface

All that is public, one line each, with the parameters in their order; those behind `*` are given by
name. Below each table are the values that parameters take, and behind `->` the fields of a result
or what `fit` sets, and methods. [The guide](README.md) explains, and docstrings say the rest:
`help(sknames.predict_table)`.
All classifiers have `fit`, `predict`, `predict_proba` and `score`, and all transformers `fit`,
`transform` and `get_feature_names_out`, as in scikit-learn. Displays have `plot`, too.
"""


def is_ours(thing):
    return (getattr(thing, "__module__", None) or "").startswith("sknames")


def call_of(name, function):
    """How a function is called: "name(x, *, y)"."""
    parameters, names = inspect.signature(function).parameters.values(), []
    for parameter in parameters:
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in names:
            names.append("*")
        names.append("**" * (parameter.kind is parameter.VAR_KEYWORD) + parameter.name)
    return f"`{name}({', '.join(names)})`"


def row_of(name, public):
    doc = NumpyDocString(inspect.getdoc(public))
    kinds = {"predict": "a classifier", "transform": "a transformer", "plot": "a display"}
    if inspect.isclass(public):
        returned = next(kind for member, kind in kinds.items() if hasattr(public, member))
    else:
        returned = "; ".join(item.type or item.name for item in doc["Returns"])
    if hasattr(public, "from_estimator"):
        name, public = f"{name}.from_estimator", public.from_estimator
    summary = " ".join(doc["Summary"])
    cells = call_of(name, public), ROLE.sub(r"`\1`", summary), ROLE.sub(r"\1", returned)
    return f"| {' | '.join(cells)} |"


def values_of(name, public):
    """Yield lines: the values that each parameter takes, and the fields of what comes back."""
    described = getattr(public, "from_estimator", public)
    doc = NumpyDocString(inspect.getdoc(described))
    yield name
    yield from (f"    {item.name} : {item.type}" for item in doc["Parameters"])
    if inspect.isclass(public):
        fields = [
            (item.name, item.type) for item in NumpyDocString(inspect.getdoc(public))["Attributes"]
        ]
    else:
        returned = "\n".join(line for item in doc["Returns"] for line in item.desc)
        fields = FIELD.findall(returned) + FIELD_OF_BUNCH.findall(returned)
    yield from (f"    -> {field} : {' '.join(type_.split())}" for field, type_ in fields)
    result = public if inspect.isclass(public) else inspect.signature(public).return_annotation
    for key, method in inspect.getmembers(result, inspect.isroutine) if is_ours(result) else ():
        if is_ours(method) and not KNOWN.fullmatch(key):
            yield f"    {call_of('.' + key, method).strip('`')}"


def page_of_interface():
    lines = [INTRODUCTION]
    for module in public_modules():
        names = [name for name in import_module(module).__all__ if f"{module}.{name}" in PUBLIC]
        rows = [row_of(name, PUBLIC[f"{module}.{name}"]) for name in names]
        lines += [
            f"## {module}",
            "",
            "| call | what it does | returns |",
            "|---|---|---|",
            *rows,
            "",
            "```text",
            *(line for name in names for line in values_of(name, PUBLIC[f"{module}.{name}"])),
            "```",
            "",
        ]
    lines += ["## Commands", "", "| command | what it does |", "|---|---|"]
    for command in cli.commands.values():
        summary = " ".join(command.help.split("\n\n")[0].split())
        lines.append(f"| `sknames {command.name}` | {summary} |")
    return "\n".join(lines) + "\n"


def test_page_of_the_interface_is_what_can_be_imported():
    assert PAGE.read_text("utf-8") == page_of_interface()


if __name__ == "__main__":
    PAGE.write_text(page_of_interface(), "utf-8")

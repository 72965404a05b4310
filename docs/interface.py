"""All that is public, and the page about it.

Run ``PYTHONPATH=. python docs/interface.py`` to write docs/interface.md.
"""

import inspect
import pkgutil
import re
from importlib import import_module
from pathlib import Path

from numpydoc.docscrape import NumpyDocString

import sknames
from sknames._cli.main import cli

PAGE = Path(__file__).with_name("interface.md")
# "- labels: array of shape (n_names, top), the most probable", up to the comma.
FIELD = re.compile(r"^- ([a-z][\w, ]*): ((?:\([^)]*\)|\{[^}]*\}|[^,;(.{])+)", re.M)
FIELD_OF_BUNCH = re.compile(r"^(\w+(?:, \w+)*) : (.+)$", re.M)
# Methods that estimators and displays of scikit-learn have, too, and what is not
# public.
KNOWN = re.compile(
    "_.*|fit|fit_transform|from_estimator|get_.*|inverse_transform|plot|predict|"
    "predict_log_proba|predict_proba|score|set_.*|transform"
)
RESULT = "a result"  # what functions return, as a class
ROLE = re.compile(r":\w+:`~?(?:[\w.]*\.)?(\w+)`")
INTRODUCTION = """\
<!-- Written by `PYTHONPATH=. python docs/interface.py`. -->

# Interface

All that is public, one line each, with the parameters in their order; those behind \
`*` are given by
name. Below each table are the values that parameters take, and behind `->` \
the fields of a result
or what `fit` sets, and methods. [The guide](README.md) explains, \
and docstrings say the rest:
`help(sknames.predict_table)`.
All classifiers have `fit`, `predict`, `predict_proba`, `predict_log_proba` and \
`score`, and all transformers `fit`,
`transform` and `get_feature_names_out`, as in scikit-learn. Displays have `plot`, \
too. Results are what functions return.
"""

# Words that have one meaning everywhere, and what else a reader may take them for.
TERMS = [
    (
        "label",
        "What is predicted, or true. `--label` is a column, in `explain` one label.",
    ),
    ("target", "Which model ships. `--model` is a target or a file."),
    (
        "model, estimator",
        'What predicts. `model` may also be a name, such as "country", or a file.',
    ),
    ("groups", "Labels to sum. Groups of rows are those of `--by`."),
    ("others", "What is not named: labels, or groups of rows in `--against others`."),
    ("threshold", "The probability that an answer must exceed."),
    ("risk", "The share of answers that are wrong. `abstain` takes the model's own."),
    ("coverage", "The share of names that get an answer."),
    ("confidence_level", "How often an interval, a set or a bound holds."),
]


def public_modules():
    """Yield sknames and each of its public modules that lists what is in it."""
    yield "sknames"
    for _, name, _ in pkgutil.walk_packages(sknames.__path__, "sknames."):
        is_private = any(part.startswith("_") for part in name.split("."))
        if not is_private and hasattr(import_module(name), "__all__"):
            yield name


PUBLIC = {
    f"{module}.{name}": getattr(import_module(module), name)
    for module in public_modules()
    for name in import_module(module).__all__
    if callable(getattr(import_module(module), name))
}


def is_ours(thing):
    return (getattr(thing, "__module__", None) or "").startswith("sknames")


def returned_classes():
    """Return the classes that public calls return and no module lists, by name."""
    calls = []
    for public in PUBLIC.values():
        calls.append(public)
        if inspect.isclass(public) and is_ours(public):
            calls += [call for _, call in inspect.getmembers(public, inspect.isroutine)]
    classes = {}
    for call in calls:
        if not is_ours(call) or inspect.isclass(call):
            continue
        result = inspect.signature(call).return_annotation
        if inspect.isclass(result) and is_ours(result):
            classes[f"{result.__module__}.{result.__name__}"] = result
    return {name: classes[name] for name in sorted(classes.keys() - PUBLIC.keys())}


RETURNED = returned_classes()
PUBLIC |= RETURNED


def call_of(name, function):
    """How a function is called: "name(x, *, y)"."""
    parameters = inspect.signature(function).parameters.values()
    names = []
    for parameter in parameters:
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in names:
            names.append("*")
        names.append("**" * (parameter.kind is parameter.VAR_KEYWORD) + parameter.name)
    return f"`{name}({', '.join(names)})`"


def kind_of(cls):
    kinds = {
        "predict": "a classifier",
        "transform": "a transformer",
        "plot": "a display",
    }
    found = (kind for member, kind in kinds.items() if hasattr(cls, member))
    return next(found, RESULT)


def row_of(name, public):
    doc = NumpyDocString(inspect.getdoc(public))
    if inspect.isclass(public):
        returned = kind_of(public)
    else:
        returned = "; ".join(item.type or item.name for item in doc["Returns"])
    if hasattr(public, "from_estimator"):
        name = f"{name}.from_estimator"
        public = public.from_estimator
    summary = " ".join(doc["Summary"])
    call = f"`{name}`" if returned == RESULT else call_of(name, public)
    cells = call, ROLE.sub(r"`\1`", summary), ROLE.sub(r"\1", returned)
    return f"| {' | '.join(cells)} |"


def values_of(name, public):
    """Yield as lines the values of each parameter, and the fields of the result."""
    described = getattr(public, "from_estimator", public)
    doc = NumpyDocString(inspect.getdoc(described))
    yield name
    is_result = inspect.isclass(public) and kind_of(public) == RESULT
    arrow = "-> " if is_result else ""
    yield from (f"    {arrow}{item.name} : {item.type}" for item in doc["Parameters"])
    if inspect.isclass(public):
        fields = [
            (item.name, item.type)
            for item in NumpyDocString(inspect.getdoc(public))["Attributes"]
        ]
    else:
        returned = "\n".join(line for item in doc["Returns"] for line in item.desc)
        fields = FIELD.findall(returned) + FIELD_OF_BUNCH.findall(returned)
    yield from (
        f"    -> {field} : {' '.join(type_.split())}" for field, type_ in fields
    )
    result = (
        public
        if inspect.isclass(public)
        else inspect.signature(public).return_annotation
    )
    # Those of a public result stand with it.
    if not is_ours(result) or (result is not public and result in PUBLIC.values()):
        return
    for key, method in inspect.getmembers(result, inspect.isroutine):
        if is_ours(method) and not KNOWN.fullmatch(key):
            yield f"    {call_of('.' + key, method).strip('`')}"


def section_of(title, public_of_name):
    """Return the lines of a section: a table of what is public, and its values."""
    lines = [f"## {title}", "", "| call | what it does | returns |", "|---|---|---|"]
    lines += [row_of(name, public) for name, public in public_of_name.items()]
    lines += ["", "```text"]
    for name, public in public_of_name.items():
        lines += values_of(name, public)
    return [*lines, "```", ""]


def page_of_interface():
    lines = [INTRODUCTION]
    for module in public_modules():
        listed = {}
        for name in import_module(module).__all__:
            if f"{module}.{name}" in PUBLIC:
                listed[name] = PUBLIC[f"{module}.{name}"]
        lines += section_of(module, listed)
    results = {public.__name__: public for public in RETURNED.values()}
    lines += section_of("Results, which are returned and not made", results)
    lines += ["## Commands", "", "| command | what it does |", "|---|---|"]
    for command in cli.commands.values():
        summary = " ".join(command.help.split("\n\n")[0].split())
        lines.append(f"| `sknames {command.name}` | {summary} |")
    lines += ["", "## Terms", "", "| word | meaning |", "|---|---|"]
    lines += [f"| {word} | {meaning} |" for word, meaning in TERMS]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page_of_interface(), "utf-8")

"""Public docstrings and signatures: form, completeness, types and examples."""

import doctest
import inspect
import pickle
import re
from importlib import import_module
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import Validator, validate
from sklearn.base import BaseEstimator
from sklearn.pipeline import FeatureUnion

from docs.docstrings import is_ours, public_objects

# Checks of numpydoc that we do not follow, with the reasons.
LEFT_OUT = {
    "GL01",  # The text starts in the line of the quotes, as PEP 257 allows.
    "GL02",  # The quotes of a one-line docstring are in the same line.
    "ES01",  # If the first line explains a function, no extended summary is needed.
    "RT02",  # Returned values have names, as in scikit-learn: "self : CharEncoder".
}
# The class has the See Also section and the example for its methods.
LEFT_OUT_OF_METHODS = LEFT_OUT | {"SA01", "EX01"}
# Attributes that `fit` sets for some inputs only, and `estimator_`, set only by `fit`.
OPTIONAL = {"estimator_", "feature_names_in_", "n_features_in_"}
PUBLIC = public_objects()
FRAGMENT = re.compile(r"(Of|In|With|From|For|To|As|That|Than|Whose|And|But|Also)\b")


def public_members(cls):
    """Yield the names of public methods and properties that sknames defines."""
    for name, value in inspect.getmembers(cls):
        function = inspect.unwrap(getattr(value, "fget", value))
        module = getattr(function, "__module__", "")
        if not name.startswith("_") and module.startswith("sknames"):
            yield name


CLASSES = {name: public for name, public in PUBLIC.items() if inspect.isclass(public)}
MEMBERS = []
for name, cls in CLASSES.items():
    MEMBERS += [f"{name}.{member}" for member in public_members(cls)]


def find(name):
    if name in PUBLIC:
        return PUBLIC[name]
    owner, _, member = name.rpartition(".")
    return getattr(CLASSES[owner], member)


def run_examples(name):
    """Run the examples of an object, and return the values of their variables."""
    finder = doctest.DocTestFinder(recurse=False)
    tests = [test for test in finder.find(PUBLIC[name], name) if test.examples]
    assert tests, f"{name} has no example"
    variables = []
    for test in tests:  # examples that download data are marked with +SKIP
        assert doctest.DocTestRunner().run(test, clear_globs=False).failed == 0
        variables += test.globs.values()
    return variables


def test_public_objects_include_classes_functions_and_methods():
    assert {
        "sknames.CharEncoder",
        "sknames.onnx.to_onnx",
        "sknames.metrics.scorecard",
    } <= {*PUBLIC}
    assert "sknames.NameNationalityClassifier.weights" in MEMBERS


@pytest.mark.parametrize("name", [*PUBLIC, *MEMBERS])
def test_public_docstring_passes_numpydoc_checks_and_describes_all(name, monkeypatch):
    # It fails for objects whose __module__ is not the module that defines them.
    monkeypatch.setattr(Validator, "source_file_def_line", None)
    left_out = LEFT_OUT if name in PUBLIC else LEFT_OUT_OF_METHODS
    assert not [error for error in validate(name)["errors"] if error[0] not in left_out]
    doc = NumpyDocString(inspect.getdoc(find(name)))
    descriptions = {"Summary": " ".join(doc["Summary"])}
    for section in ("Parameters", "Attributes", "Returns", "Yields"):
        for item in doc[section]:
            descriptions[f"{section}: {item.name}"] = " ".join(item.desc)
    for of, description in descriptions.items():
        assert description, of
        assert not FRAGMENT.match(description), f"{of}: {description}"


@pytest.mark.parametrize("name", [*PUBLIC, *MEMBERS])
def test_public_signature_has_type_annotations(name):
    function = inspect.unwrap(getattr(find(name), "fget", find(name)))
    if inspect.isclass(function):
        function = function.__init__
    if function in (object.__init__, FeatureUnion.__init__):
        return  # no parameters, or those of scikit-learn
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        known = parameter.annotation is not inspect.Parameter.empty
        assert known or parameter.name in ("self", "cls"), parameter


@pytest.mark.parametrize("name", PUBLIC)
def test_public_signature_has_fewer_than_1000_characters(name):
    """Type aliases, such as ArrayLike, are shown by name and not expanded."""
    assert len(str(inspect.signature(find(name)))) < 1000


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in CLASSES])
def test_docstring_example_of_function_prints_documented_output(name):
    run_examples(name)


@pytest.mark.parametrize("name", CLASSES)
def test_docstring_example_of_class_sets_documented_attributes(name):
    objects = []
    for variable in run_examples(name):
        objects.append(variable)
        if isinstance(variable, BaseEstimator):
            objects += variable.get_params().values()
    instances = [value for value in objects if type(value) is CLASSES[name]]
    assert instances, "the example does not create an instance"
    described = set()
    for item in NumpyDocString(inspect.getdoc(CLASSES[name]))["Attributes"]:
        described.update(item.name.split(", "))
    for instance in instances:
        found = set()
        for attribute in (*vars(instance), *public_members(type(instance))):
            if re.fullmatch(r"[a-z]\w*_", attribute) and hasattr(instance, attribute):
                found.add(attribute)
        assert found <= described <= found | OPTIONAL


@pytest.mark.parametrize(
    "name", [name for name in CLASSES if issubclass(CLASSES[name], BaseEstimator)]
)
def test_documentation_link_of_estimator_leads_to_its_api_page(name):
    estimator = CLASSES[name].__new__(CLASSES[name])
    pages = "https://sknames.github.io/sknames"
    assert estimator._get_doc_link() == f"{pages}/generated/{name}.html"


@pytest.mark.parametrize("name", sorted({*PUBLIC, *MEMBERS} - {*CLASSES}))
def test_class_returned_by_public_function_is_public_and_picklable(name):
    function = inspect.unwrap(getattr(find(name), "fget", find(name)))
    result = inspect.signature(function).return_annotation
    if is_ours(result):
        assert PUBLIC[f"{result.__module__}.{result.__name__}"] is result
        assert pickle.loads(pickle.dumps(result)) is result


def test_api_page_lists_public_classes_missing_from_dunder_all():
    """Objects in ``__all__`` are listed on the page of their module automatically."""
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    for name in PUBLIC:
        module, _, own_name = name.rpartition(".")
        if own_name not in import_module(module).__all__:
            assert f"   {own_name}\n" in page

"""The examples in public docstrings give what they say."""

import doctest
import inspect

import pytest

import sknames
from sknames import datasets, inspection, metrics, onnx, pretrained

PUBLIC = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (sknames, datasets, inspection, metrics, onnx, pretrained)
    for name in module.__all__
    if callable(getattr(module, name))
}


@pytest.mark.parametrize("name", PUBLIC)
def test_examples(name):
    tests = [
        test
        for test in doctest.DocTestFinder(recurse=False).find(PUBLIC[name], name)
        if test.examples
    ]
    assert tests, f"{name} has no example"
    for test in tests:  # those that would download data are marked to be skipped
        assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize("name", PUBLIC)
def test_every_parameter_is_described(name):
    public = PUBLIC[name]
    documented = inspect.getdoc(public)
    for parameter in inspect.signature(public).parameters:
        assert f"{parameter} : " in documented or f", {parameter} : " in documented, parameter

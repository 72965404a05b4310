"""What tests of examples, of the web page and of JavaScript share."""

import ast
import json
import shutil
from pathlib import Path

import numpy as np

from tests.conftest import run_process

EXAMPLES = Path(__file__).parents[2] / "examples"
NODE = shutil.which("node")


def functions_of(example):
    """Return the functions and imports of an example, by name, without running it."""
    path = EXAMPLES / example
    tree = ast.parse(path.read_text("utf-8"))
    defining = ast.Import | ast.ImportFrom | ast.FunctionDef
    tree.body = [node for node in tree.body if isinstance(node, defining)]
    functions = {}
    exec(compile(tree, path, "exec"), functions)
    return functions


def run_javascript(script, *arguments, given=None, **options):
    """Run a script as a JavaScript module with JSON, `given`, as its input.

    `options` are those of `run_process`, such as the working directory.
    """
    command = [NODE, "--input-type=module", "-e", script, *arguments]
    text = json.dumps(given, default=np.ndarray.tolist)
    return run_process(*command, input=text, **options)

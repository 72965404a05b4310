"""Which parts of sknames may import which, and what importing costs.

A package is a sub-package such as _text, or a module directly in sknames. Its level is
one above the highest level of the packages that it imports. The levels of the files in
a package are counted in the same way.
"""

import ast
import io
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import numpy as np
import pytest

import sknames
from tests.conftest import run_process

PACKAGE = Path(sknames.__file__).parent
LISTS = "_draws _lists _results "
ESTIMATORS = "_encoding _models _name_nationality_classifier _text _wrappers " + LISTS

# The packages that each package may import, besides itself and _base.
ALLOWED = {
    "_base": "",
    "_text": "",
    "_encoding": "_text",
    "_network": "",
    "_training": "_network",
    "_name_nationality_classifier": "_network _training",
    "_models": "_encoding _text",
    "_draws": "",
    "_lists": "_draws _models",
    "_results": "_draws _lists _models",
    "_wrappers": "_draws _models",
    "datasets": "_text",
    "pretrained": ESTIMATORS + "_network",
    "_name_encoder": "_encoding _text pretrained",
    "onnx": "_encoding _models _network _text",
    "inspection": "_encoding _models _text",
    "metrics": "_models _text _wrappers",
    "_cli": ESTIMATORS + "_name_encoder datasets inspection metrics pretrained",
    "_public": ESTIMATORS + "_name_encoder pretrained",
    "__init__": "_public",
    "__main__": "_cli",
}
# The packages that may import libraries that are slow to import or optional.
HEAVY = {
    "torch": "_training",
    "skorch": "_training",
    "tqdm": "_training _cli",
    "click": "_cli",
    "pyarrow": "_cli",
    "skops": "pretrained",
    "onnx": "onnx",
    "matplotlib": "_base _results inspection",
}
# Names of methods of arrays, files, Python's own types and scikit-learn; and a method
# that assumed_priors calls on the stack that it receives.
OF_OTHERS = {"fit", "checked_prior"}.union(
    *map(dir, (np.ndarray, dict, str, set, io.TextIOWrapper))
)
MOST_IMPORTS = 69  # imports from one package in another; fewer are better
# In each package: the longest chain of files that import each other, and all imports.
MOST_LEVELS_IN_PACKAGE = 7
MOST_IMPORTS_IN_PACKAGE = 40
DATA = (".csv", ".json", ".npz")
FILES = sorted(PACKAGE.rglob("*.py"))


# Test files that import private names of modules that they are not named after, because
# they compare these modules with references. Do not add to this table.
PRIVATE_IMPORTS = {
    "test_forward": (
        "_network _network.ngrams "
        "_training.batches _training.recurrent_net _training.rows"
    ),
    "test_javascript_rules": (
        "_models.stack _text.names _text.not_names _text.titles onnx"
    ),
    "test_not_names": "_text.names _text.spelling",
    "test_page": "_models.stack",
    "test_recurrent_net": (
        "_network.prefixes _training.bags _training.batches _training.loss "
        "_training.rows"
    ),
    "test_retrain_linear": "_network.forward",
    "test_shares": "_draws.mix",
}


def private_imports(path):
    """Yield the modules whose private names a test file imports, except its own."""
    own = path.stem.removeprefix("test_")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.level:
            continue
        package, *parts = node.module.split(".")
        if package != "sknames":
            continue
        for alias in node.names:
            module = parts or [alias.name]
            names = [*parts, alias.name]
            is_private = any(part[0] == "_" and part[:2] != "__" for part in names)
            is_own = own in (module[-1].lstrip("_"), alias.name.lstrip("_"))
            if is_private and not is_own:
                yield ".".join(module)


@pytest.mark.parametrize(
    "path",
    sorted(Path(__file__).parent.rglob("test_*.py")),
    ids=lambda path: path.stem,
)
def test_private_names_are_imported_only_by_test_file_of_their_module(path):
    expected = PRIVATE_IMPORTS.get(path.stem, "").split()
    assert sorted(set(private_imports(path))) == expected


def package_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path):
    """Yield the libraries and, behind a dot, the packages that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            folder = path.parents[node.level - 1].relative_to(PACKAGE).parts
            names = (
                [node.module] if node.module else [alias.name for alias in node.names]
            )
            yield from ("." + (*folder, *name.split("."))[0] for name in names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_of_package_file_follow_import_table(path):
    package = package_of(path)
    allowed = {
        f".{name}" for name in [*ALLOWED.get(package, "").split(), package, "_base"]
    }
    for name in imports(path):
        assert name != "sknames", f"{path.name} imports sknames by its full name"
        if name.startswith("."):
            assert name in allowed, f"{package} may not import {name}"
        else:
            assert package in HEAVY.get(name, package).split(), (
                f"{package} may not import {name}"
            )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_private_names_of_scikit_learn_are_imported_only_in_sklearn_private(path):
    if path.name == "sklearn_private.py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            is_private = name.startswith("sklearn.") and "._" in name
            assert not is_private, f"{path.name} imports {name}, not sklearn_private"


def test_import_table_lists_every_package():
    assert {package_of(path) for path in FILES} == ALLOWED.keys()


def packages_below():
    """Return the packages that each package imports from."""
    below = {package_of(path): set() for path in FILES}
    for path in FILES:
        ours = {name[1:] for name in imports(path) if name.startswith(".")}
        below[package_of(path)] |= ours - {package_of(path)}
    return below


def test_number_of_imports_between_packages_is_limited():
    assert sum(map(len, packages_below().values())) <= MOST_IMPORTS


def levels_of(imported):
    """Return the level of each package or file, from what each of them imports."""
    levels = {}
    for name in TopologicalSorter(imported).static_order():  # a cycle raises
        levels[name] = 1 + max((levels[other] for other in imported[name]), default=0)
    return levels


def test_packages_have_at_most_10_levels():
    levels = levels_of(packages_below())
    assert max(levels.values()) <= 10, levels


def direct_imports(trees):
    """Return the files that each file of a folder imports from the same folder."""
    imported = {}
    for path, tree in trees.items():
        imported[path] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                names = [node.module] if node.module else [a.name for a in node.names]
                files = {path.with_name(f"{name}.py") for name in names}
                imported[path] |= files & trees.keys()
    return imported


def files_below(trees):
    """Return the files that each file of a folder imports, directly or indirectly."""
    imported = direct_imports(trees)
    below = {}
    for path in TopologicalSorter(imported).static_order():  # a cycle raises
        direct = imported[path]
        below[path] = direct.union(*(below[other] for other in direct))
    return below


def trees_of(folder):
    """Return the parsed files of a folder, without those of its subfolders."""
    trees = {}
    for path in folder.glob("*.py"):
        trees[path] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


FOLDERS = sorted({path.parent for path in FILES})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_imports_and_import_levels_within_package_are_limited(folder):
    imported = direct_imports(trees_of(folder))
    levels = levels_of(imported)
    assert max(levels.values()) <= MOST_LEVELS_IN_PACKAGE, levels
    assert sum(map(len, imported.values())) <= MOST_IMPORTS_IN_PACKAGE


def methods_of(tree):
    """Yield the names of the methods of a file's classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef):
                    yield member.name


def called_methods(tree):
    """Yield the names of the methods that a file calls on objects other than `self`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            is_own = isinstance(owner, ast.Name) and owner.id in ("self", "cls")
            if not is_own and node.func.attr not in OF_OTHERS:
                yield node.func.attr


FILES_WITH_METHOD = {}
for path in FILES:
    for name in methods_of(ast.parse(path.read_text(encoding="utf-8"))):
        FILES_WITH_METHOD.setdefault(name, set()).add(path)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_no_file_calls_methods_defined_only_in_higher_levels(folder):
    trees = trees_of(folder)
    below = files_below(trees)
    for path, tree in trees.items():
        for name in called_methods(tree):
            files = FILES_WITH_METHOD.get(name, {path})  # in any package
            are_above = all(path in below.get(file, ()) for file in files)
            assert not are_above, f"{path.name} calls {name}, of a file above it"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_data_files_are_read_only_in_their_package(path):
    package_of_data = {
        p.name: package_of(p) for p in PACKAGE.rglob("*.*") if p.suffix in DATA
    }
    for name in re.findall(r'"([\w.]+\.\w+)"', path.read_text(encoding="utf-8")):
        assert package_of_data.get(name, package_of(path)) == package_of(path), (
            f"{path} reads {name}"
        )


def test_import_of_sknames_loads_no_heavy_library():
    # pyarrow is not in this set, because scikit-learn imports pandas, which imports
    # pyarrow. The table of imports above covers pyarrow.
    heavy = {"torch", "skorch", "click", "skops", "onnx", "matplotlib", "sknames._cli"}
    code = "import sys, sknames; assert 'numpy' not in sys.modules\n"
    for module in ("", ".datasets", ".inspection", ".metrics"):
        code += f"from sknames{module} import *\n"
    code += f"assert 'numpy' in sys.modules and not {heavy} & set(sys.modules)"
    run_process(sys.executable, "-c", code, cwd=PACKAGE.parent)


def test_submodules_of_sknames_are_loaded_on_access():
    code = "import sknames; sknames.metrics.scorecard, sknames.onnx.to_onnx, "
    code += "sknames.datasets"
    run_process(sys.executable, "-c", code, cwd=PACKAGE.parent)
    assert {"metrics", "onnx", "pretrained"} | {*sknames.__all__} <= {*dir(sknames)}


@pytest.mark.parametrize("name", ["predict", "load_table"])
def test_missing_attribute_of_sknames_raises_attribute_error(name):
    message = f"^module 'sknames' has no attribute '{name}'$"
    with pytest.raises(AttributeError, match=message):
        getattr(sknames, name)

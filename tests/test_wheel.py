"""The built wheel, installed without the extra that trains, into an environment of its own."""

import os
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier
from tests.conftest import run_process

ROOT = Path(__file__).parent.parent
SCRIPT = """
from importlib.util import find_spec
from pathlib import Path
import joblib
import numpy as np
import sknames
from sknames import CharEncoder, NameNationalityClassifier
from sknames.datasets import load_names

assert Path(sknames.__file__).with_name("py.typed").is_file()
assert not any(map(find_spec, ["torch", "skorch", "tqdm", "pandas"]))
predicted = sknames.load_pretrained().predict(["Mehmet Yılmaz", "王伟"])
assert predicted.tolist() == ["Turkish", "Chinese"]
assert len(load_names().data) == 80_479 and "Faker" in load_names().DESCR
assert find_spec("tools") is None
np.save("found.npy", joblib.load("model.joblib").predict_proba(["Papadopoulos", "Nowak"]))
for fit in (
    lambda: NameNationalityClassifier().fit([[1, 2], [2, 1]], ["a", "b"]),
    lambda: NameNationalityClassifier(cell="junk").fit("not looked at", None),
    lambda: joblib.load("model.joblib").fit(["anna", "bo"], ["a", "b"]),
):
    try:
        fit()
    except ImportError as error:
        assert str(error).endswith("Install them: pip install 'sknames[train]'"), error
    else:
        raise AssertionError("no error")
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of an environment with the wheel and what it requires, nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    run_process(*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    assert wheel.stat().st_size < 20_000_000
    run_process(sys.executable, "-m", "venv", folder / "environment")
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = folder / "environment" / scripts / "python"
    run_process(python, *pip[1:], "install", wheel)
    return python


def test_the_wheel_predicts_and_says_what_trains(python, small_names, tmp_path):
    classify = NameNationalityClassifier(hidden_size=8, max_epochs=2, random_state=0)
    model = Pipeline([("encode", CharEncoder(max_length=12)), ("classify", classify)])
    joblib.dump(model.fit(*small_names), tmp_path / "model.joblib")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    run_process(python, "-I", "script.py", cwd=tmp_path)
    expected = model.predict_proba(["Papadopoulos", "Nowak"])
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), expected, rtol=0, atol=1e-12)

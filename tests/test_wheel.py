"""The built wheel, installed without the extra that trains, into an environment of its own."""

import os
import sys
from pathlib import Path

import joblib
import numpy as np

from tests.conftest import run_process, tiny_pipeline

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


def test_the_wheel_predicts_and_says_what_trains(small_names, tmp_path):
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    run_process(*pip, "wheel", "--no-deps", "--wheel-dir", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 33_000_000
    environment = tmp_path / "environment"
    run_process(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    run_process(*pip, "--python", python, "install", "--no-compile", wheel)
    model = tiny_pipeline().fit(*small_names)
    joblib.dump(model, tmp_path / "model.joblib")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    run_process(python, "-I", "script.py", cwd=tmp_path)
    expected = model.predict_proba(["Papadopoulos", "Nowak"])
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), expected, rtol=0, atol=1e-12)

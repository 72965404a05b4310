"""What the README says can be typed can be typed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_python_blocks(tmp_path, monkeypatch):
    """Each in turn, as one would type them into one session."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == README.count("```") / 2 >= 3
    session = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), session)
    predicted = session["sknames"].load_pretrained().predict(["Mehmet Yılmaz", "王伟"])
    assert predicted.tolist() == ["Turkish", "Chinese"]


def commands():
    return re.findall(r"^    (pip install .*)$", README, re.MULTILINE)


def test_commands():
    first, tests = commands()
    assert first == "pip install '.[train,plot]' && python examples/plot_first_model.py"
    assert tests == "pip install '.[test]' && python -m pytest"
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert tests in ci  # CI runs exactly what the README says


@pytest.mark.parametrize("has_matplotlib", [True, False])
def test_script_of_the_first_command(tmp_path, has_matplotlib):
    """With every twentieth name, so that it takes seconds."""
    code = f"""
import runpy, sys
import sknames.datasets
names = sknames.datasets.load_names()
for column in ("data", "target", "groups"):
    names[column] = names[column][::20]
sknames.datasets.load_names = lambda: names
if not {has_matplotlib}:
    sys.modules["matplotlib"] = None
runpy.run_path({str(ROOT / "examples" / "plot_first_model.py")!r}, run_name="__main__")
"""
    environment = os.environ | {"MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert re.search(r"accuracy 0\.\d{3}, macro-F1 0\.\d{3}\.", run.stdout)
    table = run.stdout.partition("three best answers\n")[2].partition("\n\n")[0].splitlines()
    assert len(table) == 12
    for row in table:
        assert re.fullmatch(r".{16}\w+ +(\w+ [01]\.\d\d(, |$)){3}", row), row
    assert (tmp_path / "first_model.joblib").stat().st_size > 10_000
    assert (tmp_path / "first_model.png").exists() is has_matplotlib
    assert ("matplotlib is missing: pip install matplotlib" in run.stdout) is not has_matplotlib

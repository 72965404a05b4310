"""The command that rewrites all pages and files with results after a training."""

import json
import re
from pathlib import Path

import pytest

from tools import pages
from tools.retrain import after_training
from tools.retrain.after_training import STAGES, Task

ROOT = Path(__file__).parents[2]
PAGE = "# Page\n\n<!-- one of make retrained -->\n\nold\n\n<!-- end -->\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a page, models, and a command that records its arguments."""
    monkeypatch.setenv("SKNAMES_DATA", str(tmp_path / "data"))
    (tmp_path / "docs").mkdir()
    (tmp_path / "page.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "counts.py").write_text(
        "import os, sys\n"
        "assert os.environ['OPENBLAS_NUM_THREADS'] == '1'\n"
        "with open('calls', 'a') as file:\n    print(sys.argv[1:], file=file)\n"
        "print('| new |')\n"
        "print('Not available: a rival', file=sys.stderr)\n"
        "sys.exit('fails' in sys.argv)\n"
    )
    write_models(tmp_path, "0123456789")
    return tmp_path


def write_models(project, digest):
    for target in ("nationality", "country"):
        folder = project / "models" / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.json").write_text(json.dumps({"sha256": digest}))


def run(project, *stages, tasks=()):
    after_training.main([*tasks], stages, project, project / "models")


def calls(project):
    return (project / "calls").read_text().splitlines()


def test_after_training_skips_finished_commands_until_models_change(project, capsys):
    stage = [Task("one", "counts.py *.md {models}", "page.md")]
    run(project, stage)
    printed = capsys.readouterr().out
    assert re.search(r"^one: \d+\.\d minutes$", printed, re.M)
    assert "one: Not available: a rival" in printed
    page = (project / "page.md").read_text(encoding="utf-8")
    assert page == PAGE.replace("old", "| new |")
    run(project, stage)
    folder = project / "build" / "retrained" / "012345-012345"
    assert calls(project) == [str([f"{project}/page.md", str(folder)])]
    write_models(project, "9876543210")
    run(project, stage)
    assert len(calls(project)) == 2


def test_after_training_with_names_runs_only_those_commands_again(project):
    stage = [Task("one", "counts.py 1", "page.md"), Task("two", "counts.py 2")]
    run(project, stage)
    run(project, stage, tasks=["two"])
    assert sorted(calls(project)) == ["['1']", "['2']", "['2']"]
    with pytest.raises(SystemExit):
        run(project, stage, tasks=["three"])


def test_after_training_runs_command_in_its_folder(project):
    run(project, [Task("one", "../counts.py", folder="docs")])
    assert (project / "docs" / "calls").exists()


def test_after_training_reports_failed_command_and_runs_it_again(project, capsys):
    tasks = [Task("one", "counts.py fails", "page.md"), Task("two", "counts.py")]
    for _ in range(2):
        with pytest.raises(SystemExit, match=r"^Not done: one\. Run the same command"):
            run(project, tasks, [Task("three", "counts.py")])
        assert re.search(
            r"^one: failed, see .*one\.log$", capsys.readouterr().out, re.M
        )
    assert (project / "page.md").read_text(encoding="utf-8") == PAGE
    assert sorted(calls(project)) == ["['fails']", "['fails']", "[]", "[]"]


def test_after_training_without_public_set_names_missing_file(project, capsys):
    stage = [Task("one", "counts.py", sets=("arczi21",))]
    with pytest.raises(SystemExit, match="Not done: one"):
        run(project, stage)
    assert "public lacks arczi21_test.tsv" in capsys.readouterr().out
    path = project / "data" / "public" / "arczi21_test.tsv"
    path.parent.mkdir(parents=True)
    path.touch()
    run(project, stage)


def test_after_training_stops_if_measuring_models_fails(project):
    failing = Task("measure", "counts.py fails")
    with pytest.raises(SystemExit):
        run(project, [failing], [Task("two", "counts.py")])
    assert calls(project) == ["['fails']"]


def test_pages_have_a_block_for_output_of_each_after_training_command():
    for stage in STAGES:
        for task in stage:
            if task.page:
                text = (ROOT / task.page).read_text(encoding="utf-8")
                assert text.partition(f"<!-- {task.mark} -->\n")[2].count(pages.END)
                assert "`make retrained`" in text.splitlines()[0]

"""After a training, one call rewrites all that shows the models."""

import re
from pathlib import Path

import pytest

from tools import pages
from tools.retrain import after_training
from tools.retrain.after_training import STAGES, Piece

ROOT = Path(__file__).parents[1]
PAGE = "# Page\n\n<!-- one of make retrained -->\n\nold\n\n<!-- end -->\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Put small commands in place of the pieces; return the folder they run in."""
    monkeypatch.setattr(after_training, "ROOT", tmp_path)
    monkeypatch.setattr(after_training, "BUILD", tmp_path / "build")
    monkeypatch.setenv("SKNAMES_DATA", str(tmp_path / "data"))
    (tmp_path / "page.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "counts.py").write_text(
        "import os, sys\n"
        "assert os.environ['OPENBLAS_NUM_THREADS'] == '1'\n"
        "with open('calls', 'a') as file:\n    print(sys.argv[1:], file=file)\n"
        "print('| new |')\n"
        "print('Not at hand: a rival', file=sys.stderr)\n"
        "sys.exit('fails' in sys.argv)\n"
    )
    return tmp_path


def set_stages(monkeypatch, *stages):
    monkeypatch.setattr(after_training, "STAGES", stages)


def test_done_pieces_are_skipped_until_the_models_change(project, monkeypatch, capsys):
    set_stages(monkeypatch, [Piece("one", "counts.py *.md {models}", "page.md")])
    after_training.main([])
    printed = capsys.readouterr().out
    assert re.search(r"^one: \d+\.\d minutes$", printed, re.M)
    assert "one: Not at hand: a rival" in printed
    page = (project / "page.md").read_text(encoding="utf-8")
    assert page == PAGE.replace("old", "| new |")
    after_training.main([])
    folder = project / "build" / after_training.models_digest()
    assert (project / "calls").read_text() == f"{[f'{project}/page.md', str(folder)]}\n"
    monkeypatch.setattr(after_training, "models_digest", lambda: "others")
    after_training.main([])
    assert (project / "calls").read_text().count("\n") == 2


def test_named_piece_runs_again_and_alone(project, monkeypatch):
    pieces = [Piece("one", "counts.py 1", "page.md"), Piece("two", "counts.py 2")]
    set_stages(monkeypatch, pieces)
    after_training.main([])
    after_training.main(["two"])
    calls = (project / "calls").read_text().splitlines()
    assert sorted(calls) == ["['1']", "['2']", "['2']"]
    with pytest.raises(SystemExit):
        after_training.main(["three"])


def test_piece_runs_in_its_folder(project, monkeypatch):
    (project / "docs").mkdir()
    set_stages(monkeypatch, [Piece("one", "../counts.py", folder="docs")])
    after_training.main([])
    assert (project / "docs" / "calls").exists()


def test_failed_piece_is_named_and_runs_again(project, monkeypatch, capsys):
    pieces = [Piece("one", "counts.py fails", "page.md"), Piece("two", "counts.py")]
    set_stages(monkeypatch, pieces, [Piece("three", "counts.py")])
    for _ in range(2):
        with pytest.raises(SystemExit, match=r"^Not done: one\. The same call goes on"):
            after_training.main([])
        assert re.search(
            r"^one: failed, see .*one\.log$", capsys.readouterr().out, re.M
        )
    assert (project / "page.md").read_text(encoding="utf-8") == PAGE
    assert sorted((project / "calls").read_text().splitlines()) == [
        "['fails']",
        "['fails']",
        "[]",
        "[]",
    ]


def test_piece_without_its_public_set_is_named(project, monkeypatch, capsys):
    set_stages(monkeypatch, [Piece("one", "counts.py", sets=("arczi21",))])
    with pytest.raises(SystemExit, match="Not done: one"):
        after_training.main([])
    assert "public lacks arczi21_test.tsv" in capsys.readouterr().out
    path = project / "data" / "public" / "arczi21_test.tsv"
    path.parent.mkdir(parents=True)
    path.touch()
    after_training.main([])


def test_nothing_runs_after_a_failed_measure(project, monkeypatch):
    failing = Piece("measure", "counts.py fails")
    set_stages(monkeypatch, [failing], [Piece("two", "counts.py")])
    with pytest.raises(SystemExit):
        after_training.main([])
    assert (project / "calls").read_text() == "['fails']\n"


def test_each_piece_has_its_place_in_a_page():
    for stage in STAGES:
        for piece in stage:
            if piece.page:
                text = (ROOT / piece.page).read_text(encoding="utf-8")
                assert text.partition(f"<!-- {piece.mark} -->\n")[2].count(pages.END)
                assert "`make retrained`" in text.splitlines()[0]


# ---- Figures by hand


def test_figures_by_hand_are_of_the_models_that_ship():
    assert after_training.pages_to_read() == []
    lines = after_training.BY_HAND.read_text(encoding="utf-8").splitlines()
    for line in lines:
        assert line.startswith("#") or (ROOT / line.split()[1]).exists()


def test_page_with_figures_of_other_models_is_named(project, monkeypatch, capsys):
    by_hand = project / "by_hand.txt"
    models = after_training.models_digest()
    by_hand.write_text(f"# Pages\n{models} a.md\nf00-f00 b.md\n", encoding="utf-8")
    monkeypatch.setattr(after_training, "BY_HAND", by_hand)
    set_stages(monkeypatch, [Piece("one", "counts.py")])
    after_training.main([])
    assert re.search(r"^Figures by hand.*: b\.md$", capsys.readouterr().out, re.M)

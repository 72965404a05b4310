"""The median training is chosen on one half of the people, and reported on the other.

Tests of `tools.pages` and `tools.retrain.new_people`, which this command uses, follow.
"""

import json

import numpy as np
import pytest

from tools import pages, public_sets
from tools.retrain import choose, kept_apart, new_people
from tools.retrain.files import MODELS

# Full names whose country and nationality the models predict with high probability.
PEOPLE = [
    ("Takeshi Yamamoto", "JP", "Japanese"),
    ("Hiroshi Nakamura", "JP", "Japanese"),
    ("Haruka Watanabe", "JP", "Japanese"),
    ("Giuseppe Esposito", "IT", "Italian"),
    ("Francesca Ricci", "IT", "Italian"),
    ("Giovanni Lombardi", "IT", "Italian"),
    ("Zoltán Szabó", "HU", "Hungarian"),
    ("Katalin Horváth", "HU", "Hungarian"),
    ("Gergely Molnár", "HU", "Hungarian"),
    ("Nikos Papadopoulos", "GR", "Greek"),
    ("Yiannis Dimitriou", "GR", "Greek"),
    ("Eleni Georgiou", "GR", "Greek"),
]


@pytest.fixture
def public(home):
    """Write public sets with these people into the data folder, and return it."""
    lines = []
    for name, country, _ in PEOPLE:
        lines.append(f"{name}\t{'GK' if country == 'GR' else country}\n")
    (home / "public").mkdir()
    for name in ("arczi21", "goalscorers"):
        path = home / "public" / public_sets.FILES[name]
        path.write_text("".join(lines), encoding="utf-8")
    return home


def write_training(folder, swapped):
    """Write copies of the shipped models, with the codes of some countries swapped."""
    for target in ("nationality", "country"):
        (folder / target).mkdir(parents=True)
        of_target = MODELS / target
        (folder / target / "model.npz").symlink_to(of_target / "model.npz")
        description = json.loads((of_target / "model.json").read_bytes())
        if target == "country":
            classes = description["classify"]["classes"]
            for code, other in swapped.items():
                i = classes.index(code)
                j = classes.index(other)
                classes[i], classes[j] = classes[j], classes[i]
            text = json.dumps(description)
        else:
            text = (of_target / "model.json").read_text(encoding="utf-8")
        (folder / target / "model.json").write_text(text, encoding="utf-8")


def cells_of(printed, title):
    (line,) = (line for line in printed.splitlines() if line.startswith(f"| {title} |"))
    return [cell.strip() for cell in line.split("|")[2:-1]]


def test_choose_selects_median_training_and_writes_its_figures(public, capsys):
    names, countries, nationalities = map(np.array, zip(*PEOPLE, strict=True))
    source = np.full(len(names), "biographies")
    people = {
        "nationality": kept_apart.People(names, nationalities, source),
        "country": kept_apart.People(names, countries, source),
    }
    # Four of the people are in a source, three of them in another spelling.
    known = new_people.persons(
        ["Yamamoto Takeshi", "Giovanni Lombardi (painter)"],
        ["Horvath, Katalin"],
        {"rugby players": {"IT": ["Francesca Ricci"]}},
    )
    for name, swapped in {
        "best": {},
        "worst": {"JP": "IT", "HU": "GR"},
        "between": {"HU": "GR"},
    }.items():
        write_training(public / name, swapped)
    page = public / "page.md"
    page.write_text(f"# Page\n\n<!-- {choose.MARK} -->\nold\n<!-- end -->\nMore.\n")
    folders = [str(public / name) for name in ("best", "worst", "between")]
    choose.main([*folders, "--write", str(page)], people, known)
    printed = capsys.readouterr().out
    median = f"The training with the median mean accuracy is {public / 'between'}."
    choosing, reported = printed.split(median)
    title = "nationality, held-out people"
    n_choosing = int(cells_of(choosing, title)[0])
    n_reported = int(cells_of(reported, title)[0])
    assert n_choosing + n_reported == len(PEOPLE)
    assert 0 < n_choosing < len(PEOPLE)
    assert cells_of(choosing, title)[1:] == ["1.0000"] * 3
    title = "country, arczi21, new people"
    n_new = int(cells_of(choosing, title)[0]) + int(cells_of(reported, title)[0])
    assert n_new == len(PEOPLE) - 4
    assert cells_of(reported, title) == ["4", "0.250", "0.000", "1.000"]
    written = page.read_text(encoding="utf-8")
    assert written.endswith("\n\n<!-- end -->\nMore.\n")
    assert "old" not in written
    assert cells_of(written, title) == cells_of(reported, title)


def test_country_shares_divide_nationality_among_predictable_countries():
    classes = ["Arabic", "English", "German", "Japanese"]
    shares = new_people.country_shares(classes, ["AT", "DE", "EG", "GB", "IT"])
    assert shares.sum(axis=1).tolist() == pytest.approx([1, 1, 1, 0])
    assert shares[2, 1] > shares[2, 0] > 0 == shares[2, 3]


# ---- Pages


def test_write_blocks_changes_pages_only_if_all_marks_are_found(tmp_path):
    texts = {
        "one.md": "<!-- a of x.py -->\n\n| old |\n\n<!-- end -->\nkept\n",
        "two.md": "<!-- a of x.py -->\n\n| old |\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    paths = [tmp_path / name for name in texts]
    with pytest.raises(ValueError, match=r"Expected <!-- end --> behind .* in .*two"):
        pages.write_blocks(paths, {"a of x.py": "new"})
    for path in paths:
        assert path.read_text(encoding="utf-8") == texts[path.name]
    with pytest.raises(ValueError, match="Expected <!-- b of x.py --> in .*one"):
        pages.write_blocks(paths[:1], {"b of x.py": "new"})
    pages.write_blocks(paths[:1], {"a of x.py": "new"})
    written = paths[0].read_text(encoding="utf-8")
    assert written == "<!-- a of x.py -->\n\nnew\n\n<!-- end -->\nkept\n"


@pytest.mark.parametrize(
    ("target", "label"), [("country", "IT"), ("nationality", "Italian")]
)
def test_public_people_are_absent_from_sources_and_in_reported_half(
    target, label, home
):
    (home / "public").mkdir()
    # By their hashes, all but Nakamura are reported.
    rows = "Takeshi Yamamoto\tJP\nHiroshi Nakamura\tJP\nGiuseppe Esposito\tIT\n"
    for name in ("arczi21_test.tsv", "goalscorers.tsv"):
        (home / "public" / name).write_text(rows, encoding="utf-8")
    people = new_people.public_people(target, {"takeshi yamamoto"})
    assert people.labels.tolist() == [label, label]
    assert people.sources.tolist() == ["arczi21", "goalscorers"]

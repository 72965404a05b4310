"""Names that everybody types first are checked before a model ships."""

import numpy as np
import pytest

from sknames.pretrained import load_card
from tools.retrain import gate
from tools.retrain.files import MODELS

MILLIONS = {"US": 340.0, "GB": 70.0, "GG": 0.06, "FR": 68.0}


class Model:
    """Give the same probabilities for all names."""

    classes_ = np.array([*MILLIONS])

    def __init__(self, *probabilities):
        self.probabilities = probabilities

    def predict_proba(self, names):
        return np.tile(self.probabilities, (len(names), 1))


def people_of(n_smiths, n_others):
    """Return full names of so many people called Smith, and of others."""
    people = [f"Ann{k} Smith" for k in range(n_smiths)]
    return people + [f"Bob{k} Zorn{k}" for k in range(n_others)]


@pytest.mark.parametrize("target", ["nationality", "country"])
def test_shipped_models_answer_common_names_acceptably(target):
    figures = load_card(target)["common_names"]

    for title, least in gate.LEAST_ACCEPTED[target].items():
        assert figures[title]["accepted"] >= least
        assert figures[title]["small"] <= gate.MOST_SMALL[target]


def test_figures_of_common_names_follow_their_definition():
    model = Model(0.3, 0.2, 0.4, 0.1)
    common = gate.CommonNames(["Smith", "Ogier"], [{"US", "GB"}, {"GG"}])

    figures, worst = gate.figures(model, common, MILLIONS)

    assert figures["n"] == 2
    assert figures["accepted"] == 0.5  # GG is the answer for both
    assert figures["probability"] == pytest.approx((0.5 + 0.4) / 2)
    assert figures["small"] == pytest.approx(0.4 / 2)
    assert figures["small_answers"] == 0.5
    assert [row[:2] for row in worst] == [("Ogier", "GG"), ("Smith", "GG")]
    assert worst[0][2:] == pytest.approx((0.4, 0.4))


def test_figures_of_common_names_show_the_worst_twenty():
    names = [f"Name{k}" for k in range(30)]

    _, worst = gate.figures(
        Model(0.3, 0.2, 0.4, 0.1),
        gate.CommonNames(names, [{"US"}] * 5 + [{"FR"}] * 25),
        MILLIONS,
    )

    assert [name for name, *_ in worst] == names[5:25]


def test_drawn_names_are_acceptable_where_a_tenth_of_the_bearers_are():
    sources = {
        "chess players": {"US": people_of(30, 270), "GG": people_of(250, 50)},
        "biographies": {
            "GB": people_of(60, 240),
            "US": people_of(30, 270),  # the same people once more
            "FR": people_of(20, gate.LEAST_PEOPLE - 21),  # too few
        },
    }

    common = gate.draw_names(sources, MILLIONS)

    # 34 million in the US, 14 in Great Britain, .05 in Guernsey.
    assert common.acceptable[common.names.index("Smith")] == {"US", "GB"}
    assert all(labels for labels in common.acceptable)
    assert "Ann0" in common.names  # of equally frequent given names the first ones
    assert "Zorn0" in common.names
    assert len(common.names) == len({*common.names})


def test_given_names_have_acceptable_labels_of_each_target(tmp_path, monkeypatch):
    monkeypatch.setenv("SKNAMES_DATA", str(tmp_path))
    assert gate.read_given("country") is None
    path = tmp_path / "public" / "common_names.tsv"
    path.parent.mkdir()
    header = "name\tcountries\tnationalities\n"
    path.write_text(f"{header}Ann Lee\tUS GB\tEnglish,Scottish\n", encoding="utf-8")

    by_country = gate.read_given("country")
    by_nationality = gate.read_given("nationality")

    assert by_country.names == by_nationality.names == ["Ann Lee"]
    assert by_country.acceptable == [{"US", "GB"}]
    assert by_nationality.acceptable == [{"English", "Scottish"}]


def test_check_without_names_at_hand_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("SKNAMES_DATA", str(tmp_path))

    figures, report = gate.check(MODELS / "country", {})

    assert figures == {}
    assert report == "No common names are at hand."


def test_main_prints_the_worst_names_of_both_models(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("SKNAMES_DATA", str(tmp_path))
    sources = {
        "country": {"chess players": {"SE": people_of(1, 300)}},
        "nationality": {"chess players": {"Swedish": people_of(1, 300)}},
    }

    gate.main([], sources)

    printed = capsys.readouterr().out
    assert printed.count("Worst of the drawn names: ") == 2
    assert printed.startswith("nationality")

"""Predictions of common names, which `tools.retrain.gate` checks before a release."""

import pytest
from sklearn.dummy import DummyClassifier

from sknames.pretrained import load_card
from tools.retrain import gate
from tools.retrain.files import MODELS

MILLIONS = {"US": 340.0, "GB": 70.0, "GG": 0.06, "FR": 68.0}


@pytest.fixture(scope="module")
def model():
    """Return a model with probabilities US .3, GB .2, GG .4 and FR .1 for all names."""
    labels = ["US"] * 3 + ["GB"] * 2 + ["GG"] * 4 + ["FR"]
    return DummyClassifier(strategy="prior").fit(labels, labels)


def people_of(n_smiths, n_others):
    """Return full names of people with the surname Smith, and of other people."""
    people = [f"Ann{k} Smith" for k in range(n_smiths)]
    return people + [f"Bob{k} Zorn{k}" for k in range(n_others)]


@pytest.mark.parametrize("target", ["nationality", "country"])
def test_shipped_models_pass_release_limits_for_common_names(target):
    figures = load_card(target)["common_names"]

    for title, least in gate.LEAST_ACCEPTED[target].items():
        assert figures[title]["accepted"] >= least
        assert figures[title]["small"] <= gate.MOST_SMALL[target]


def test_figures_of_common_names_are_means_over_names(model):
    common = gate.CommonNames(["Smith", "Ogier"], [{"US", "GB"}, {"GG"}])

    figures, worst = gate.figures(model, common, MILLIONS)

    assert figures["n"] == 2
    assert figures["accepted"] == 0.5  # GG is predicted for both
    assert figures["probability"] == pytest.approx((0.5 + 0.4) / 2)
    assert figures["small"] == pytest.approx(0.4 / 2)
    assert figures["small_answers"] == 0.5
    assert [row[:2] for row in worst] == [("Ogier", "GG"), ("Smith", "GG")]
    assert worst[0][2:] == pytest.approx((0.4, 0.4))


@pytest.mark.parametrize("millions, small", [(1.5, 0), (1.49, 0.4)])
def test_small_labels_have_fewer_than_1_5_million_people(model, millions, small):
    common = gate.CommonNames(["Smith"], [{"US"}])

    figures, _ = gate.figures(model, common, MILLIONS | {"GG": millions})

    assert figures["small"] == pytest.approx(small)


def test_figures_of_common_names_list_twenty_worst_names(model):
    names = [f"Name{k}" for k in range(30)]

    _, worst = gate.figures(
        model,
        gate.CommonNames(names, [{"US"}] * 5 + [{"FR"}] * 25),
        MILLIONS,
    )

    assert [name for name, *_ in worst] == names[5:25]


def test_acceptable_labels_of_common_name_are_weighted_by_population():
    sources = {
        "chess players": {"US": people_of(30, 270), "GG": people_of(250, 50)},
        "biographies": {
            "GB": people_of(60, 240),
            "US": people_of(30, 270),  # the same people once more
        },
    }

    common = gate.draw_names(sources, MILLIONS)

    # 34 million Smiths in the US, 14 million in Great Britain, .05 million in Guernsey.
    assert common.names == ["Smith"]
    assert common.acceptable == [{"US", "GB"}]


@pytest.mark.parametrize(
    "n_smiths, labels",
    [(10, {"US", "FR"}), (9, {"US"})],
    ids=["a tenth", "less than a tenth"],
)
def test_acceptable_labels_have_at_least_a_tenth_of_bearers(n_smiths, labels):
    sources = {
        "biographies": {"US": people_of(90, 210), "FR": people_of(n_smiths, 290)}
    }

    common = gate.draw_names(sources, {"US": 1.0, "FR": 1.0})

    (found,) = common.acceptable
    assert found == labels


@pytest.mark.parametrize("n_bearers, is_drawn", [(5, True), (4, False)])
def test_drawn_common_names_have_at_least_five_bearers_in_label(n_bearers, is_drawn):
    sources = {"biographies": {"US": people_of(n_bearers, 295)}}

    common = gate.draw_names(sources, MILLIONS)

    assert (common.names == ["Smith"]) == is_drawn
    assert all(common.acceptable)


@pytest.mark.parametrize("n_people, names", [(200, ["Smith"]), (199, [])])
def test_drawn_common_names_are_from_labels_with_200_people(n_people, names):
    sources = {"biographies": {"US": people_of(50, n_people - 50)}}

    assert gate.draw_names(sources, MILLIONS).names == names


def test_drawn_common_names_are_five_most_frequent_words_of_label():
    given = [f"Given{k}" for k in range(6) for _ in range(60 - k)]
    people = [f"{name} Last{k}" for k, name in enumerate(given)]

    common = gate.draw_names({"biographies": {"US": people}}, MILLIONS)

    assert common.names == [f"Given{k}" for k in range(5)]


def write_common_names(home, *rows):
    """Write common_names.tsv with rows of name, countries and nationalities."""
    (home / "public").mkdir()
    text = "\n".join(["name\tcountries\tnationalities", *rows])
    (home / "public" / "common_names.tsv").write_text(text, encoding="utf-8")


def test_file_of_common_names_has_acceptable_labels_of_each_target(home):
    assert gate.read_given("country") is None
    write_common_names(home, "Ann Lee\tUS GB\tEnglish,Scottish")

    by_country = gate.read_given("country")
    by_nationality = gate.read_given("nationality")

    assert by_country.names == by_nationality.names == ["Ann Lee"]
    assert by_country.acceptable == [{"US", "GB"}]
    assert by_nationality.acceptable == [{"English", "Scottish"}]


def test_gate_check_counts_single_words_and_full_names_separately(home):
    rows = [f"{name}\tSE\tSwedish" for name in ("Lund", "Sven Lund", "Erik Lund")]
    write_common_names(home, *rows)

    figures, report = gate.check(MODELS / "country", {})

    counts = {title: row["n"] for title, row in figures.items()}
    assert counts == {"given": 3, "given, single words": 1, "given, full names": 2}
    assert report.count("Worst predictions, given names: ") == 1


def test_gate_check_without_common_names_says_so(home):
    figures, report = gate.check(MODELS / "country", {})

    assert figures == {}
    assert report == "No common names are available."


def test_gate_main_prints_worst_names_of_both_models(capsys, home):
    sources = {
        "country": {"chess players": {"SE": people_of(10, 300)}},
        "nationality": {"chess players": {"Swedish": people_of(10, 300)}},
    }

    gate.main([], sources)

    printed = capsys.readouterr().out
    assert printed.count("Worst predictions, drawn names: ") == 2
    assert printed.startswith("nationality")

from pathlib import Path

import pandas as pd
import pytest
from numpy.testing import assert_array_equal

import sknames
from sknames.datasets import load_countries, load_names, load_nationalities
from sknames.pretrained import load_card
from tools.retrain.tables import read_table


@pytest.fixture(scope="module")
def found():
    return load_nationalities(as_frame=True)


def test_nationalities_match_classes_of_model(found):
    assert found.nationality.tolist() == load_card()["nationalities"]
    assert {*load_names().target_names} < {*found.nationality}


def test_load_nationalities_as_frame_has_same_columns_as_series(found):
    plain = load_nationalities()
    assert plain.frame is None
    assert "first country" in plain.DESCR
    assert [*found.frame, "frame", "DESCR"] == [*plain]
    for name, column in found.frame.items():
        assert column.equals(found[name])
        assert_array_equal(plain[name], column)


def test_countries_of_nationalities_have_codes_and_populations(found):
    frame = found.frame
    for column in ("alpha_3", "millions"):
        lengths = frame[column].str.split().str.len()
        assert (lengths == frame.alpha_2.str.split().str.len()).all()
    assert frame.alpha_2.str.fullmatch("[A-Z]{2}( [A-Z]{2})*").all()
    assert (frame.millions.str.split().explode().astype(float) > 0).all()
    assert frame.groupby("subregion").region.nunique().eq(1).all()
    places = frame.set_index("nationality")[["alpha_2", "subregion", "region"]]
    assert places.loc["Kenyan"].tolist() == ["KE", "Eastern Africa", "Africa"]
    assert {"BR", "PT"} == {*places.loc["Portuguese", "alpha_2"].split()}


def test_populations_of_countries_match_population_priors_approximately(found):
    """Priors also count people abroad, whom the countries leave out."""
    path = Path(sknames.__file__).parent / "_models" / "population.csv"
    bearers = pd.read_csv(path, index_col="label").millions
    listed = found.millions.str.split().explode().astype(float)
    listed = listed.groupby(level=0).sum().set_axis(found.nationality)
    ratio = (listed / bearers[listed.index]).drop(["Armenian", "Irish"])
    assert ratio.between(0.6, 1.3).all()  # most of these two live abroad


def test_accuracy_figures_of_nationalities_match_model_card(found):
    card = load_card()
    recalls = {name: row["recall"] for name, row in card["by_nationality"].items()}
    n_names = found.nationality.map(card["n_names_by_nationality"])
    assert found.n_names.tolist() == n_names.tolist()
    assert found.recall.equals(found.nationality.map(recalls).rename("recall"))


def test_countries_are_those_of_sources_with_regions_of_nationalities(found):
    countries = load_countries(as_frame=True).frame.set_index("alpha_2")
    assert [*countries.index] == sorted({*countries.index})
    codes_of = found.frame.set_index("nationality").alpha_2.str.split()
    of_sources = {"CG"}  # sources use one demonym for both Congos
    for row in read_table("demonyms.csv") + read_table("federations.csv"):
        code = row["alpha_2"]
        of_sources.add(code)
        # Channel Islanders count as English. Former federations have no country.
        if row["nationality"] and code not in ("", "GG", "JE"):
            assert code in codes_of[row["nationality"]], row
    assert of_sources == {"", *countries.index}
    homes = countries.loc[codes_of.str[0], ["subregion", "region"]]
    assert_array_equal(homes, found.frame[["subregion", "region"]])
    assert countries.millions["XK"] > 1
    assert 1_300 < countries.millions["IN"] < 1_500
    assert countries.millions.sum() > 7_800

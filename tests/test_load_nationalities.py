import csv
from pathlib import Path

import numpy as np
import pytest

import sknames
from sknames.datasets import load_countries, load_names, load_nationalities
from sknames.pretrained import load_card
from tools.retrain.tables import read_table


@pytest.fixture(scope="module")
def found():
    return load_nationalities(as_frame=True)


def test_nationalities_are_those_of_the_model(found):
    assert found.nationality.tolist() == load_card()["nationalities"]
    assert {*load_names().target_names} < {*found.nationality}


def test_frame_has_the_columns_as_series(found):
    plain = load_nationalities()
    assert plain.frame is None
    assert "first country" in plain.DESCR
    assert list(found.frame) == [
        name for name in plain if name not in ("frame", "DESCR")
    ]
    for name, column in found.frame.items():
        assert column.equals(found[name])
        np.testing.assert_array_equal(plain[name], column)


def test_countries_come_with_codes_and_numbers(found):
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


def test_millions_are_about_those_of_the_priors(found):
    """Priors also count people abroad, whom the countries leave out."""
    path = Path(sknames.__file__).parent / "_models" / "population.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    bearers = {row["label"]: float(row["millions"]) for row in rows}
    listed = (
        found.frame.set_index("nationality")
        .millions.str.split()
        .explode()
        .astype(float)
    )
    ratio = (
        listed.groupby(level=0).sum() / found.frame.nationality.map(bearers).to_numpy()
    )
    assert (
        ratio.drop(["Armenian", "Irish"]).between(0.6, 1.3).all()
    )  # most of these live abroad


def test_figures_are_those_of_the_card(found):
    card = load_card()
    assert found.n_names.tolist() == [
        card["n_names_by_nationality"][name] for name in found.nationality
    ]
    recall = {name: row["recall"] for name, row in card["by_nationality"].items()}
    np.testing.assert_array_equal(
        found.recall, [recall.get(n, np.nan) for n in found.nationality]
    )


def test_countries_are_those_of_the_sources_and_fit_the_nationalities(found):
    table = load_countries()
    codes = table.alpha_2
    places = zip(table.subregion, table.region, strict=True)
    assert [*codes] == sorted({*codes})
    of_nationality = found.frame.set_index("nationality")
    of_sources = set()
    for row in read_table("demonyms.csv") + read_table("federations.csv"):
        code = row["alpha_2"]
        nationality = row["nationality"]
        of_sources |= {code} - {""}
        # Channel Islanders are English here, and federations of the past of no country.
        if nationality and code not in ("", "GG", "JE"):
            assert code in of_nationality.alpha_2[nationality].split(), row
    assert of_sources == {*codes} - {
        "CG"
    }  # whose people sources call as those of DR Congo
    place_of = dict(zip(codes, map(list, places), strict=True))
    for _, row in found.frame.iterrows():
        home = row.alpha_2.split()[0]
        assert place_of[home] == [row.subregion, row.region]
    millions = dict(zip(codes, table.millions, strict=True))
    assert millions["XK"] > 1
    assert 1_300 < millions["IN"] < 1_500
    assert sum(millions.values()) > 7_800

"""Compile ``sknames/datasets/data/nationalities.csv``: where each nationality's names are common.

Run it after a change of ``nationalities.csv`` here::

    pip install pycountry==26.2.16
    python tools/compile_names/compile_nationalities.py

``nationalities.csv`` is written by hand. It gives the scripts of each nationality (ISO 15924), and
for each country the millions of people who bear such names there, roughly. The first country is
where the names come from. Others are listed if such names are those of the majority, or of an old
people or a large part of the population. People who moved later are not counted. pycountry checks
the codes and gives those of three letters. The columns "n_names" and "recall" of the shipped model
are kept: ``examples/benchmarks/bench_pretrained.py`` writes them.
"""

import csv
from pathlib import Path

import pycountry

HERE = Path(__file__).resolve().parent
DATA = HERE.parent.parent / "sknames" / "datasets" / "data"
# UN M49, with its intermediate regions where it has them. https://unstats.un.org/unsd/methodology/m49
M49 = {
    ("Africa", "Eastern Africa"): "BI DJ ER ET KE MG RW SO UG ZM ZW",
    ("Africa", "Northern Africa"): "DZ EG LY MA SD TN",
    ("Africa", "Southern Africa"): "ZA",
    ("Africa", "Western Africa"): "GH NG SN",
    ("Americas", "Caribbean"): "CU DO PR",
    ("Americas", "Central America"): "CR GT HN MX NI PA SV",
    ("Americas", "Northern America"): "CA US",
    ("Americas", "South America"): "AR BO BR CL CO EC PE PY UY VE",
    ("Asia", "Central Asia"): "KG KZ TJ TM UZ",
    ("Asia", "Eastern Asia"): "CN HK JP KP KR MN MO TW",
    ("Asia", "South-eastern Asia"): "BN ID KH MM MY PH SG TH VN",
    ("Asia", "Southern Asia"): "AF BD IN IR LK NP PK",
    ("Asia", "Western Asia"): "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE",
    ("Europe", "Eastern Europe"): "BG BY CZ HU MD PL RO RU SK UA",
    ("Europe", "Northern Europe"): "DK EE FI GB IE IS LT LV NO SE",
    ("Europe", "Southern Europe"): "AL BA ES GR HR IT ME MK PT RS SI SM XK",
    ("Europe", "Western Europe"): "AT BE CH DE FR LI NL",
    ("Oceania", "Australia and New Zealand"): "AU NZ",
}
# Taiwan is in no list of M49, and Kosovo, with a code that users assign, in none of ISO either.
PLACE = {code: place for place, codes in M49.items() for code in codes.split()}
ALPHA_3 = {country.alpha_2: country.alpha_3 for country in pycountry.countries} | {"XK": "XKX"}


def main():
    with open(HERE / "nationalities.csv", encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    with open(DATA / "nationalities.csv", encoding="utf-8") as file:
        of_model = {row["nationality"]: row for row in csv.DictReader(file)}
    with open(DATA / "nationalities.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        header = "nationality alpha_2 alpha_3 millions subregion region scripts n_names recall"
        writer.writerow(header.split())
        for row in rows:
            parts = row["millions"].split()
            countries, millions = parts[::2], parts[1::2]
            assert all(
                code in PLACE and float(n) > 0 for code, n in zip(countries, millions, strict=True)
            )
            assert all(pycountry.scripts.get(alpha_4=code) for code in row["scripts"].split())
            assert PLACE.keys() >= {*countries}
            region, subregion = PLACE[countries[0]]
            codes = " ".join(countries), " ".join(ALPHA_3[code] for code in countries)
            name, old = row["nationality"], of_model.get(row["nationality"], {})
            places = " ".join(millions), subregion, region, row["scripts"]
            writer.writerow([name, *codes, *places, old.get("n_names", 0), old.get("recall", "")])


if __name__ == "__main__":
    main()

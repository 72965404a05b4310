"""Compile ``nationalities.csv`` and ``countries.csv`` of ``sknames/datasets/data``.

It also writes ``sknames/_models/regions.csv``, which has the regions of all
nationalities and countries, with other names and codes of each.

Run it after changing one of the two files with these names in this folder::

    pip install pycountry==26.2.16
    python tools/compile_names/compile_nationalities.py

``nationalities.csv`` is written by hand. It has the scripts of each nationality (ISO
15924), its countries, and roughly how many million people in each country have such
names. The first country is where the names come from. Other countries are listed if
such names are those of the majority, of a long-established group or of a large part of
the population. More recent immigrants are not counted. pycountry checks the codes and
adds those of three letters. The columns "n_names" and "recall" of the shipped model are
kept: ``tools/retrain/measure.py`` writes them.

``countries.csv`` is also written by hand. It has the countries in the training data of
the shipped model, and their populations in 2024 in millions, rounded (UN World
Population Prospects).
"""

import csv
from pathlib import Path

import pycountry

HERE = Path(__file__).resolve().parent
DATA = HERE.parent.parent / "sknames" / "datasets" / "data"
REGIONS = HERE.parent.parent / "sknames" / "_models" / "regions.csv"
# UN M49, with intermediate regions where they exist.
# https://unstats.un.org/unsd/methodology/m49
M49 = {
    (
        "Africa",
        "Eastern Africa",
    ): "BI DJ ER ET KE KM MG MU MW MZ RW SC SO SS TZ UG ZM ZW",
    ("Africa", "Middle Africa"): "AO CD CF CG CM GA GQ ST TD",
    ("Africa", "Northern Africa"): "DZ EG LY MA SD TN",
    ("Africa", "Southern Africa"): "BW LS NA SZ ZA",
    ("Africa", "Western Africa"): "BF BJ CI CV GH GM GN LR ML MR NE NG SL SN TG",
    ("Americas", "Caribbean"): "AG AW BB BS CU CW DO GD HT JM KY LC PR TT VG VI",
    ("Americas", "Central America"): "BZ CR GT HN MX NI PA SV",
    ("Americas", "Northern America"): "BM CA US",
    ("Americas", "South America"): "AR BO BR CL CO EC GY PE PY SR UY VE",
    ("Asia", "Central Asia"): "KG KZ TJ TM UZ",
    ("Asia", "Eastern Asia"): "CN HK JP KP KR MN MO TW",
    ("Asia", "South-eastern Asia"): "BN ID KH LA MM MY PH SG TH TL VN",
    ("Asia", "Southern Asia"): "AF BD BT IN IR LK MV NP PK",
    ("Asia", "Western Asia"): "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE",
    ("Europe", "Eastern Europe"): "BG BY CZ HU MD PL RO RU SK UA",
    ("Europe", "Northern Europe"): "DK EE FI FO GB GG IE IM IS JE LT LV NO SE",
    ("Europe", "Southern Europe"): "AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM XK",
    ("Europe", "Western Europe"): "AT BE CH DE FR LI LU MC NL",
    ("Oceania", "Australia and New Zealand"): "AU NZ",
    ("Oceania", "Melanesia"): "FJ PG SB VU",
    ("Oceania", "Micronesia"): "GU KI MH NR PW",
    ("Oceania", "Polynesia"): "TO TV WS",
}
# Taiwan is not in M49, and Kosovo, whose code XK is user-assigned, not in ISO 3166-1
# either.
PLACE = {code: place for place, codes in M49.items() for code in codes.split()}
ALPHA_3 = {country.alpha_2: country.alpha_3 for country in pycountry.countries} | {
    "XK": "XKX"
}


def main():
    with open(HERE / "nationalities.csv", encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    with open(DATA / "nationalities.csv", encoding="utf-8") as file:
        of_model = {row["nationality"]: row for row in csv.DictReader(file)}
    with open(DATA / "nationalities.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        header = (
            "nationality alpha_2 alpha_3 millions subregion region scripts n_names "
            "recall"
        )
        writer.writerow(header.split())
        for row in rows:
            parts = row["millions"].split()
            countries = parts[::2]
            millions = parts[1::2]
            assert all(
                code in PLACE and float(n) > 0
                for code, n in zip(countries, millions, strict=True)
            )
            assert all(
                pycountry.scripts.get(alpha_4=code) for code in row["scripts"].split()
            )
            assert PLACE.keys() >= {*countries}
            region, subregion = PLACE[countries[0]]
            codes = " ".join(countries), " ".join(ALPHA_3[code] for code in countries)
            name = row["nationality"]
            old = of_model.get(row["nationality"], {})
            places = " ".join(millions), subregion, region, row["scripts"]
            writer.writerow(
                [name, *codes, *places, old.get("n_names", 0), old.get("recall", "")]
            )
    with open(HERE / "countries.csv", encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    with open(DATA / "countries.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow("alpha_2 alpha_3 country millions subregion region".split())
        for row in rows:
            code, (region, subregion) = row["alpha_2"], PLACE[row["alpha_2"]]
            assert float(row["millions"]) > 0
            writer.writerow(
                [
                    code,
                    ALPHA_3[code],
                    row["country"],
                    row["millions"],
                    subregion,
                    region,
                ]
            )
    write_regions()


def write_regions():
    """Write regions.csv from the tables of nationalities and countries."""
    with open(DATA / "nationalities.csv", encoding="utf-8") as file:
        nationalities = [*csv.DictReader(file)]
    with open(DATA / "countries.csv", encoding="utf-8") as file:
        countries = {row["alpha_2"]: row for row in csv.DictReader(file)}
    names = {code: [row["alpha_3"], row["country"]] for code, row in countries.items()}
    rows = []
    for row in nationalities:
        others = []
        for code in row["alpha_2"].split():
            names_of_country = names.setdefault(code, [])  # North Korea has no row
            others += [code, *names_of_country[:2]]
            names_of_country.append(row["nationality"])
        rows.append((row["nationality"], row, others))
    for code, row in countries.items():
        rows.append((code, row, names[code]))
    lines = ["label,subregion,region,names"]
    for label, row, others in rows:
        lines.append(f"{label},{row['subregion']},{row['region']},{';'.join(others)}")
    REGIONS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""The command that writes the folder people, run on clones with made-up names."""

import csv
import gzip
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tools.retrain import learned_rows, people, people_sources

ROOT = Path(__file__).parents[2]
# The rows of each table in the clones below that are training rows.
LEARNED = {
    "lifters": [
        ("Anna Kern", "DE", "country", ""),
        ("Iva Petrova", "BG", "meets", "Ива Петрова"),
    ],
    "rugby": [("Ann Roe", "NZ"), ("Ann Mary Roe", "NZ"), ("Ian Coe", "AU")],
    "state_legislators": [("Eva Doe", "US"), ("Luz García", "PR")],
    "weightlifters": [("ABADOU Rémi", "FR"), ("Tom Lorn", "GB"), ("Kim Vale", "US")],
    "ministers": [("Ana MORA", "AD"), ("Eve Poe", "AD"), ("Eve Poe", "FR")],
    "spellings": [
        ("Ann Roe", "Katakana", "アン・ロー"),
        ("Anna Kern-Au", "Hangul/deu", "아나 케른아우"),
    ],
}
LIFTS = {
    "AUS": "event,lifter\nOpen,Joe Marsh\n",
    "FFH": "event,lifter_name\nOpen,ABADOU Rémi\n",
    "NVF": "event,lifter_name\nOpen,Liv Dahl\n",
    "UK": "event,lifter\nOpen,TOM LORN\nOpen\n",
    "US": "event,lifter\nOpen,kim vale\n",
}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_leaders(home):
    """Write two government offices: of one country, and of two countries."""
    country = "http://williamrobertfunk.com/ontologies/country"
    leaders = "http://williamrobertfunk.com/ontologies/world-leaders"
    countries = {}
    for key, code in (("a", "ad"), ("f", "fr"), ("none", None)):
        codes = {f"{country}#countryCodeISO": code} if code else {}
        countries[key] = {"datatypeProperties": codes}
    offices = {}
    for office, keys, officials in (
        ("cabinet", "a", ["Ana MORA"]),
        ("shared", "af", ["Eve Poe"]),
    ):
        relations = [{f"{country}#hasCountry": {"@id": key}} for key in keys]
        for name in officials:
            label = {"http://www.w3.org/2000/01/rdf-schema#label": name}
            relations.append({f"{leaders}#hasGovernmentOfficial": label})
        relations.append({"other": {}})
        offices[office] = {"objectProperties": relations}
    path = home / "cia-world-leaders" / "dist" / "json" / "json.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        files = {"countries": countries, "government-offices": offices}
        for name, content in files.items():
            archive.writestr(f"dist/json/{name}.json", json.dumps(content))


def write_meet(home, number, country, entries):
    folder = home / "opl-data" / "meet-data" / "xpf" / number
    write(folder / "meet.csv", f"Federation,MeetCountry\nXPF,{country}\n")
    write(folder / "entries.csv", entries)


def make(learned=LEARNED):
    """Write the tables as if these rows were the training rows."""
    tables = dict(people.TABLES)
    for name, rows in learned.items():
        tables[name] = replace(tables[name], n_learned=len(rows))
    people.main([], tables, learned_rows.hashes_of(learned))


def read_table(home, name):
    content = (home / "people" / f"{name}.tsv.gz").read_bytes()
    lines = gzip.decompress(content).decode().splitlines()
    return [*csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


@pytest.fixture
def clones(home):
    """Write clones of all sources."""
    privacy = home / "opl-data" / "lifter-data" / "privacy.csv"
    write(privacy, "Name\nPia Private\n")
    entries = "\ufeffName,Country\nAnna Kern #2,Germany\nOtto Unlisted,Germany\n"
    write_meet(home, "0101", "Austria", entries)
    entries = "Name,CyrillicName\nIva Petrova,Ива Петрова\n"
    write_meet(home, "0102", "Bulgaria", entries)
    rugby = home / "RugbyScope" / "data"
    write(
        rugby / "dbpedia" / "tables" / "players.csv",
        "player,fullNames,birthPlaces\n"
        'x,Ann Roe; Ann Mary Roe (Rowe),"Auckland, New Zealand"\n'
        'y,Ian Coe,"Sydney, New South Wales"\n',
    )
    write(
        rugby / "wikipedia" / "japanese" / "raw" / "player_info.csv",
        "origName,wpPage\n"
        "Ann Roe,%E3%82%A2%E3%83%B3%E3%83%BB%E3%83%AD%E3%83%BC_(rugby)\n"
        "Ai Ito,%E4%BC%8A%E8%97%A4\n",
    )
    states = home / "openstates" / "data"
    write(states / "ca" / "retired" / "Eva-Doe.yml", "id: 1\nname: Eva Doe\n")
    write(states / "pr" / "legislature" / "Luz-Sol.yml", 'name: "Luz Garc\\xEDa"\n')
    write(states / "pr" / "committees" / "Water.yml", "jurisdiction: pr\n")
    for federation, lifts in LIFTS.items():
        write(home / "OpenWeightlifting" / "event_data" / federation / "1.csv", lifts)
    write_leaders(home)
    write(
        home / "hangulize" / "specs" / "deu.hsl",
        'rewrite:\n    "aa" -> "a"\n\ntest:\n    "Anna Kern-Au" -> "아나 케른아우"\n',
    )
    return home


def test_people_command_writes_sorted_tables_of_all_sources(clones, capsys):
    make()
    for name, rows in LEARNED.items():
        columns, *written = read_table(clones, name)
        assert columns == people.TABLES[name].columns
        assert written == sorted([*row] for row in rows)
    printed = capsys.readouterr().out
    assert "lifters: 2 rows, 2 expected; 1 other names left out" in printed


def test_people_command_writes_gzip_without_timestamp(clones):
    """With the time of writing, equal tables would have different bytes."""
    make()
    content = (clones / "people" / "lifters.tsv.gz").read_bytes()
    assert content[4:8] == bytes(4)  # the field for the time in RFC 1952


def test_lifters_with_two_countries_are_left_out(clones):
    write_meet(clones, "0201", "Germany", "Name,Country\nUwe Two,Germany\nJon Meet,\n")
    write_meet(clones, "0202", "England", "Name,Country\nUwe Two,Austria\nJon Meet,\n")
    write_meet(clones, "0203", "UK", "Name\nJon Meet\n")
    candidates = []
    for name in ("Uwe Two", "Jon Meet"):
        for alpha_2 in ("DE", "AT", "GB"):
            candidates.append((name, alpha_2, "country", ""))
            candidates.append((name, alpha_2, "meets", ""))
    with pytest.raises(SystemExit):
        make({"lifters": candidates})
    assert read_table(clones, "lifters")[1:] == []


def test_residents_have_one_nationality_and_one_country_of_meets(clones):
    rows = "Name,Country\nUwe Two,{}\nPia Private,UK\nJon Meet,\nAnn Home,England\n"
    write_meet(clones, "0201", "Scotland", rows.format("Germany"))
    write_meet(clones, "0202", "UK", rows.format("Austria"))
    write_meet(clones, "0203", "France", "Name,Country\nMia Moves,UK\n")
    write_meet(clones, "0204", "Spain", "Name,Country\nMia Moves,UK\n")
    assert sorted(people_sources.read_residents(people.OPL_DATA)) == [
        ("Ann Home", "GB", "GB"),
        ("Anna Kern", "DE", "AT"),
        ("Otto Unlisted", "DE", "AT"),
    ]


def test_lifter_with_two_spellings_has_spelling_of_training_row(clones):
    write_meet(
        clones, "0103", "Bulgaria", "Name,CyrillicName\nIva Petrova,Ива Петровa\n"
    )
    make()
    iva = read_table(clones, "lifters")[2]
    assert iva == ["Iva Petrova", "BG", "meets", "Ива Петрова"]


def test_lifters_who_asked_for_privacy_are_left_out(clones):
    write_meet(clones, "0301", "Germany", "Name,Country\nPia Private,Germany\n")
    with pytest.raises(SystemExit):
        make({"lifters": [("Pia Private", "DE", "country", "")]})
    assert read_table(clones, "lifters")[1:] == []


@pytest.mark.parametrize(
    ("places", "countries"),
    [
        ("Belfast, Northern Ireland", ["GB"]),
        ("Cork, Ireland", ["IE"]),
        ("Apia, Samoa", ["WS"]),
        ("Pago Pago, American Samoa", ["AS"]),
        ("Ireland; Samoa", []),
    ],
)
def test_rugby_players_have_country_of_longest_place_name(clones, places, countries):
    write(
        clones / "RugbyScope" / "data" / "dbpedia" / "tables" / "players.csv",
        f'fullNames,birthPlaces\nAnn Roe,"{places}"\n',
    )
    candidates = [("Ann Roe", code) for code in ("GB", "IE", "WS", "AS")]
    with pytest.raises(SystemExit):
        make({"rugby": candidates})
    rows = read_table(clones, "rugby")[1:]
    assert rows == [["Ann Roe", alpha_2] for alpha_2 in countries]


def test_people_command_with_other_row_counts_exits_and_names_tables(clones, capsys):
    write(
        clones / "openstates" / "data" / "ca" / "retired" / "Eva-Doe.yml", "name: X\n"
    )
    with pytest.raises(SystemExit, match="other numbers of rows in state_legislators"):
        make()
    assert "state_legislators: 1 rows, 2 expected" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("hangulize/specs/deu.hsl", "git clone .*hangulize/hangulize .*checkout"),
        ("opl-data/meet-data/xpf/0101/meet.csv", r"0101.meet\.csv, .*Check out the"),
    ],
    ids=["all files of a clone", "one file"],
)
def test_people_command_with_missing_file_names_file_or_clone_command(
    clones, file, message
):
    (clones / file).unlink()
    with pytest.raises(OSError, match=message):
        make()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("OpenWeightlifting/event_data/US/1.csv", "column lifter in .*1.csv, got .*id"),
        ("openstates/data/ca/retired/Eva-Doe.yml", "line 'name: ...' in .*Eva-Doe.yml"),
        ("hangulize/specs/deu.hsl", "examples after 'test:' in .*deu.hsl"),
    ],
    ids=["csv", "yml", "hsl"],
)
def test_people_command_with_unexpected_format_names_file(clones, file, message):
    write(clones / file, "id: 1\n")
    with pytest.raises(ValueError, match=f"Expected .*{message}"):
        make()


def test_hashes_of_training_rows_survive_round_trip(tmp_path):
    hashes = learned_rows.hashes_of(LEARNED)
    learned_rows.write_hashes(hashes, tmp_path / "rows.xz")
    assert learned_rows.read_hashes(tmp_path / "rows.xz") == hashes
    assert len(hashes) == sum(map(len, LEARNED.values()))


def test_number_of_shipped_hashes_equals_number_of_training_rows():
    n_learned = sum(table.n_learned for table in people.TABLES.values())
    assert len(learned_rows.read_hashes()) == n_learned


def test_retraining_page_has_command_for_each_clone():
    text = (ROOT / "tools/retrain/README.md").read_text(encoding="utf-8")
    for clone in people.CLONES:
        assert clone.command in text

"""Read people with their countries, and spellings, from clones of public repositories.

Each reader takes a `Clone` and yields rows of a table in the folder ``people``: tuples
with the columns that ``people.py`` names, in arbitrary order and with duplicates. Not
all of them are training rows; see `learned_rows`.
"""

import csv
import json
import re
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import unquote

from sknames.datasets import load_countries
from sknames.datasets._fetch_names import data_folder

# Names of countries in OpenPowerlifting that differ from those of `load_countries`.
OTHER_COUNTRIES = {
    "Czechia": "CZ",
    "England": "GB",
    "N.Ireland": "GB",
    "Scotland": "GB",
    "Tahiti": "PF",
    "UAE": "AE",
    "UK": "GB",
    "USA": "US",
    "Wales": "GB",
    "West Germany": "DE",
}
SPELLINGS_OF_LIFTERS = [
    "CyrillicName",
    "ChineseName",
    "JapaneseName",
    "KoreanName",
    "GreekName",
]
# Countries in the birth places of rugby players. Names that contain the name of another
# country come first.
COUNTRIES_OF_RUGBY = {
    "New South Wales": "AU",
    "Northern Ireland": "GB",
    "American Samoa": "AS",
    "Argentina": "AR",
    "Australia": "AU",
    "Canada": "CA",
    "Chile": "CL",
    "England": "GB",
    "Fiji": "FJ",
    "France": "FR",
    "Hong Kong": "HK",
    "Ireland": "IE",
    "Italy": "IT",
    "Japan": "JP",
    "Kenya": "KE",
    "Namibia": "NA",
    "New Zealand": "NZ",
    "Portugal": "PT",
    "Romania": "RO",
    "Russia": "RU",
    "Samoa": "WS",
    "Scotland": "GB",
    "South Africa": "ZA",
    "Spain": "ES",
    "Tonga": "TO",
    "United States": "US",
    "Uruguay": "UY",
    "Wales": "GB",
    "Zimbabwe": "ZW",
}
# The country of each national federation, and the name column in its files.
FEDERATIONS = {
    "AUS": ("AU", "lifter"),
    "FFH": ("FR", "lifter_name"),
    "NVF": ("NO", "lifter_name"),
    "UK": ("GB", "lifter"),
    "US": ("US", "lifter"),
}

_NUMBER_OF_NAMESAKE = re.compile(r" #\d+$")
_BRACKETS = re.compile(r"\s*\([^)]*\)")
_KATAKANA = re.compile("[ァ-ー]")  # with ・, which separates words
# "Anna Kern" -> "아나 케른"
_EXAMPLE = re.compile(r'"([^"]+)"\s*->\s*"([^"]+)"')
# í as YAML escapes it
_ESCAPED = re.compile(r"\\(?:x([0-9A-F]{2})|u([0-9A-F]{4}))", re.IGNORECASE)

# Keys of relations and names in the data of cia-world-leaders.
_COUNTRY = "http://williamrobertfunk.com/ontologies/country"
_LEADERS = "http://williamrobertfunk.com/ontologies/world-leaders"
_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"


@dataclass(frozen=True)
class Clone:
    """A clone of a GitHub repository in the data folder.

    Attributes
    ----------
    repository : str
        Owner and name of the repository.
    folder : str
        Name of the clone's folder.
    commit : str
    content : str
        The files and folders that are read, separated by spaces.
    """

    repository: str
    folder: str
    commit: str
    content: str

    @property
    def command(self):
        """The command that makes the clone."""
        return (
            "git clone --no-checkout --filter=blob:none "
            f"https://github.com/{self.repository} {self.folder} && "
            f"git -C {self.folder} checkout {self.commit} -- {self.content}"
        )

    def files(self, pattern):
        """Return the paths that match a pattern; raise OSError if there are none."""
        folder = data_folder(None)
        paths = sorted((folder / self.folder).glob(pattern))
        if not paths:
            raise OSError(
                f"Expected {self.folder}/{pattern} in {folder}, but it is not there. "
                f"Run `{self.command}` there."
            )
        return paths


def read_lifters(clone):
    """Yield lifters with one country: their own or, if unknown, that of their meets.

    Lifters who asked for privacy are left out.
    """
    places = defaultdict(set)
    spellings = defaultdict(set)
    for entry, country_of_meet in _entries(clone):
        name = entry["Name"]
        places[name].add((entry.get("Country", ""), country_of_meet))
        for column in SPELLINGS_OF_LIFTERS:
            spellings[name].add(entry.get(column, "").strip())
    alpha_2_of = _alpha_2_of_countries()
    for name, places_of_lifter in places.items():
        country, known_by = _country_of_lifter(places_of_lifter)
        if country in alpha_2_of:
            plain_name = _NUMBER_OF_NAMESAKE.sub("", name)
            for spelled in spellings[name] | {""}:
                yield plain_name, alpha_2_of[country], known_by, spelled


def read_residents(clone):
    """Yield lifters with one own country and one country of meets: name and both."""
    own = defaultdict(set)
    of_meets = defaultdict(set)
    for entry, country_of_meet in _entries(clone):
        name = entry["Name"]
        own[name].update(filter(None, [entry.get("Country", "")]))
        of_meets[name].add(country_of_meet)
    alpha_2_of = _alpha_2_of_countries()
    for name in own:
        codes = {alpha_2_of.get(country) for country in own[name]}
        codes_of_meets = {alpha_2_of.get(country) for country in of_meets[name]}
        if (
            len(codes) == len(codes_of_meets) == 1
            and None not in codes | codes_of_meets
        ):
            plain_name = _NUMBER_OF_NAMESAKE.sub("", name)
            yield plain_name, codes.pop(), codes_of_meets.pop()


def _entries(clone):
    """Yield the entries of all meets with the country of the meet.

    Lifters who asked for privacy are left out.
    """
    (path,) = clone.files("lifter-data/privacy.csv")
    private = {row["Name"] for row in _read_csv(path, ["Name"])}
    for path in clone.files("meet-data/**/entries.csv"):
        meet = next(_read_csv(path.with_name("meet.csv"), ["MeetCountry"]))
        for entry in _read_csv(path, ["Name"]):
            if entry["Name"] not in private:
                yield entry, meet["MeetCountry"]


def _country_of_lifter(places):
    """Return the country of a lifter and its evidence, "country" or "meets".

    Both are None if there is not exactly one country. England and the UK count as two.
    `places` has pairs of the lifter's own country, or "", and the country of the meet.
    """
    own = {country for country, _ in places if country}
    if len(own) == 1:
        return own.pop(), "country"
    of_meets = {country for _, country in places}
    if not own and len(of_meets) == 1:
        return of_meets.pop(), "meets"
    return None, None


def read_rugby_players(clone):
    """Yield all full names of rugby players who have one country of birth."""
    (path,) = clone.files("data/dbpedia/tables/players.csv")
    for player in _read_csv(path, ["fullNames", "birthPlaces"]):
        places = player["birthPlaces"]
        countries = set()
        for country, alpha_2 in COUNTRIES_OF_RUGBY.items():
            if country in places:
                countries.add(alpha_2)
                places = places.replace(country, "")
        if len(countries) == 1:
            (alpha_2,) = countries
            for name in player["fullNames"].split(";"):
                yield _BRACKETS.sub("", name).strip(), alpha_2


def read_state_legislators(clone):
    """Yield members of US state legislatures, governors and mayors."""
    for path in clone.files("data/*/*/*.yml"):
        state, kind = path.parts[-3:-1]
        if kind == "committees":
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        names = [line for line in lines if line.startswith("name: ")]
        if not names:
            raise ValueError(f"Expected a line 'name: ...' in {path}, got none.")
        name = names[0].removeprefix("name: ").strip("\"' ")
        name = _ESCAPED.sub(_unescaped, name)
        yield name, "PR" if state == "pr" else "US"


def _unescaped(match):
    """Return the character that a match of `_ESCAPED` stands for."""
    return chr(int(match[1] or match[2], 16))


def read_weightlifters(clone):
    """Yield lifters of national federations."""
    for federation, (alpha_2, column) in FEDERATIONS.items():
        for path in clone.files(f"event_data/{federation}/*.csv"):
            for lift in _read_csv(path, [column]):
                name = lift[column].strip()
                if name.isupper() or name.islower():
                    name = name.title()
                yield name, alpha_2


def read_ministers(clone):
    """Yield chiefs of state, cabinets and ambassadors of all countries."""
    (path,) = clone.files("dist/json/json.zip")
    with zipfile.ZipFile(path) as archive:
        countries = json.loads(archive.read("dist/json/countries.json"))
        offices = json.loads(archive.read("dist/json/government-offices.json"))
    alpha_2_of = {}
    for key, country in countries.items():
        code = country["datatypeProperties"].get(f"{_COUNTRY}#countryCodeISO", "")
        alpha_2_of[key] = code.upper()
    for office in offices.values():
        of_office = []
        officials = []
        for relation in office["objectProperties"]:
            if f"{_COUNTRY}#hasCountry" in relation:
                key = relation[f"{_COUNTRY}#hasCountry"]["@id"]
                of_office.append(alpha_2_of[key])
            elif f"{_LEADERS}#hasGovernmentOfficial" in relation:
                official = relation[f"{_LEADERS}#hasGovernmentOfficial"]
                officials.append(official[_LABEL])
        for name in officials:
            for alpha_2 in of_office:
                yield name, alpha_2


def read_katakana(clone):
    """Yield rugby players with the titles of their articles in Japanese Wikipedia."""
    (path,) = clone.files("data/wikipedia/japanese/raw/player_info.csv")
    for player in _read_csv(path, ["origName", "wpPage"]):
        title = unquote(player["wpPage"]).replace("_", " ")
        title = re.sub(r" ?\(.*\)$", "", title)
        if _KATAKANA.search(title):
            yield player["origName"].strip(), "Katakana", title


def read_hangul(clone):
    """Yield the names and words in hangulize's tests of each language."""
    for path in clone.files("specs/*.hsl"):
        examples = path.read_text(encoding="utf-8").partition("\ntest:\n")[2]
        if not examples:
            raise ValueError(f"Expected examples after 'test:' in {path}, got none.")
        for name, spelled in _EXAMPLE.findall(examples):
            yield name.strip(), f"Hangul/{path.stem}", spelled


def _read_csv(path, columns):
    """Yield the rows of a CSV file as dicts; the file must have these columns."""
    if not path.is_file():
        raise OSError(
            f"Expected {path}, but it is not there. Check out the commit that "
            "tools/retrain/README.md names."
        )
    # Some files begin with a byte order mark, and some rows lack their last cells.
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        for column in columns:
            if column not in (reader.fieldnames or []):
                raise ValueError(
                    f"Expected the column {column} in {path}, got "
                    f"{reader.fieldnames}. Check out the commit that "
                    "tools/retrain/README.md names."
                )
        yield from reader


def _alpha_2_of_countries():
    """Return the ISO 3166-1 code of each country, a dict by name."""
    countries = load_countries()
    codes = dict(zip(countries.country, countries.alpha_2, strict=True))
    return codes | OTHER_COUNTRIES

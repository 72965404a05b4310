"""Write docs/titles.md, which lists the words that are not read in a name.

Run ``PYTHONPATH=. python docs/titles.py`` after a change of sknames/_text/titles.ini.
"""

from configparser import ConfigParser
from pathlib import Path

import sknames

PAGE = Path(__file__).with_name("titles.md")
WORDS = Path(sknames.__file__).parent / "_text" / "titles.ini"
# Tables of the file, and what the page says of them.
TABLES = {
    "titles": "Titles in front of a name, or behind a comma",
    "following": "Behind such a title, as written here",
    "degrees": "Degrees and other suffixes behind a name",
    "initials": "Degrees that may be initials: dotted, behind a comma, or in capitals "
    "in a name with small letters",
    "offices": "Titles of office and honours that are not read behind a comma",
    "names": "Titles that are read unless two other words are left",
    "relative": "What follows is not read up to the next comma: relatives",
    "birth": "What follows is not read up to the next comma: names at birth",
    "born": "What follows is not read: places and dates of birth",
}


def page():
    """Return the text of the page."""
    parser = ConfigParser(delimiters="=", comment_prefixes="#", interpolation=None)
    parser.optionxform = str
    parser.read(WORDS, encoding="utf-8")
    parts = [
        "<!-- Written by `PYTHONPATH=. python docs/titles.py`. -->",
        "# Titles and degrees",
        "These words are not read in a [tidy](encoder.md#titles-and-other-forms) name, "
        "in upper or lower case, with or without a final dot unless the dot is listed. "
        "Numbers behind a comma are not read either. A name never vanishes.",
    ]
    for table, heading in TABLES.items():
        parts.append(f"## {heading}")
        rows = ["| language | words |", "|---|---|"]
        for language, words in parser[table].items():
            listed = " ".join(f"`{word}`" for word in words.split())
            rows.append(f"| {language} | {listed.replace('_', ' ')} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

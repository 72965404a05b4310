"""Write docs/titles.md, which lists the words that are ignored in a name.

Run ``PYTHONPATH=. python docs/titles.py`` after changing sknames/_text/titles.ini.
"""

from configparser import ConfigParser
from pathlib import Path

import sknames

PAGE = Path(__file__).with_name("titles.md")
WORDS = Path(sknames.__file__).parent / "_text" / "titles.ini"
# Tables of the file, and their headings on the page.
TABLES = {
    "titles": "Titles before a name, or after a comma",
    "following": "Words after such a title, spelled exactly as here",
    "degrees": "Degrees and other suffixes after a name",
    "initials": "Degrees that could be initials: ignored with dots, after a comma, or "
    "in capitals in a name with lower-case letters",
    "offices": "Titles of office and honours: ignored after a comma",
    "names": "Titles that are also names: ignored if two other words are left",
    "relative": "Relatives: text after these words is ignored, up to the next comma",
    "birth": "Names at birth: text after these words is ignored, up to the next comma",
    "born": "Places and dates of birth: all text after these words is ignored",
}


def page():
    """Return the text of docs/titles.md."""
    parser = ConfigParser(delimiters="=", comment_prefixes="#", interpolation=None)
    parser.optionxform = str
    parser.read(WORDS, encoding="utf-8")
    parts = [
        "<!-- Written by `PYTHONPATH=. python docs/titles.py`. -->",
        "# Titles and degrees",
        "When a name is [tidied](encoder.md#titles-and-other-forms), these words are "
        "ignored, in upper or lower case. A final dot is optional unless it is listed. "
        "Numbers after a comma are ignored as well. A name that consists only of such "
        "words is kept.",
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

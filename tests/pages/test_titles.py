"""docs/titles.md, which lists the words of titles.ini."""

from docs.titles import PAGE, TABLES, page
from sknames._text.titles import TIDY


def test_titles_page_lists_all_words_of_ini_file():
    text = PAGE.read_text(encoding="utf-8")
    assert text == page()
    for table in TABLES:
        for word in TIDY[table]:
            assert f"`{word}`" in text

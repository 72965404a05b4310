"""Write what commands print into pages of the documentation.

The output of a command stands between the comments ``<!-- NAME of COMMAND -->`` and
``<!-- end -->``.
"""

END = "<!-- end -->"


def write_blocks(pages, contents):
    """Replace the blocks of some commands in the pages that have them.

    Parameters
    ----------
    pages : list of Path
    contents : dict
        Maps the text of the first comment of a block to the new Markdown.

    Raises
    ------
    ValueError
        If no page has the first comment of a block, or if a block has no end. No page
        is changed in this case.
    """
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    for name, content in contents.items():
        mark = f"<!-- {name} -->\n"
        with_mark = [page for page, text in texts.items() if mark in text]
        if texts and not with_mark:
            listed = ", ".join(map(str, texts))
            raise ValueError(f"Expected {mark.strip()} in {listed}, and none has it.")
        for page in with_mark:
            before, _, rest = texts[page].partition(mark)
            _, end, after = rest.partition(END)
            if not end:
                raise ValueError(
                    f"Expected {END} behind {mark.strip()} in {page}, and it is not "
                    "there."
                )
            texts[page] = f"{before}{mark}\n{content.strip()}\n\n{end}{after}"
    for page, text in texts.items():
        page.write_text(text, encoding="utf-8")

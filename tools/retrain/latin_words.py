"""Write the table of words that `CharEncoder` reads in Latin: python -m tools.retrain.latin_words.

It needs the two collections that `spellings` reads.
"""

import lzma
from collections import Counter, defaultdict
from itertools import chain

from sknames._encoding.in_latin import LATIN_WORDS, WORD
from sknames._encoding.spelling import fold

from .recipe import person_of
from .spellings import LANGUAGES, read_spellings

# Of the six scripts whose collection counts people, a Latin word must be in so many. With five, the
# table takes a fourth of the bytes of all words, and costs foreigners one point.
MIN_SCRIPTS = 5


def latin_words(words):
    """Return the spellings of each Latin word, as lines of text.

    A spelling is of the Latin word that most people have. It is left out if it is transliterated to
    that anyway.

    Parameters
    ----------
    words : dict of dict of dict of int
        As in `Spellings`, of the scripts to read.
    """
    n_scripts = Counter(chain.from_iterable(words.values()))
    found = defaultdict(list)
    for of_script in words.values():
        counts = defaultdict(Counter)
        for latin, spellings in of_script.items():
            if n_scripts[latin] >= MIN_SCRIPTS:
                for spelling, count in spellings.items():
                    counts[spelling][latin] = count
        for spelling, several in counts.items():
            latin = max(several, key=lambda word: (several[word], word))
            if fold(spelling) != latin and WORD.fullmatch(spelling):
                found[latin].append(spelling)
    return "\n".join("\t".join([latin, *sorted(found[latin])]) for latin in sorted(found))


if __name__ == "__main__":
    all_words = read_spellings(person_of).words
    text = latin_words({script: all_words[script] for script in LANGUAGES.values()})
    LATIN_WORDS.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{text.count(chr(10)) + 1:,} Latin words with {text.count(chr(9)):,} spellings")

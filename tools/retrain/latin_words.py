"""Write the table of words that `CharEncoder` replaces by their Latin spelling.

Run ``python -m tools.retrain.latin_words``. It needs the collections that `spellings`
reads, and the sources of people.
"""

import lzma
from collections import Counter, defaultdict
from itertools import chain

from sknames._text.in_latin import LATIN_WORDS, WORD
from sknames.datasets import load_names

from .other_scripts import own_script
from .recipe import person_of, typical_people
from .spellings import LANGUAGES, read_spellings, script_of
from .tables import fold

# A Latin word is in the table if it has spellings in at least this many of the six
# scripts for which collections count people. Five make the table a quarter as large as
# all words would, and reduce the accuracy for foreigners by one percentage point.
MIN_SCRIPTS = 5
# A spelling is local if the package's lists have it, or if at least this share of the
# people with the word, and at least two of them, are locals. Without this rule, one
# Israeli in eight was classified as a foreigner.
LOCAL_SHARE = 0.2
# Added to the number of people of a nationality when shares are computed, so that
# nationalities have about equal weights, but lower ones if they have few people.
FEW = 1_000


def latin_words(words, local, min_scripts=MIN_SCRIPTS):
    """Return the spellings of each Latin word, as lines of text.

    The first line has the local spellings. Each other spelling belongs to the most
    frequent of its Latin words. Spellings are left out if transliteration by letters
    gives the same word.

    Parameters
    ----------
    words : dict of dict of dict of int
        Spellings in each script to read, as in `Spellings`.
    local : set of str
        Spellings of locals.
    min_scripts : int, default=MIN_SCRIPTS
        Number of scripts in which a Latin word must have a spelling.
    """
    n_scripts = Counter(chain.from_iterable(words.values()))
    found = defaultdict(list, {"": local})
    for of_script in words.values():
        counts = defaultdict(Counter)
        for latin, spellings in of_script.items():
            if n_scripts[latin] >= min_scripts:
                for spelling, count in spellings.items():
                    counts[spelling][latin] = count
        for spelling, several in counts.items():
            latin = max(several, key=lambda word: (several[word], word))
            if (
                fold(spelling) != latin
                and spelling not in local
                and WORD.fullmatch(spelling)
            ):
                found[latin].append(spelling)
    return "\n".join(
        "\t".join([latin, *sorted(found[latin])]) for latin in sorted(found)
    )


def local_words(words, people, lists):
    """Return the spellings of words that are names of locals.

    Parameters
    ----------
    words : dict of dict of dict of int
        Spellings in each script, as in `Spellings`.
    people : dict of list of str
        People as keys of `person_of`, by nationality.
    lists : iterable of str
        Names of locals, in their own scripts.
    """
    local = {word for name in lists for word in WORD.findall(name.lower())}
    local = {word for word in local if script_of(word[0]) in words}
    counts = defaultdict(Counter)
    for nationality, persons in people.items():
        for word in chain.from_iterable({*person.split()} for person in persons):
            counts[word][nationality] += 1
    for script, of_script in words.items():
        for latin in of_script.keys() & counts.keys():
            shares = {
                label: n / (len(people[label]) + FEW)
                for label, n in counts[latin].items()
            }
            of_locals = sum(
                n for label, n in shares.items() if own_script(label) == script
            )
            is_rare = counts[latin].total() < 2
            if of_locals >= LOCAL_SHARE * sum(shares.values()) and not is_rare:
                local |= of_script[latin].keys()
    return local


if __name__ == "__main__":
    all_words = read_spellings(person_of).words
    words = {script: all_words[script] for script in LANGUAGES.values()}
    people = defaultdict(set)
    for names_of in typical_people(load_names(script="all")).values():
        for nationality, names in names_of.items():
            people[nationality] |= {*map(person_of, names)}
    lists = load_names(script="native").data
    text = latin_words(words, local_words(words, people, lists))
    LATIN_WORDS.write_bytes(
        lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
    )
    print(f"{text.count(chr(10)):,} Latin words, {text.count(chr(9)):,} spellings")

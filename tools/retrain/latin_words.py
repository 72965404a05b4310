"""Write the table of words that `CharEncoder` spells in Latin script.

Run ``python -m tools.retrain.latin_words``. It needs the collections that `spellings`
reads, and those of people.
"""

import lzma
from collections import Counter, defaultdict
from itertools import chain

from sknames._text.in_latin import LATIN_WORDS, WORD
from sknames._text.spelling import fold
from sknames.datasets import load_names

from .other_scripts import own_script
from .recipe import person_of, typical_people
from .spellings import LANGUAGES, read_spellings, script_of

# Of the six scripts whose collection counts people, a Latin word must be in so many.
# With five, the table takes a fourth of the bytes of all words, and costs foreigners
# one point.
MIN_SCRIPTS = 5
# A word is a local's if a list of the package has it in its script, or if so large a
# share of its people are locals, and two at least. Without it, every eighth Israeli was
# called a foreigner.
LOCAL_SHARE = 0.2
# Nationalities count as if each had about as many people, but those with few count
# less.
FEW = 1_000


def latin_words(words, local, min_scripts=MIN_SCRIPTS):
    """Return the spellings of each Latin word, as lines of text.

    Those of locals come first. A spelling is of the Latin word that most people have.
    It is left out if it is transliterated to that anyway.

    Parameters
    ----------
    words : dict of dict of dict of int
        As in `Spellings`, of the scripts to read.
    local : set of str
        Spellings that locals have.
    min_scripts : int, default=MIN_SCRIPTS
        How many scripts must have a word.
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
    """Return the spellings of words that locals have.

    Parameters
    ----------
    words : dict of dict of dict of int
        As in `Spellings`.
    people : dict of list of str
        Keys of `person_of` of people, by nationality.
    lists : iterable of str
        Names of locals, in their scripts.
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

"""Spell sounds in scripts that ICU has no rules for.

The letters are those of a block of Unicode. What a letter is in ASCII says which sound
it stands for. Where several stand for one, any is drawn, so that all are learned. Words
as people write them are in `words_in_scripts.csv`.
"""

import re
import unicodedata
from functools import cache

from anyascii import anyascii

# The first and the last letter of those in use.
BLOCKS = {
    "Burmese": "ကှ",
    "Khmer": "ក៌",
    "Lao": "ກໝ",
    "Tibetan": "ཀྺ",
    "Thaana": "ހޱ",
    "Ethiopic": "ሀፚ",
    "Sinhala": "අෟ",
}
# Letters that nobody's name has, by their names in Unicode.
OF_HOLY_TEXTS = re.compile("LAO LETTER (PALI|SANSKRIT)")
LETTERS_AS_MARKS = "ະາຳ"  # vowels of Lao that follow a consonant
# Vowels of Lao that are written before the consonant that they follow in speech.
WRITTEN_BEFORE = re.compile("([ກ-ຮໜໝ])([ເ-ໄ])")
# What stands for a sound that a script lacks.
SIMILAR = dict(
    pair.split("=")
    for pair in "sh=s ch=c c=k ts=s th=t kh=k zh=j x=ks q=k f=p v=w w=v z=s j=ch y=i "
    "b=p d=t g=k ö=o ü=u ï=i o=u u=o e=i".split()
)


def to_block(sounds, script, rng):
    """Write sounds in a script of `BLOCKS`: vowels behind consonants are signs."""
    letters, signs, carrier, pattern = _letters(script)
    written = ""
    is_behind = False
    for found in pattern.finditer(sounds):
        sound = found[0]
        for _ in range(2):  # what is similar may be missing, too
            if sound not in letters and sound not in signs:
                sound = SIMILAR.get(sound, sound)
        is_sign = sound in signs and (is_behind or sound not in letters)
        choice = (signs if is_sign else letters).get(
            sound, [" " if sound == " " else ""]
        )
        written += carrier if is_sign and not is_behind else ""
        written += choice[rng.randint(len(choice))]
        is_behind = sound[-1] not in "aeiou "
    return WRITTEN_BEFORE.sub(r"\2\1", written)


@cache
def _letters(script):
    """Return the letters and vowel signs of a script, and a pattern of all sounds.

    Letters and signs are dicts by sound. Between them and the pattern stands the letter
    without a sound, which carries a sign that no consonant does.
    """
    letters = {}
    signs = {}
    carrier = ""
    for character in map(
        chr, range(ord(BLOCKS[script][0]), ord(BLOCKS[script][1]) + 1)
    ):
        if OF_HOLY_TEXTS.match(unicodedata.name(character, "")):
            continue
        sound = anyascii(character).lower().replace("'", "")
        category = unicodedata.category(character)[0]
        is_mark = category == "M" or character in LETTERS_AS_MARKS
        if sound.isalpha() and (not is_mark or sound[0] in "aeiou"):
            (signs if is_mark else letters).setdefault(sound, []).append(character)
        elif category == "L" and not sound and not carrier:
            carrier = character
    sounds = sorted({*letters, *signs, *SIMILAR, " "}, key=len, reverse=True)
    return letters, signs, carrier, re.compile("|".join(sounds))

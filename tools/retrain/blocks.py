"""Spell sounds in scripts for which ICU has no rules.

The letters of a script are those of its Unicode block, and the ASCII transliteration of
a letter is its sound. If several letters have the same sound, one is drawn at random,
so that the model learns all of them. `words_in_scripts.csv` has words as people write
them.
"""

import re
import unicodedata
from functools import cache

from anyascii import anyascii

# The first and the last letter in use.
BLOCKS = {
    "Burmese": "ကှ",
    "Khmer": "ក៌",
    "Lao": "ກໝ",
    "Tibetan": "ཀྺ",
    "Thaana": "ހޱ",
    "Ethiopic": "ሀፚ",
    "Sinhala": "අෟ",
}
# Unicode names of letters that only Pali and Sanskrit texts use, not names.
PALI_OR_SANSKRIT = re.compile("LAO LETTER (PALI|SANSKRIT)")
LETTERS_AS_MARKS = "ະາຳ"  # Lao vowels that follow a consonant
# Lao vowels that are written before the consonant after which they are spoken.
WRITTEN_BEFORE = re.compile("([ກ-ຮໜໝ])([ເ-ໄ])")
# The sound that replaces a sound for which a script has no letter.
SIMILAR = dict(
    pair.split("=")
    for pair in "sh=s ch=c c=k ts=s th=t kh=k zh=j x=ks q=k f=p v=w w=v z=s j=ch y=i "
    "b=p d=t g=k ö=o ü=u ï=i o=u u=o e=i".split()
)


def to_block(sounds, script, rng):
    """Write sounds in a script of `BLOCKS`; vowels after consonants become signs."""
    letters, signs, carrier, pattern = _letters(script)
    written = ""
    is_behind = False
    for found in pattern.finditer(sounds):
        sound = found[0]
        for _ in range(2):  # a script may lack the similar sound, too
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
    """Return letters by sound, vowel signs by sound, the carrier, and a pattern.

    The carrier is the letter without a sound on which a sign is written if there is no
    consonant. The pattern matches all sounds.
    """
    letters = {}
    signs = {}
    carrier = ""
    for character in map(
        chr, range(ord(BLOCKS[script][0]), ord(BLOCKS[script][1]) + 1)
    ):
        if PALI_OR_SANSKRIT.match(unicodedata.name(character, "")):
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

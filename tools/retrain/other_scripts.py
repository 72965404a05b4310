"""Spell people's names in other scripts, roughly as the languages written in them do.

A name in Latin letters becomes sounds by rules of its own language (`sounds.csv`), and the sounds
become letters (`letters.csv`), syllables (Hangul) or what ICU makes of them (Devanagari, Thai).
Where practice differs, a letter is drawn at random, once for each name.
"""

import re
import unicodedata
from functools import cache

from .tables import read_table

# How often people are spelled in each script: about as often as one meets foreigners in it.
WEIGHTS = {
    "Cyrillic": 5,
    "Greek": 1.5,
    "Arabic": 2.5,
    "Hebrew": 1.5,
    "Hangul": 1.5,
    "Georgian": 1,
    "Armenian": 1,
    "Devanagari": 1.5,
    "Thai": 1,
}
# Spellings of a script, and how often each is taken.
SPELLINGS = {
    "Cyrillic": {"ru": 0.55, "uk": 0.15, "bg": 0.15, "sr": 0.15},
    "Arabic": {"": 0.75, "fa": 0.25},
}
# Nationalities that write in a script, with the spelling that they use.
LOCALS = {
    "Russian": "Cyrillic ru",
    "Belarusian": "Cyrillic ru",
    "Ukrainian": "Cyrillic uk",
    "Bulgarian": "Cyrillic bg",
    "Serbian": "Cyrillic sr",
    "Macedonian": "Cyrillic sr",
    "Kazakh": "Cyrillic ru",
    "Kyrgyz": "Cyrillic ru",
    "Mongolian": "Cyrillic ru",
    "Uzbek": "Cyrillic ru",
    "Greek": "Greek",
    "Arabic": "Arabic local",
    "Persian": "Arabic fa",
    "Afghan": "Arabic fa",
    "Pakistani": "Arabic fa",
    "Hebrew": "Hebrew",
    "Korean": "Hangul",
    "Georgian": "Georgian",
    "Armenian": "Armenian",
    "Indian": "Devanagari",
    "Nepali": "Devanagari",
    "Thai": "Thai",
}
# How ICU writes sounds.
ICU_SOUNDS = {
    "Devanagari": "sh=ś ch=c zh=ś kh=kh ts=ts th=th a=ā e=ē o=ō ö=ē ü=yū ï=i t=ṭ d=ḍ w=v c=k x=ks "
    "q=k",
    "Thai": "sh=ch zh=ch kh=kh ts=s th=th ö=oe ü=yu ï=i w=w c=k x=ks q=k v=w z=s g=k",
}
# Places of the parts of a syllable of Hangul in Unicode.
INITIAL = {c: k for k, c in enumerate("g kk n d tt r m b pp s ss _ j jj ch k t p h".split())}
INITIAL |= {"l": 5, "f": 17, "v": 7, "z": 12, "sh": 9, "ts": 14, "zh": 12, "th": 9, "kh": 18}
INITIAL |= {"q": 15, "c": 15, "x": 9}
MEDIAL = "a ɛ ya yɛ ʌ e yʌ ye o wa wɛ oe yo u wo we wi yu ï ui i".split()
MEDIAL = {c: k for k, c in enumerate(MEDIAL)} | {"ö": 11, "ü": 16}
FINAL = {"n": 4, "m": 16, "l": 8, "ng": 21, "k": 1, "p": 17}


def spell(name, nationality, script, rng):
    """Spell a name in Latin letters in a script, as its nationality or a foreign language does."""
    local = LOCALS.get(nationality, "")
    if local.split()[0:1] == [script]:
        spelling = local
    else:
        shares = SPELLINGS.get(script, {"": 1})
        spelling = f"{script} {rng.choice([*shares], p=[*shares.values()])}".strip()
    sounds = to_sounds(name, nationality, script)
    if not spelling.startswith("Cyrillic") or rng.random_sample() < 0.5:
        sounds = re.sub(r"([^\W\d_])\1+", r"\1", sounds)
    if script == "Hangul":
        spelled = to_hangul(sounds)
    elif script in ICU_SOUNDS:
        spelled = _with_icu(sounds, script)
    else:
        spelled = _to_letters(sounds, spelling, rng)
    if script == "Greek":
        spelled = _accented(spelled, rng)
    elif script == "Hebrew":
        spelled = re.sub(r"[כמנפצ]\b(?!')", lambda found: "ךםןףץ"["כמנפצ".index(found[0])], spelled)
    return unicodedata.normalize("NFC", spelled)


@cache
def _all_rules():
    """Return the rules of each nationality, or of a nationality in a script."""
    return {
        key: row["rules"] for row in read_table("sounds.csv") for key in _keys(row["nationalities"])
    }


@cache
def _rules(nationality, script):
    """Return the rules of a nationality, which may have others for a script."""
    rules_of = _all_rules()
    keys = (f"{nationality}:{script}", nationality, "generic")
    own = next(rules_of[key] for key in keys if key in rules_of)
    pairs = (rule.split(">") for rule in own.split())
    return [(re.compile(pattern), sound) for pattern, sound in pairs]


def _keys(nationalities):
    return [nationalities] if ":" in nationalities else nationalities.split()


def to_sounds(name, nationality, script):
    """Write a name as it sounds, in Latin letters: ch, kh, th, j as in John, y as in you."""
    name = unicodedata.normalize("NFC", name.lower().replace("’", "'"))
    if nationality == "Vietnamese":
        name = _without_marks(name)
    for pattern, sound in _rules(nationality, script):
        name = pattern.sub(sound, name)  # in capitals, which no later rule changes
    name = name.lower().replace("ı", "ï")
    return unicodedata.normalize("NFC", _without_marks(name, keep="öüï")).translate(
        {ord("ø"): "ö", ord("æ"): "e", ord("ł"): "l", ord("đ"): "d", ord("ð"): "d", ord("ß"): "s"}
        | {ord("þ"): "th", ord("ə"): "a", ord("'"): ""}
    )


def _without_marks(name, keep=""):
    return "".join(
        c
        if c in keep or not c.isalpha() or (ord(c) > 0x24F and ord(c) < 0x1E00)
        else "".join(d for d in unicodedata.normalize("NFD", c) if not unicodedata.combining(d))
        for c in name
    )


@cache
def _letters(spelling):
    """Return a pattern of the sounds of a spelling, the longest first, and the letters of each."""
    rows = {row["script"]: row["letters"] for row in read_table("letters.csv")}
    pairs = (pair.split("=") for pair in rows[spelling].split(" ") if "=" in pair)
    letters_of = {sound: letters.split("|") for sound, letters in pairs}
    sounds = sorted(letters_of, key=lambda sound: (-len(sound.strip("^$")), -len(sound)))
    parts = (sound.replace("^", r"\b").replace("$", r"\b") for sound in sounds)
    return re.compile("|".join(f"({part})" for part in parts)), sounds, letters_of


def _to_letters(sounds, spelling, rng):
    pattern, keys, letters_of = _letters(spelling)
    chosen = {
        sound: letters[rng.randint(len(letters))] if len(letters) > 1 else letters[0]
        for sound, letters in letters_of.items()
    }
    return pattern.sub(lambda found: chosen[keys[found.lastindex - 1]], sounds)


def _accented(name, rng):
    """Set the accent that Greek words of several syllables have, on one of the last two vowels."""
    words = []
    for word in name.replace("σ ", "ς ").split(" "):
        word = word[:-1] + "ς" if word.endswith("σ") else word
        vowels = [found.end() - 1 for found in re.finditer("ου|αι|ει|οι|[αεηιουω]", word)]
        if len(vowels) > 1:
            place = vowels[-1 - (rng.random_sample() < 0.6)]
            word = word[: place + 1] + "\u0301" + word[place + 1 :]
        words.append(word)
    return " ".join(words)


@cache
def _transliterator(script):
    """Return ICU's transliterator, a pattern of the sounds, and what ICU calls each."""
    import icu  # which only a training with people needs

    pairs = dict(pair.split("=") for pair in ICU_SOUNDS[script].split())
    pattern = re.compile("|".join(sorted(pairs, key=len, reverse=True)))
    return icu.Transliterator.createInstance(f"Latin-{script}"), pattern, pairs


def _with_icu(sounds, script):
    transliterator, pattern, pairs = _transliterator(script)
    spelled = transliterator.transliterate(pattern.sub(lambda sound: pairs[sound[0]], sounds))
    spelled = re.sub(r"्(?=\s|$)", "", spelled)  # Hindi writes no sign for a missing last vowel
    return re.sub(r"(?<![\u0e00-\u0e7f])(?=[ะาิีึืุู])", "อ", spelled)  # Thai has no initial vowels


_SYLLABLE = re.compile(
    r"(?P<first>kk|tt|pp|ss|jj|sh|ch|ts|zh|th|kh|[bcdfghjklmnpqrstvxz]?)"
    r"(?P<vowel>y[aeouʌ]|w[aeio]|[aeiouöüïʌɛ])"
    r"(?P<last>(?:ng|[nmlkp])(?![aeiouöüïʌɛyw]))?"
    r"|(?P<alone>sh|ch|ts|zh|th|kh|[bcdfghjklmnpqrstvwxyz])"
)


def to_hangul(sounds):
    """Write sounds in syllables of Hangul; a consonant alone gets the vowel eu."""

    def syllable(found):
        first, vowel, last = (found[key] or "" for key in ("first", "vowel", "last"))
        if alone := found["alone"]:
            first = "" if alone in "yw" else alone
            vowel = {"w": "u", "y": "i", "sh": "i", "zh": "i", "ch": "i"}.get(alone, "ï")
        if first == "sh":
            vowel = {"a": "ya", "e": "ye", "i": "wi", "o": "yo", "u": "yu"}.get(vowel, vowel)
        initial = INITIAL[first or "_"]
        return chr(0xAC00 + (initial * 21 + MEDIAL[vowel]) * 28 + FINAL.get(last, 0))

    return _SYLLABLE.sub(syllable, sounds)

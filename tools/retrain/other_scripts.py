"""Spell people's names in other scripts, roughly as the languages written in them do.

A name in Latin letters becomes sounds by rules of its own language (`sounds.csv`), and
the sounds become letters (`letters.csv`), syllables (Hangul, Thai) or what ICU makes of
them (in India). Where practice differs, a letter is drawn at random, once for each
name.
"""

import re
import unicodedata
from functools import cache, lru_cache

from .blocks import BLOCKS, to_block
from .tables import draw, read_table

# Spellings of a script, and how often each is taken.
SPELLINGS = {
    "Cyrillic": {"ru": 0.55, "uk": 0.15, "bg": 0.15, "sr": 0.15},
    "Arabic": {"": 0.75, "fa": 0.25},
}
# Spellings whose words no collection has by themselves.
WITHOUT_WORDS = {"Cyrillic uk", "Cyrillic bg", "Cyrillic sr", "Arabic fa"}
# What stands between the words of a name, and for a hyphen, and how often.
BETWEEN_WORDS = {
    "Han": {
        "·": 0.7,
        " ": 0.1,
        "・": 0.06,
        "‧": 0.05,
        "•": 0.04,
        "．": 0.03,
        "-": 0.02,
    },
    "Katakana": {"・": 0.75, " ": 0.12, "･": 0.04, "＝": 0.03, "=": 0.03, "·": 0.03},
}
FOR_HYPHENS = {
    "Han": {"-": 0.9, "": 0.1},
    "Katakana": {"＝": 0.4, "・": 0.3, "=": 0.2, "-": 0.1},
    "Hangul": {"": 0.6, "-": 0.2, " ": 0.2},
}
# Scripts without rules of sound: all words of a name must be in a collection.
WITHOUT_RULES = {"Han", "Katakana"}
# Nationalities whose names are written in Han without marks between words.
WRITE_HAN = {"Chinese", "Japanese", "Korean", "Vietnamese"}
# Surnames that are the same in both kinds of characters, though other words of them are
# not.
SAME_SURNAMES = "余于范岳涂游郁"
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
    "Bengali": "Bengali",
    "Indian": "Devanagari",
    "Nepali": "Devanagari",
    "Thai": "Thai",
    "Burmese": "Burmese",
    "Cambodian": "Khmer",
    "Ethiopian": "Ethiopic",
    "Sinhalese": "Sinhala",
    "Tibetan": "Tibetan",
    "Laotian": "Lao",
    "Maldivian": "Thaana",
    "Bhutanese": "Tibetan",
    "Eritrean": "Ethiopic",
}
# Scripts in which some of a nationality write besides.
OTHERS_OF_LOCALS = {
    "Indian": (
        "Tamil",
        "Telugu",
        "Malayalam",
        "Kannada",
        "Gujarati",
        "Gurmukhi",
        "Oriya",
    ),
    "Sinhalese": ("Tamil",),
}
# Scripts of India, and how ICU writes sounds in them.
INDIC = "Devanagari", "Bengali", *OTHERS_OF_LOCALS["Indian"]
ICU_SOUNDS = dict(
    pair.split("=")
    for pair in (
        "sh=ś ch=c zh=ś kh=kh ts=ts th=th a=ā e=ē o=ō ö=ē ü=yū ï=i t=ṭ d=ḍ w=v c=k "
        "x=ks q=k"
    ).split()
)
_ICU_SOUND = re.compile("|".join(sorted(ICU_SOUNDS, key=len, reverse=True)))
# Consonants of Thai, several where practice differs; vowels around a consonant (_) at
# the end of a syllable, and within it; and consonants at the end.
THAI_FIRST = (
    "b=บ p=ป|พ d=ด t=ต|ท k=ก|ค g=ก kh=ค ch=ช j=จ f=ฟ v=ว w=ว s=ส|ซ sh=ช z=ซ zh=ช h=ฮ "
    "l=ล r=ร m=ม n=น y=ย ts=ซ th=ท q=ค c=ค x=ซ ng=ง =อ"
)
THAI_OPEN = "a=_า e=เ_ i=_ี o=โ_ u=_ู ö=เ_อ ü=_ู ï=_ึ"
THAI_CLOSED = "a=_ั e=เ_็ i=_ิ o=_อ u=_ุ ö=เ_ิ ü=_ุ ï=_ึ"
THAI_LAST = (
    "ng=ง th=ธ sh=ช ch=ช kh=ค n=น m=ม l=ล k=ก p=ป t=ต d=ด b=บ s=ส r=ร์ f=ฟ g=ก v=ฟ"
)
THAI = [
    dict(pair.split("=") for pair in pairs.split())
    for pairs in (THAI_FIRST, THAI_OPEN, THAI_CLOSED, THAI_LAST)
]
# Places of the parts of a syllable of Hangul in Unicode.
INITIAL = {
    c: k for k, c in enumerate("g kk n d tt r m b pp s ss _ j jj ch k t p h".split())
}
INITIAL |= {
    "l": 5,
    "f": 17,
    "v": 7,
    "z": 12,
    "sh": 9,
    "ts": 14,
    "zh": 12,
    "th": 9,
    "kh": 18,
}
INITIAL |= {"q": 15, "c": 15, "x": 9}
MEDIAL = "a ɛ ya yɛ ʌ e yʌ ye o wa wɛ oe yo u wo we wi yu ï ui i".split()
MEDIAL = {c: k for k, c in enumerate(MEDIAL)} | {"ö": 11, "ü": 16}
FINAL = {"n": 4, "m": 16, "l": 8, "ng": 21, "k": 1, "p": 17}


def spell_person(name, nationality, script, spellings, person, rng):
    """Spell a name as a source has it, and otherwise by rules.

    A source may have the whole name or its words. Return None if a word is in no
    source, and the script has no rules. `spellings` are of `read_spellings`, and
    `person` is the key of the person there.
    """
    if whole := spellings.people[script].get(person):
        return whole
    if (nationality, script) == ("Korean", "Hangul"):
        return None  # for a given name is one word, and the collections have its parts
    spelling = _spelling(nationality, script, rng)
    if spelling in WITHOUT_WORDS:
        return spell(name, nationality, spelling, rng)
    spelled = []
    for word in name.split():
        sounds = to_sounds(word, nationality, script)
        known = spellings.word(word, sounds, script, rng)
        if not known and script in WITHOUT_RULES:
            return None
        spelled.append(known or spell(word, nationality, spelling, rng))
    between, hyphen = (
        draw(marks, rng)
        for marks in (
            BETWEEN_WORDS.get(script, {" ": 1}),
            FOR_HYPHENS.get(script, {"-": 1}),
        )
    )
    spelled = between.join(word.replace("-", hyphen) for word in spelled)
    return in_han(spelled, rng.randint(2)) if script == "Han" else spelled


def own_script(nationality):
    """Return the script that a nationality writes in, or "" if it is Latin or Han."""
    return LOCALS.get(nationality, "").partition(" ")[0]


def _spelling(nationality, script, rng):
    """Return the spelling of a script that a nationality uses.

    For foreigners, draw that of a language.
    """
    if own_script(nationality) == script:
        return LOCALS[nationality]
    shares = SPELLINGS.get(script, {"": 1})
    return f"{script} {draw(shares, rng)}".strip()


def spell(name, nationality, spelling, rng):
    """Spell a name in Latin letters by rules.

    They are those of its nationality or of a foreign language.
    """
    script = spelling.split()[0]
    sounds = to_sounds(name, nationality, script)
    if not spelling.startswith("Cyrillic") or rng.random_sample() < 0.5:
        sounds = re.sub(r"([^\W\d_])\1+", r"\1", sounds)
    if script == "Hangul":
        spelled = to_hangul(sounds)
    elif script in INDIC:
        spelled = to_indic(sounds, script)
    elif script == "Thai":
        spelled = to_thai(sounds, rng)
    elif script in BLOCKS:
        spelled = to_block(sounds, script, rng)
    else:
        spelled = _to_letters(sounds, spelling, rng)
    if script == "Greek":
        spelled = _accented(spelled, rng)
    elif script == "Hebrew":
        spelled = re.sub(
            r"[כמנפצ]\b(?!')", lambda found: "ךםןףץ"["כמנפצ".index(found[0])], spelled
        )
    return unicodedata.normalize("NFC", spelled)


@cache
def _all_rules():
    """Return the rules of each nationality, or of a nationality in a script."""
    return {
        key: row["rules"]
        for row in read_table("sounds.csv")
        for key in _keys(row["nationalities"])
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


@lru_cache(1 << 20)
def to_sounds(name, nationality, script):
    """Write a name as it sounds, in Latin letters.

    Examples are ch, kh, th, j as in John, and y as in you.
    """
    name = unicodedata.normalize("NFC", name.lower().replace("’", "'"))
    if nationality == "Vietnamese":
        name = _without_marks(name)
    for pattern, sound in _rules(nationality, script):
        name = pattern.sub(sound, name)  # in capitals, which no later rule changes
    name = name.lower().replace("ı", "ï")
    return unicodedata.normalize("NFC", _without_marks(name, keep="öüï")).translate(
        {
            ord("ø"): "ö",
            ord("æ"): "e",
            ord("ł"): "l",
            ord("đ"): "d",
            ord("ð"): "d",
            ord("ß"): "s",
        }
        | {ord("þ"): "th", ord("ə"): "a", ord("'"): ""}
    )


def _without_marks(name, keep=""):
    return "".join(
        c
        if c in keep or not c.isalpha() or (ord(c) > 0x24F and ord(c) < 0x1E00)
        else "".join(
            d for d in unicodedata.normalize("NFD", c) if not unicodedata.combining(d)
        )
        for c in name
    )


@cache
def _letters(spelling):
    """Return a pattern of the sounds of a spelling, the sounds, and their letters.

    The longest sounds come first.
    """
    rows = {row["script"]: row["letters"] for row in read_table("letters.csv")}
    pairs = (pair.split("=") for pair in rows[spelling].split(" ") if "=" in pair)
    letters_of = {sound: letters.split("|") for sound, letters in pairs}
    sounds = sorted(
        letters_of, key=lambda sound: (-len(sound.strip("^$")), -len(sound))
    )
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
    """Set the accent of Greek words of several syllables.

    It is on one of the last two vowels.
    """
    words = []
    for word in name.replace("σ ", "ς ").split(" "):
        word = word[:-1] + "ς" if word.endswith("σ") else word
        vowels = [
            found.end() - 1 for found in re.finditer("ου|αι|ει|οι|[αεηιουω]", word)
        ]
        if len(vowels) > 1:
            place = vowels[-1 - (rng.random_sample() < 0.6)]
            word = word[: place + 1] + "\u0301" + word[place + 1 :]
        words.append(word)
    return " ".join(words)


@cache
def _transliterator(kind):
    import icu  # which only a training with people needs

    return icu.Transliterator.createInstance(kind)


def to_indic(sounds, script):
    """Write sounds in a script of India."""
    sounds = _ICU_SOUND.sub(lambda sound: ICU_SOUNDS[sound[0]], sounds)
    spelled = _transliterator(f"Latin-{script}").transliterate(sounds)
    # Hindi and Bengali write no sign for a missing last vowel.
    return re.sub(r"[्্](?=\s|$)", "", spelled)


_THAI_SYLLABLE = re.compile(
    r"(?P<first>sh|ch|ts|zh|th|kh|[bcdfghjklmnpqrstvwxyz]?)(?P<vowel>[aeiouöüï])"
    r"(?P<last>(?:ng|th|sh|ch|kh|[nmlkptdbsrfgv])(?![aeiouöüïyw]))?"
    r"|(?P<alone>sh|ch|ts|zh|th|kh|ng|[bcdfghjklmnpqrstvwxyz])(?P<is_last>\b)?"
)
# Above a consonant that is not spoken, as the last one of เจมส์ (James).
THAI_SILENT = "์"


def to_thai(sounds, rng):
    """Write sounds in Thai, whose vowels stand around their consonants."""
    first, of_open, of_closed, last = THAI
    first = {sound: rng.choice(letters.split("|")) for sound, letters in first.items()}

    def syllable(match):
        if alone := match["alone"]:
            is_last = match["is_last"] is not None
            return first[alone] + (THAI_SILENT if is_last else "")
        end = match["last"] or ""
        vowel = (of_closed if end else of_open)[match["vowel"]]
        return vowel.replace("_", first[match["first"]]) + last.get(end, "")

    return _THAI_SYLLABLE.sub(syllable, sounds)


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
            vowel = {"w": "u", "y": "i", "sh": "i", "zh": "i", "ch": "i"}.get(
                alone, "ï"
            )
        if first == "sh":
            vowel = {"a": "ya", "e": "ye", "i": "wi", "o": "yo", "u": "yu"}.get(
                vowel, vowel
            )
        initial = INITIAL[first or "_"]
        return chr(0xAC00 + (initial * 21 + MEDIAL[vowel]) * 28 + FINAL.get(last, 0))

    return _SYLLABLE.sub(syllable, sounds)


@cache
def _chinese(kind):
    from opencc import OpenCC  # which only a training with people needs

    return OpenCC(("t2s", "s2t")[kind])


def in_han(name, kind):
    """Write a name in simplified (0) or traditional (1) Chinese characters."""
    same = name[:1] if name[:1] in SAME_SURNAMES else ""
    return same + _chinese(kind).convert(name[len(same) :])


def to_katakana(name):
    """Write a Japanese name in Latin letters in Katakana."""
    return _transliterator("Latin-Katakana").transliterate(name.lower())

"""Spell people's names in other scripts, roughly as speakers of other languages do.

Rules of the name's own language (`sounds.csv`) turn Latin letters into sounds. The
sounds are then written as letters (`letters.csv`), as syllables (Hangul, Thai), or by
ICU (scripts of India). Where usage varies, a letter is drawn at random for each name.
"""

import re
import unicodedata
from functools import cache, lru_cache

from .blocks import BLOCKS, to_block
from .tables import draw, read_table

# Languages whose rules spell foreigners in a script, and how often each is used.
SPELLINGS = {
    "Cyrillic": {"ru": 0.55, "uk": 0.15, "bg": 0.15, "sr": 0.15},
    "Arabic": {"": 0.75, "fa": 0.25},
}
# Spellings for which there is no collection of words.
WITHOUT_WORDS = {"Cyrillic uk", "Cyrillic bg", "Cyrillic sr", "Arabic fa"}
# Marks between the words of a name, and in place of a hyphen, with their shares.
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
# Scripts without rules: all words of a name must be in a collection.
WITHOUT_RULES = {"Han", "Katakana"}
# Nationalities whose names are written in Han without marks between words.
WRITE_HAN = {"Chinese", "Japanese", "Korean", "Vietnamese"}
# Characters that are not converted as surnames, although they are in other words.
SAME_SURNAMES = "余于范岳涂游郁"
# The spelling that each nationality with a script other than Latin or Han uses.
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
# Other scripts that a part of a nationality uses.
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


def _pairs(text):
    """Return the pairs of a text, such as "sh=ś ch=c", as a dict."""
    return dict(pair.split("=") for pair in text.split())


# Scripts of India, and the input by which ICU writes sounds in them.
INDIC = "Devanagari", "Bengali", *OTHERS_OF_LOCALS["Indian"]
ICU_SOUNDS = _pairs(
    "sh=ś ch=c zh=ś kh=kh ts=ts th=th a=ā e=ē o=ō ö=ē ü=yū ï=i t=ṭ d=ḍ w=v c=k x=ks q=k"
)
_ICU_SOUND = re.compile("|".join(sorted(ICU_SOUNDS, key=len, reverse=True)))
# Thai: consonants, with alternatives; vowels around a consonant (_) in open and closed
# syllables; and final consonants.
THAI_FIRST = _pairs(
    "b=บ p=ป|พ d=ด t=ต|ท k=ก|ค g=ก kh=ค ch=ช j=จ f=ฟ v=ว w=ว s=ส|ซ sh=ช z=ซ zh=ช h=ฮ "
    "l=ล r=ร m=ม n=น y=ย ts=ซ th=ท q=ค c=ค x=ซ ng=ง =อ"
)
THAI_OPEN = _pairs("a=_า e=เ_ i=_ี o=โ_ u=_ู ö=เ_อ ü=_ู ï=_ึ")
THAI_CLOSED = _pairs("a=_ั e=เ_็ i=_ิ o=_อ u=_ุ ö=เ_ิ ü=_ุ ï=_ึ")
THAI_LAST = _pairs(
    "ng=ง th=ธ sh=ช ch=ช kh=ค n=น m=ม l=ล k=ก p=ป t=ต d=ด b=บ s=ส r=ร์ f=ฟ g=ก v=ฟ"
)
# Indices of the parts of a Hangul syllable in Unicode.
INITIAL_SOUNDS = "g kk n d tt r m b pp s ss _ j jj ch k t p h".split()
INITIAL = {sound: k for k, sound in enumerate(INITIAL_SOUNDS)}
# Other sounds are written as the most similar of these.
INITIAL |= {"l": 5, "f": 17, "v": 7, "z": 12, "sh": 9, "ts": 14, "zh": 12}
INITIAL |= {"th": 9, "kh": 18, "q": 15, "c": 15, "x": 9}
MEDIAL_SOUNDS = "a ɛ ya yɛ ʌ e yʌ ye o wa wɛ oe yo u wo we wi yu ï ui i".split()
MEDIAL = {sound: k for k, sound in enumerate(MEDIAL_SOUNDS)} | {"ö": 11, "ü": 16}
FINAL = {"n": 4, "m": 16, "l": 8, "ng": 21, "k": 1, "p": 17}


def spell_person(name, nationality, script, spellings, person, rng):
    """Spell a name as the collections have it, otherwise by rules.

    A collection may have the whole name or its words. Return None if no collection has
    a word, and the script has no rules. `spellings` is the result of `read_spellings`,
    and `person` is the key of the person in it.
    """
    if whole := spellings.people[script].get(person):
        return whole
    if (nationality, script) == ("Korean", "Hangul"):
        return None  # a given name is one word, but collections have its syllables
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
    between = draw(BETWEEN_WORDS.get(script, {" ": 1}), rng)
    hyphen = draw(FOR_HYPHENS.get(script, {"-": 1}), rng)
    spelled = between.join(word.replace("-", hyphen) for word in spelled)
    if script == "Han":
        return in_han(spelled, rng.randint(2))
    return spelled


def own_script(nationality):
    """Return the script that a nationality writes in, or "" if it is Latin or Han."""
    return LOCALS.get(nationality, "").partition(" ")[0]


def _spelling(nationality, script, rng):
    """Return the spelling of a nationality in a script.

    For foreigners, the spelling of one of the languages of the script is drawn.
    """
    if own_script(nationality) == script:
        return LOCALS[nationality]
    shares = SPELLINGS.get(script, {"": 1})
    return f"{script} {draw(shares, rng)}".strip()


# Hebrew letters that have another form at the end of a word.
_LAST_LETTER_OF_HEBREW = re.compile(r"[כמנפצ]\b(?!')")
_AS_LAST_OF_HEBREW = str.maketrans("כמנפצ", "ךםןףץ")


def spell(name, nationality, spelling, rng):
    """Spell a name in Latin letters by the rules of a spelling, such as "Cyrillic ru".

    The sounds of the name follow the rules of its nationality.
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
        spelled = _LAST_LETTER_OF_HEBREW.sub(
            lambda found: found[0].translate(_AS_LAST_OF_HEBREW), spelled
        )
    return unicodedata.normalize("NFC", spelled)


@cache
def _all_rules():
    """Return the rules of sounds by nationality, or by "nationality:script"."""
    rules_of = {}
    for row in read_table("sounds.csv"):
        nationalities = row["nationalities"]
        is_in_a_script = ":" in nationalities
        keys = [nationalities] if is_in_a_script else nationalities.split()
        rules_of |= dict.fromkeys(keys, row["rules"])
    return rules_of


@cache
def _rules(nationality, script):
    """Return the rules of sounds of a nationality for a script: patterns and sounds."""
    rules_of = _all_rules()
    keys = (f"{nationality}:{script}", nationality, "generic")
    own = next(rules_of[key] for key in keys if key in rules_of)
    pairs = (rule.split(">") for rule in own.split())
    return [(re.compile(pattern), sound) for pattern, sound in pairs]


# Letters that do not decompose into ASCII. Apostrophes are not pronounced.
_IN_ASCII = str.maketrans(
    {
        "ø": "ö",
        "æ": "e",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ß": "s",
        "þ": "th",
        "ə": "a",
        "'": "",
    }
)


@lru_cache(1 << 20)
def to_sounds(name, nationality, script):
    """Write the sounds of a name in Latin letters.

    Sounds are written as in English: ch, kh, th, j as in John, y as in you.
    """
    name = unicodedata.normalize("NFC", name.lower().replace("’", "'"))
    if nationality == "Vietnamese":
        name = _without_marks(name)
    for pattern, sound in _rules(nationality, script):
        name = pattern.sub(sound, name)  # in capitals, so that later rules do not match
    name = _without_marks(name.lower().replace("ı", "ï"), keep="öüï")
    return unicodedata.normalize("NFC", name).translate(_IN_ASCII)


def _without_marks(name, keep=""):
    """Remove the marks from the Latin letters of a name, except for letters to keep."""
    characters = []
    for character in name:
        is_of_other_script = "\u024f" < character < "\u1e00"
        if character.isalpha() and character not in keep and not is_of_other_script:
            decomposed = unicodedata.normalize("NFD", character)
            character = "".join(c for c in decomposed if not unicodedata.combining(c))
        characters.append(character)
    return "".join(characters)


@cache
def _letters(spelling):
    """Return a pattern of the sounds of a spelling, the sounds, and their letters.

    Longer sounds come first. Each sound is a group of the pattern.
    """
    rows = {row["script"]: row["letters"] for row in read_table("letters.csv")}
    letters_of = {}
    for pair in rows[spelling].split(" "):
        sound, is_pair, letters = pair.partition("=")
        if is_pair:
            letters_of[sound] = letters.split("|")
    sounds = sorted(
        letters_of, key=lambda sound: (-len(sound.strip("^$")), -len(sound))
    )
    groups = "|".join(f"({sound})" for sound in sounds)
    pattern = groups.replace("^", r"\b").replace("$", r"\b")
    return re.compile(pattern), sounds, letters_of


def _to_letters(sounds, spelling, rng):
    pattern, keys, letters_of = _letters(spelling)
    chosen = {}
    for sound, letters in letters_of.items():
        k = rng.randint(len(letters)) if len(letters) > 1 else 0
        chosen[sound] = letters[k]
    return pattern.sub(lambda found: chosen[keys[found.lastindex - 1]], sounds)


def _accented(name, rng):
    """Put an accent on one of the last two vowels of Greek words with several."""
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
    import icu  # only training with people needs it

    return icu.Transliterator.createInstance(kind)


def to_indic(sounds, script):
    """Write sounds in a script of India."""
    sounds = _ICU_SOUND.sub(lambda sound: ICU_SOUNDS[sound[0]], sounds)
    spelled = _transliterator(f"Latin-{script}").transliterate(sounds)
    # Hindi and Bengali do not mark a missing final vowel.
    return re.sub(r"[्্](?=\s|$)", "", spelled)


_THAI_SYLLABLE = re.compile(
    r"(?P<first>sh|ch|ts|zh|th|kh|[bcdfghjklmnpqrstvwxyz]?)(?P<vowel>[aeiouöüï])"
    r"(?P<last>(?:ng|th|sh|ch|kh|[nmlkptdbsrfgv])(?![aeiouöüïyw]))?"
    r"|(?P<alone>sh|ch|ts|zh|th|kh|ng|[bcdfghjklmnpqrstvwxyz])(?P<is_last>\b)?"
)
# Marks a consonant that is not pronounced, such as the last one in เจมส์ (James).
THAI_SILENT = "์"


def to_thai(sounds, rng):
    """Write sounds in Thai, where vowels are written around their consonants."""
    letter_of = {}  # by the sound at the start of a syllable
    for sound, letters in THAI_FIRST.items():
        letter_of[sound] = rng.choice(letters.split("|"))

    def syllable(match):
        if alone := match["alone"]:
            is_last = match["is_last"] is not None
            return letter_of[alone] + (THAI_SILENT if is_last else "")
        end = match["last"]
        vowels = THAI_CLOSED if end else THAI_OPEN
        written = vowels[match["vowel"]].replace("_", letter_of[match["first"]])
        return written + (THAI_LAST[end] if end else "")

    return _THAI_SYLLABLE.sub(syllable, sounds)


_SYLLABLE = re.compile(
    r"(?P<first>kk|tt|pp|ss|jj|sh|ch|ts|zh|th|kh|[bcdfghjklmnpqrstvxz]?)"
    r"(?P<vowel>y[aeouʌ]|w[aeio]|[aeiouöüïʌɛ])"
    r"(?P<last>(?:ng|[nmlkp])(?![aeiouöüïʌɛyw]))?"
    r"|(?P<alone>sh|ch|ts|zh|th|kh|[bcdfghjklmnpqrstvwxyz])"
)


# The vowel after a consonant without one, if it is not eu (ï); and the vowels with
# which an s is pronounced sh.
_VOWEL_BEHIND = {"w": "u", "y": "i", "sh": "i", "zh": "i", "ch": "i"}
_VOWEL_OF_SH = {"a": "ya", "e": "ye", "i": "wi", "o": "yo", "u": "yu"}


def to_hangul(sounds):
    """Write sounds in Hangul syllables; a single consonant gets the vowel eu."""

    def syllable(found):
        first = found["first"]
        vowel = found["vowel"]
        last = found["last"]
        if alone := found["alone"]:
            first = "" if alone in "yw" else alone
            vowel = _VOWEL_BEHIND.get(alone, "ï")
        if first == "sh":
            vowel = _VOWEL_OF_SH.get(vowel, vowel)
        initial = INITIAL[first or "_"]
        return chr(0xAC00 + (initial * 21 + MEDIAL[vowel]) * 28 + FINAL.get(last, 0))

    return _SYLLABLE.sub(syllable, sounds)


@cache
def _chinese(kind):
    from opencc import OpenCC  # only training with people needs it

    return OpenCC(("t2s", "s2t")[kind])


def in_han(name, kind):
    """Write a name in simplified (0) or traditional (1) Chinese characters."""
    same = name[:1] if name[:1] in SAME_SURNAMES else ""
    return same + _chinese(kind).convert(name[len(same) :])


def to_latin(name):
    """Write a Japanese name in Katakana in Latin letters."""
    return _transliterator("Katakana-Latin").transliterate(name).capitalize()


def to_katakana(name):
    """Write a Japanese name in Latin letters in Katakana."""
    return _transliterator("Latin-Katakana").transliterate(name.lower())

"""Compile ``sknames/datasets/data/names.csv``: names of the world by nationality.

Run it by hand to make the data again::

    pip install faker==40.63.0 mimesis==22.2.0
    python tools/compile_names/compile_names.py

It reads the lists of names inside Faker and Mimesis (both under the MIT licence) and the lists in
``handwritten/`` as ``sources.txt`` says, romanises other scripts if a table does so correctly,
cleans, and writes ``names.csv``, ``name_orders.csv`` and the counts in
``sknames/datasets/descr/names.rst``.  The package does not need this at run time.
"""

import csv
import gzip
import importlib
import itertools
import json
import re
import sys
import unicodedata
from collections import Counter
from importlib import resources
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATASETS = HERE.parent.parent / "sknames" / "datasets"
DATA = DATASETS / "data"
DESCR = DATASETS / "descr" / "names.rst"
CAP = {"surname": 1500, "given": 1000}
# The limit leaves room for surnames written by hand, which would otherwise replace others.
WIDER = {"Dutch": 1637, "Polish": 2140, "Turkish": 1600}

# ------------------------------------------------------------------------------- romanisation


def table(text):
    """Make a dict of ``a=x b=y`` pairs."""
    return dict(pair.split("=") for pair in text.split())


# ISO 15924 codes by the first word of the Unicode names of letters
SCRIPTS = table(
    "ARABIC=Arab ARMENIAN=Armn BENGALI=Beng CJK=Hani CYRILLIC=Cyrl DEVANAGARI=Deva GEORGIAN=Geor "
    "GREEK=Grek GUJARATI=Gujr HANGUL=Kore HEBREW=Hebr ORIYA=Orya SINHALA=Sinh TAMIL=Taml THAI=Thai"
)


def script_code(name, nationality, part, script):
    """Return the code of the script that a name is in; kana and Han mix in a Japanese one."""
    if script == "Latin":
        return "Latn"
    first = unicodedata.name(name[0]).split()[0]
    return "Jpan" if nationality == "Japanese" else SCRIPTS[first]


def capital(name):
    """Write the first letter of every word as a capital, the rest as they are."""
    return re.sub(r"(^|[\s-])(\w)", lambda m: m[1] + m[2].upper(), name)


def spell(name, letters, first=None):
    """Romanise letter by letter, longest pieces first; ``first`` holds at the start of a word."""
    name = unicodedata.normalize("NFC", name).lower()
    longest = max(map(len, itertools.chain(letters, first or {})))
    out, at = [], 0
    while at < len(name):
        start = at == 0 or not (name[at - 1].isalpha() or name[at - 1] in "'’ʼ")
        for size in range(longest, 0, -1):
            piece = name[at : at + size]
            if len(piece) < size:
                continue
            if start and first and piece in first:
                out.append(first[piece])
                break
            if piece in letters:
                out.append(letters[piece])
                break
        else:
            size = 1
            out.append(name[at])
        at += size
    return capital("".join(out))


CYRILLIC = table(
    "а=a б=b в=v г=g д=d е=e ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh "
    "ц=ts ч=ch ш=sh щ=shch ы=y э=e ю=yu я=ya"
)
RUSSIAN = CYRILLIC | table("ё=e ь= ъ= ье=ye ъе=ye ьё=ye ъё=ye ий=iy ьи=yi ье=ye")
BULGARIAN = CYRILLIC | table("х=h щ=sht ъ=a ь=y")
KAZAKH = (
    CYRILLIC
    | table(
        "ә=a ғ=g қ=k ң=n ө=o ұ=u ү=u һ=h і=i ё=yo ь= ъ= ае=aye ее=eye ие=iye ое=oye уе=uye ые=yye"
    )
    | {"й": "i", "ий": "i"}
)
UKRAINIAN = CYRILLIC | table("г=h ґ=g зг=zgh и=y і=i ї=i й=i є=ie ю=iu я=ia ь= '= ’= ʼ= ʹ=")
UKRAINIAN_FIRST = table("є=ye ї=yi й=y ю=yu я=ya")
MACEDONIAN = CYRILLIC | table("ѓ=gj ѕ=dz ј=j љ=lj њ=nj ќ=kj х=h ц=c џ=dzh")
SERBIAN = table(
    "а=a б=b в=v г=g д=d ђ=đ е=e ж=ž з=z и=i ј=j к=k л=l љ=lj м=m н=n њ=nj о=o п=p р=r с=s т=t "
    "ћ=ć у=u ф=f х=h ц=c ч=č џ=dž ш=š"
)
SERBIAN_BACK = {latin: cyrillic for cyrillic, latin in SERBIAN.items()}
GEORGIAN = table(
    "ა=a ბ=b გ=g დ=d ე=e ვ=v ზ=z თ=t ი=i კ=k ლ=l მ=m ნ=n ო=o პ=p ჟ=zh რ=r ს=s ტ=t უ=u ფ=p ქ=k "
    "ღ=gh ყ=q შ=sh ჩ=ch ც=ts ძ=dz წ=ts ჭ=ch ხ=kh ჯ=j ჰ=h"
)
ARMENIAN = table(
    "ա=a բ=b գ=g դ=d ե=e զ=z է=e ը=y թ=t ժ=zh ի=i լ=l խ=kh ծ=ts կ=k հ=h ձ=dz ղ=gh ճ=ch մ=m յ=y "
    "ն=n շ=sh ո=o չ=ch պ=p ջ=j ռ=r ս=s վ=v տ=t ր=r ց=ts ւ=v ու=u փ=p ք=k և=ev օ=o ֆ=f "
    "իե=iye աե=aye"
)
ARMENIAN_FIRST = table("ե=ye ո=vo և=yev ու=u")
KANA = table(
    "あ=a い=i う=u え=e お=o か=ka き=ki く=ku け=ke こ=ko さ=sa し=shi す=su せ=se そ=so "
    "た=ta ち=chi つ=tsu て=te と=to な=na に=ni ぬ=nu ね=ne の=no は=ha ひ=hi ふ=fu へ=he "
    "ほ=ho ま=ma み=mi む=mu め=me も=mo や=ya ゆ=yu よ=yo ら=ra り=ri る=ru れ=re ろ=ro "
    "わ=wa を=o ん=n が=ga ぎ=gi ぐ=gu げ=ge ご=go ざ=za じ=ji ず=zu ぜ=ze ぞ=zo だ=da ぢ=ji "
    "づ=zu で=de ど=do ば=ba び=bi ぶ=bu べ=be ぼ=bo ぱ=pa ぴ=pi ぷ=pu ぺ=pe ぽ=po しゃ=sha "
    "しゅ=shu しょ=sho ちゃ=cha ちゅ=chu ちょ=cho じゃ=ja じゅ=ju じょ=jo きゃ=kya きゅ=kyu "
    "きょ=kyo りゃ=rya りゅ=ryu りょ=ryo ひゃ=hya ひゅ=hyu ひょ=hyo にゃ=nya にゅ=nyu "
    "にょ=nyo みゃ=mya みゅ=myu みょ=myo ぎゃ=gya ぎゅ=gyu ぎょ=gyo ー="
)


def russian(name):
    name = spell(name, RUSSIAN)
    return re.sub(r"(iy|yy)\b", "y", name)


def bulgarian(name):
    return re.sub(r"iya\b", "ia", spell(name, BULGARIAN))


def kazakh(name):
    return re.sub(r"iya\b", "iya", spell(name, KAZAKH, {"е": "ye"}))


def ukrainian(name):
    return spell(name, UKRAINIAN, UKRAINIAN_FIRST)


def macedonian(name):
    return spell(name, MACEDONIAN)


def georgian(name):
    return spell(name, GEORGIAN)


def armenian(name):
    return spell(name, ARMENIAN, ARMENIAN_FIRST)


def kana(name):
    """Romanise hiragana or katakana by Hepburn, without long vowels, as in passports."""
    plain = "".join(chr(ord(c) - 96) if "ァ" <= c <= "ヶ" else c for c in name)
    if any(c not in KANA and c not in "ゃゅょっ" for c in plain):
        return ""
    plain = re.sub(r"(?<=[おこそとのほもよろごぞどぼょ])う", "", plain)
    plain = re.sub(r"(?<=[うくすつゆるぐじゅ])う", lambda m: m[0], plain)
    plain = re.sub(r"おお", "お", plain)
    out = spell(plain, KANA).lower()
    out = re.sub(r"っ(\w)", r"\1\1", out).replace("cch", "tch")
    return capital(out.replace("uu", "u"))


GREEK = table(
    "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f "
    "χ=ch ψ=ps ω=o ϊ=i ϋ=y ου=ou γγ=ng γξ=nx γχ=nch μπ=mp γκ=gk ντ=nt"
)
GREEK_FIRST = table("μπ=b ντ=d γκ=g")
VOICED = "βγδζλμνραεηιουω"


def greek(name):
    """Romanise Greek by ELOT 743, without stress marks."""
    name = unicodedata.normalize("NFD", name.lower())
    # a stressed first vowel, or a dieresis, keeps the pair from being a diphthong
    name = re.sub("([αεη])(\u0301)υ", r"\1" + "|υ", name)
    name = unicodedata.normalize("NFC", name.replace("\u0301", ""))
    name = re.sub(f"([αεη])υ(?=[{VOICED}])", lambda m: m[1] + "β", name)
    name = re.sub("([αεη])υ", lambda m: m[1] + "φ", name)
    return spell(name, GREEK, GREEK_FIRST).replace("|", "")


INITIAL = "k kk n d tt r m b pp s ss  j jj ch k t p h".split(" ")
MEDIAL = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()
FINAL = " k k k n n n t l k m l l l p l m p p t t ng t t k t p t".split(" ")
SYLLABLE = table(
    "영=young 경=kyung 현=hyun 은=eun 우=woo 수=soo 주=joo 준=jun 훈=hoon 석=seok 승=seung "
    "성=sung 정=jung 순=soon 숙=sook 명=myung 병=byung 형=hyung 연=yeon 윤=yoon 희=hee "
    "유=yoo 구=koo 국=kook 무=moo 문=moon 운=woon 욱=wook 춘=choon 중=joong 철=chul 기=ki "
    "규=kyu 균=kyun 건=gun 관=kwan 광=kwang 강=kang 근=keun 길=gil 덕=duk 선=sun 호=ho "
    "혁=hyuk 범=bum 인=in 일=il"
)


def korean(name):
    """Romanise a given name by syllables, in the most common spelling: 민준 is Min-jun."""
    out = []
    for char in name:
        code = ord(char) - 0xAC00
        if not 0 <= code < 11172:
            return ""
        first = INITIAL[code // 588]
        first = "g" if first == "k" and code // 588 == 0 else first
        plain = first + MEDIAL[code % 588 // 28] + FINAL[code % 28]
        out.append(SYLLABLE.get(char, plain))
    return "-".join(out).capitalize()


PINYIN = table(
    "伟=wei 芳=fang 娜=na 敏=min 静=jing 丽=li 强=qiang 磊=lei 军=jun 洋=yang 勇=yong 艳=yan "
    "杰=jie 娟=juan 涛=tao 明=ming 超=chao 秀=xiu 英=ying 兰=lan 霞=xia 平=ping 刚=gang "
    "桂=gui 玲=ling 燕=yan 丹=dan 萍=ping 红=hong 玉=yu 梅=mei 莉=li 珍=zhen 婷=ting 凤=feng "
    "晶=jing 颖=ying 雪=xue 慧=hui 倩=qian 琴=qin 畅=chang 云=yun 洁=jie 柳=liu 淑=shu "
    "春=chun 海=hai 冬=dong 荣=rong 莹=ying 琳=lin 欣=xin 华=hua 香=xiang 芝=zhi 小=xiao "
    "金=jin 瑜=yu 花=hua 璐=lu 辉=hui 鹏=peng 飞=fei 鑫=xin 波=bo 斌=bin 宇=yu 浩=hao 凯=kai "
    "健=jian 俊=jun 帆=fan 帅=shuai 旭=xu 宁=ning 龙=long 林=lin 欢=huan 佳=jia 阳=yang "
    "建=jian 亮=liang 成=cheng 峰=feng 国=guo 晨=chen 瑞=rui 志=zhi 兵=bing 雷=lei 东=dong "
    "博=bo 彬=bin 坤=kun 想=xiang 岩=yan 文=wen 利=li 楠=nan 子=zi 涵=han 轩=xuan 雨=yu "
    "怡=yi 思=si 嘉=jia 梦=meng 诗=shi 雅=ya 美=mei 晓=xiao 心=xin 一=yi 天=tian 泽=ze "
    "昊=hao 然=ran 睿=rui 辰=chen 曦=xi 钰=yu 若=ruo 馨=xin 语=yu 瑶=yao 妍=yan 菲=fei "
    "萱=xuan 彤=tong 可=ke 依=yi 悦=yue 清=qing 逸=yi 景=jing 恩=en 德=de 正=zheng 启=qi "
    "泰=tai 昂=ang 奕=yi 恒=heng 祺=qi 越=yue 城=cheng 家=jia 炎=yan 玄=xuan 硕=shuo 汶=wen "
    "祝=zhu 桐=tong 祥=xiang 滨=bin 吉=ji 玮=wei 琪=qi 岚=lan 月=yue 星=xing 夏=xia 秋=qiu "
    "素=su 蓉=rong 薇=wei 娴=xian 姗=shan 珊=shan 琦=qi 璇=xuan 瑾=jin 茜=qian 茹=ru 菊=ju "
    "蓝=lan 碧=bi 莲=lian 晴=qing 婉=wan 媛=yuan 嫣=yan 妮=ni 艺=yi 竹=zhu 芸=yun 苗=miao "
    "苑=yuan 慕=mu 忆=yi 安=an 爱=ai 宝=bao 贝=bei 昌=chang 传=chuan 达=da 大=da 定=ding "
    "多=duo 方=fang 福=fu 富=fu 冠=guan 光=guang 广=guang 贵=gui 翰=han 航=hang 和=he "
    "鸿=hong 虎=hu 焕=huan 惠=hui 江=jiang 晋=jin 京=jing 君=jun 康=kang 来=lai 立=li 力=li "
    "连=lian 良=liang 路=lu 伦=lun 满=man 茂=mao 民=min 铭=ming 木=mu 培=pei 品=pin 齐=qi "
    "奇=qi 千=qian 庆=qing 全=quan 仁=ren 如=ru 润=run 森=sen 山=shan 善=shan 尚=shang "
    "少=shao 绍=shao 胜=sheng 生=sheng 诚=cheng 世=shi 书=shu 树=shu 顺=shun 松=song 堂=tang "
    "腾=teng 田=tian 廷=ting 同=tong 万=wan 威=wei 卫=wei 维=wei 武=wu 希=xi 喜=xi 贤=xian "
    "显=xian 相=xiang 翔=xiang 新=xin 信=xin 兴=xing 学=xue 亚=ya 彦=yan 耀=yao 义=yi 毅=yi "
    "永=yong 友=you 有=you 余=yu 元=yuan 远=yuan 岳=yue 运=yun 展=zhan 长=chang 真=zhen "
    "振=zhen 震=zhen 智=zhi 中=zhong 忠=zhong 卓=zhuo 宗=zong 尔=er 凡=fan 婕=jie 菁=jing "
    "凌=ling 露=lu 曼=man 妙=miao 念=nian 沛=pei 琼=qiong 舒=shu 霜=shuang 桃=tao 甜=tian "
    "彩=cai 翠=cui 巧=qiao 蓓=bei 雯=wen 汐=xi 芷=zhi 紫=zi 昕=xin"
)


def pinyin(name):
    """Romanise a given name of common characters with one certain reading, or return ""."""
    if all(char in PINYIN for char in name):
        return "".join(PINYIN[char] for char in name).capitalize()
    return ""


ROMAN = {
    "Russian": russian,
    "Bulgarian": bulgarian,
    "Kazakh": kazakh,
    "Ukrainian": ukrainian,
    "Macedonian": macedonian,
    "Georgian": georgian,
    "Armenian": armenian,
    "Greek": greek,
    "Japanese": kana,
    "Korean": korean,
    "Chinese": pinyin,
}

# --------------------------------------------------------- the other gender's form of surnames


def swap(name, *rules):
    """Apply the first rule (ending, ending) that fits."""
    for old, new in rules:
        if name.endswith(old):
            return [name[: len(name) - len(old)] + new]
    return []


def czech(name):
    if name.endswith("ová") or name.endswith("á"):
        return []
    found = swap(
        name, ("ý", "á"), ("Švec", "Švecová"), ("něk", "ňková"), ("těk", "ťková"), ("děk", "ďková"),
        ("ek", "ková"), ("ec", "cová"), ("avel", "avlová"), ("orel", "orlová"), ("a", "ová"),
        ("o", "ová"), ("í", "í"), ("ů", "ů"),
    )  # fmt: skip
    return found or [name + "ová"]


def slavic(name):
    return swap(
        name, ("ов", "ова"), ("ев", "ева"), ("ёв", "ёва"), ("ин", "ина"), ("ски", "ска"),
        ("ський", "ська"), ("цький", "цька"), ("ov", "ova"), ("ev", "eva"), ("yev", "yeva"),
    )  # fmt: skip


def polish(name):
    return swap(name, ("ski", "ska"), ("cki", "cka"), ("dzki", "dzka"))


def lithuanian(name):
    pairs = ("ius", "iūtė"), ("us", "utė"), ("as", "aitė"), ("is", "ytė"), ("ys", "ytė")
    for end, unmarried in pairs:
        if name.endswith(end):
            stem = name[: -len(end)]
            return [stem + "ienė", stem + unmarried]
    return []


def latvian(name):
    return swap(name, ("is", "e"), ("us", "us"), ("š", "a"), ("s", "a"))


def icelandic(stem):
    return [stem + "son", stem + "dóttir"]


FEMININE = {
    "Czech": czech,
    "Bulgarian": slavic,
    "Azerbaijani": slavic,
    "Uzbek": slavic,
    "Kazakh": slavic,
    "Ukrainian": slavic,
    "Macedonian": slavic,
    "Polish": polish,
    "Lithuanian": lithuanian,
    "Latvian": latvian,
}

# ------------------------------------------------------------------------------------ cleaning

PARTICLES = (
    "van de der den het ten ter te 't 's von zu zum da do dos das d' di del della la le du al el "
    "bin ibn"
).split()
LATIN = re.compile(r"[^\W\d_]+(?:[ '’ʻ‘ʼ.\-][^\W\d_]+)*$")
INNER_CAPITAL = re.compile(r"^(Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|Del|D)(?=[A-Z])")
TITLES = re.compile(r"(?i)^(mr|mrs|ms|dr|prof|ing|mgr|bc|ir|sr|jr|st|doe|name|test|unknown)\.?$")


def is_latin(name):
    return all("LATIN" in unicodedata.name(c, "") for c in name if c.isalpha())


def fold(name):
    """Return the name in small letters without marks, for comparisons."""
    plain = unicodedata.normalize("NFD", name.lower().replace("ł", "l").replace("ø", "o"))
    return "".join(c for c in plain if not unicodedata.combining(c))


def clean(name, part):
    """Return the cleaned name, or "" if it is not a name."""
    name = unicodedata.normalize("NFC", name).strip(" ,;\u200c\u200d\u200e\u200f\ufeff\t")
    name = name.replace("’", "'").replace("ʼ", "'").replace("‘", "'").replace("ʻ", "'")
    name = re.sub(r"\s+", " ", name).replace("‐", "-").replace("ـ", "")
    if not name or any(c.isdigit() for c in name) or TITLES.match(name):
        return ""
    if not is_latin(name):
        if any("LATIN" in unicodedata.name(c, "") for c in name):
            return ""
        if not re.search(r"[\u0d80-\u0dff\u0600-\u06ff]", name):  # Sinhala and Persian need them
            name = name.replace("\u200d", "").replace("\u200c", "")
        kinds = {"Zs", "Pd"}
        for char in name:
            kind = unicodedata.category(char)
            if kind[0] not in "LM" and kind not in kinds and char not in "'\u200c\u200d":
                return ""
        return name if name.count(" ") <= 2 else ""
    if not LATIN.match(name.replace("' ", "'").lstrip("'")) or len(name) < 2:
        return ""
    if "." in name or (len(name) > 2 and name.isupper()):
        return ""
    words = name.split(" ")
    if len(words) > (2 if part == "given" else 4):
        return ""
    for word in words:
        if word[0].islower() and word not in PARTICLES and not re.match(r"[a-z]'[A-Z]", word):
            return ""
    if all(word in PARTICLES for word in words):
        return ""
    if re.search(r"[a-zß-ÿ][A-Z]", INNER_CAPITAL.sub("", name)):
        return ""
    return name


# ------------------------------------------------------------------------------------- sources


def faker_names(locale, *attributes):
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    out = []
    for attribute in attributes:
        out += [name for name in getattr(provider, attribute) if isinstance(name, str)]
    return out


def mimesis_names(locale, key):
    """Read names of a key: names, names.male, names.female, surnames, surnames.male or .female."""
    path = resources.files("mimesis") / "datasets" / locale / "person.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    key, _, gender = key.partition(".")
    value = value[key]
    if isinstance(value, dict):
        value = value[gender] if gender else value["male"] + value["female"]
    return list(value)


def read_source(text):
    """Read ``F:locale:attribute+attribute`` (Faker) or ``M:locale:key`` (Mimesis)."""
    package, locale, keys = text.split(":")
    if package == "M":
        return [name for key in keys.split("+") for name in mimesis_names(locale, key)]
    short = {"m": "first_names_male", "f": "first_names_female", "s": "last_names"}
    return faker_names(locale, *(short.get(k, k) for k in keys.split("+")))


def handwritten(nationality):
    """Read a handwritten list: sections of names parted by spaces, ``_`` a space in a name."""
    sections, section = {}, None
    path = HERE / "handwritten" / f"{nationality}.txt"
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                section = sections.setdefault(line.strip("[] "), [])
            else:
                section += [word.replace("_", " ") for word in line.split()]
    return sections


def thin(names, limit):
    """Take ``limit`` names spread evenly over the list."""
    names = list(dict.fromkeys(names))
    if limit is None or len(names) <= limit:
        return names
    return [names[i * len(names) // limit] for i in range(limit)]


HAND_ONLY = "Albanian Ethiopian Filipino Mongolian Scottish Serbian".split()
# From these sources, an unmarked name is dropped if the same name with marks exists.
ONCE = "Spanish Portuguese Czech Slovak Hungarian Polish Turkish Swedish".split()
BOTH_ORDERS = "Chinese Hungarian Japanese Korean Vietnamese".split()


def from_afar():
    """Return names of immigrants, which are frequent in European lists of the living."""
    sections = handwritten("from-afar")
    names = set(sections["afar"])
    for nationality in ("Arabic", "Turkish"):
        names |= {fold(name) for name in handwritten(nationality).get("given", [])}
    for nationality in ("Arabic", "Persian"):
        names |= {fold(name) for name in handwritten(nationality).get("surname", [])}
    return names - set(sections["not"])


def both(nationality, names):
    """Add the other gender's form of a surname."""
    other = FEMININE.get(nationality)
    for name in names:
        yield name
        if other:
            yield from other(name)


def choose(nationality, part, source, options, afar, english):
    """Take the names of one line of ``sources.txt``."""
    names = read_source(source)
    limit, native_only = None, False
    for option in options:
        key, _, value = option.partition("=")
        if key in ("in", "not"):
            other = {fold(name) for name in read_source(value)}
            names = [name for name in names if (fold(name) in other) == (key == "in")]
        elif key == "like":
            names = [name for name in names if re.search(value, name)]
        elif key == "home":
            names = [name for name in names if fold(name) not in afar]
        elif key == "english":
            names = [name for name in names if fold(name) not in english]
        elif key == "read":
            names = [name for name in names if ROMAN[nationality](name)]
        elif key == "title":
            names = [name.capitalize() for name in names]
        elif key == "native":
            native_only = True
        elif key.isdigit():
            limit = int(key)
        else:
            sys.exit(f"unknown option {option}")
    return thin([name for name in names if clean(name, part)], limit), native_only


def compile_all():
    afar = from_afar()
    english = {fold(n) for n in read_source("F:en_GB:s+m+f") + read_source("F:en_US:m+f")}
    found = {}  # (nationality, script, part) -> names in order

    def put(nationality, part, names, native_only=False):
        roman = ROMAN.get(nationality)
        for name in names:
            name = clean(name, part)
            if not name:
                continue
            if is_latin(name):
                if native_only:
                    continue
                found.setdefault((nationality, "Latin", part), {})[name] = None
                if nationality == "Serbian":
                    native = spell(name, SERBIAN_BACK)
                    found.setdefault((nationality, "native", part), {})[native] = None
                continue
            latin = "" if native_only or roman is None else clean(roman(name), part)
            if latin and is_latin(latin):
                found.setdefault((nationality, "Latin", part), {})[latin] = None
            if nationality == "Japanese" and re.search(r"[ァ-ヶ]", name) and part == "surname":
                continue  # surnames are written in kanji
            found.setdefault((nationality, "native", part), {})[name] = None

    lines = (HERE / "sources.txt").read_text(encoding="utf-8").splitlines()
    lines = [line.replace("\\ ", "\\s").split() for line in lines if not line.startswith("#")]
    nationalities = sorted({line[0] for line in lines} | set(HAND_ONLY))
    for nationality in nationalities:
        sections = handwritten(nationality)
        for stem in sections.get("stems", []):
            put(nationality, "surname", icelandic(stem))
        put(nationality, "surname", both(nationality, sections.get("surname", [])))
        put(nationality, "given", sections.get("given", []))
    for nationality, part, source, *options in lines:
        names, native_only = choose(nationality, part, source, options, afar, english)
        if part == "surname" and nationality in ("Polish", "Kazakh", "Macedonian"):
            names = both(nationality, names)
        put(nationality, part, names, native_only)
    rows = []
    for (nationality, script, part), names in found.items():
        dropped = set(handwritten(nationality).get("drop", []))
        kept = [name for name in names if name not in dropped]
        if nationality in ONCE:
            marked = {fold(name) for name in kept if fold(name) != name.lower()}
            kept = [n for n in kept if fold(n) != n.lower() or fold(n) not in marked]
        cap = WIDER.get(nationality, CAP[part]) if part == "surname" else CAP[part]
        for name in kept[:cap]:
            rows.append((name, nationality, part, script))
    return sorted(rows, key=lambda row: (row[1], row[3], row[2], row[0]))


def check(rows, path):
    """Raise if the data breaks a rule."""
    latin = Counter(row[1] for row in rows if row[3] == "Latin")
    parts = {(row[1], row[2]) for row in rows if row[3] == "Latin"}
    distinct = {row[:2] for row in rows if row[3] == "Latin"}
    assert len(latin) >= 40, len(latin)
    assert len(distinct) >= 30_000, len(distinct)
    assert min(latin.values()) >= 250, [n for n, count in latin.items() if count < 250]
    assert len(parts) == 2 * len(latin), "a nationality lacks a part"
    assert len(set(rows)) == len(rows), "duplicates"
    for name, *_, script in rows:
        assert name == unicodedata.normalize("NFC", name), name
        assert not any(c.isdigit() for c in name), name
        assert is_latin(name) == (script == "Latin"), name
    size = len(gzip.compress(path.read_bytes(), mtime=0))
    assert size < 1_500_000, size
    return size


def count(rows):
    """Make a table of the counts in reStructuredText."""
    counts = Counter((row[1], row[3], row[2]) for row in rows)
    rule = f"{'=' * 12}  {'=' * 8}  {'=' * 8}  {'=' * 8}"
    lines = [rule, f"{'nationality':12}  {'surnames':>8}  {'given':>8}  {'native':>8}", rule]
    for nationality in sorted({row[1] for row in rows}):
        native = sum(counts[nationality, "native", part] for part in CAP)
        surnames, given = (counts[nationality, "Latin", part] for part in CAP)
        lines.append(f"{nationality:12}  {surnames:8}  {given:8}  {native:8}")
    return "\n".join([*lines, rule])


def main():
    rows = compile_all()
    path = DATA / "names.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "nationality", "part", "script"])
        writer.writerows((*row[:3], script_code(*row)) for row in rows)
    nationalities = sorted({row[1] for row in rows})
    with (DATA / "name_orders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["nationality", "order"])
        for nationality in nationalities:
            order = "both" if nationality in BOTH_ORDERS else "given-surname"
            writer.writerow([nationality, order])
    counts = count(rows)
    print(counts)
    size = check(rows, path)
    distinct = len({row[:2] for row in rows if row[3] == "Latin"})
    native = sum(row[3] == "native" for row in rows)
    total = (
        f"{len(nationalities)} nationalities, {len(rows):,} rows, {distinct:,} distinct pairs of\n"
        f"Latin name and nationality, {native:,} rows in a native script."
    )
    print(total, size, "bytes when gzipped")
    head, _, tail = DESCR.read_text(encoding="utf-8").partition(".. counts begin\n")
    tail = tail.partition(".. counts end\n")[2]
    text = f"{head}.. counts begin\n\n{total}\n\n{counts}\n\n.. counts end\n{tail}"
    DESCR.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()

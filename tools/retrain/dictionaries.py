"""Read names in Japanese and Chinese script from dictionaries.

ENAMDICT is the dictionary of Japanese names of the Electronic Dictionary Research and
Development Group (CC BY-SA 4.0; Debian package ``enamdict``). It has Japanese people in
kanji, and words of foreign names in Katakana with their Latin form. The word list of
jieba (MIT; a file in its source distribution) has Chinese names. IPADIC (BSD-3-Clause
with terms of ICOT; Debian package ``mecab-ipadic``) has Japanese surnames and given
names in kanji; it replaces ENAMDICT for models with a permissive licence. The
dictionaries do not ship with sknames.
"""

import re
import tarfile
from collections import defaultdict

from .sources import locate, open_package

ENAMDICT = "enamdict_*.deb"
IPADIC = "mecab-ipadic_*.deb"
# Kinds of names in IPADIC.
PARTS_OF_IPADIC = {"姓": "surname", "名": "given"}
JIEBA = "jieba-*.tar.gz"
_ENTRY = re.compile(
    r"(?P<word>\S+) (?:\[(?P<reading>[^]]*)\] )?/\((?P<kinds>[a-z,]+)\) "
    r"(?P<latin>[^/(]+)"
)
_KATAKANA = re.compile("[ァ-ヴー・＝=]+")
_KANJI = re.compile(
    "[\u4e00-\u9fff々ヶぁ-んァ-ヴー]*[\u4e00-\u9fff々][\u4e00-\u9fff々ヶぁ-んァ-ヴー]*"
)
# Surnames, given names, parts of unknown kind, and whole people.
_PARTS = set("smfguh")
# Chinese surnames of one character, beginning with the hundred most common ones.
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任"
    "卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
    "萧肖习傅汤康洪施严牛温芦俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席"
    "卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸"
    "冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都季骆樊储闻窦刀哈蔺麦巩竺仲乐佘粟"
)
_LONGSURNAMES = ("欧阳", "司马", "诸葛", "上官", "司徒", "夏侯", "东方", "皇甫", "慕容")


def read_japanese(path=None):
    """Read ENAMDICT.

    Parameters
    ----------
    path : str or path-like, default=None
        Path of the Debian package. By default, it is looked for in $SKNAMES_DATA, or in
        ~/sknames_data.

    Returns
    -------
    people : dict of str
        Maps 53,000 full names in kanji to Latin letters, the surname first.
    katakana : dict of list of str
        Maps words in lower-case Latin letters to their spellings in Katakana.
    """
    with open_package(locate(path, ENAMDICT, "apt-get download enamdict")) as archive:
        member = next(m for m in archive if m.name.endswith("/edict/enamdict"))
        text = archive.extractfile(member).read().decode("euc_jp", errors="replace")
    people = {}
    katakana = defaultdict(set)
    for entry in filter(None, map(_ENTRY.match, text.splitlines())):
        kinds = set(entry["kinds"].split(","))
        word = entry["word"]
        if not kinds <= _PARTS:
            continue
        if _KATAKANA.fullmatch(word):
            words = entry["latin"].lower().split()
            parts = re.split("[・＝=]", word)
            if len(words) == len(parts):
                for key, value in zip(words, parts, strict=True):
                    katakana[key].add(value)
        elif "h" in kinds and _KANJI.fullmatch(word) and " " in entry["latin"].strip():
            people[word] = entry["latin"].strip()
    return people, {key: sorted(found) for key, found in katakana.items()}


def read_japanese_parts(path=None):
    """Read IPADIC.

    Parameters
    ----------
    path : str or path-like, default=None
        Path of the Debian package. By default, it is looked for as in `read_japanese`.

    Returns
    -------
    dict of dict of str
        For "surname" and "given", a dict that maps names in kanji to Katakana.
    """
    path = locate(path, IPADIC, "apt-get download mecab-ipadic")
    with open_package(path) as archive:
        member = next(m for m in archive if m.name.endswith("/Noun.name.csv"))
        text = archive.extractfile(member).read().decode("euc_jp")
    readings = {part: {} for part in PARTS_OF_IPADIC.values()}
    for line in text.splitlines():
        cells = line.split(",")
        part = PARTS_OF_IPADIC.get(cells[7])
        if part and _KANJI.fullmatch(cells[0]):
            readings[part][cells[0]] = cells[11]
    return readings


def read_chinese(path=None):
    """Read the people in jieba's word list who have one of the most common surnames.

    Parameters
    ----------
    path : str or path-like, default=None
        Path of jieba's source distribution. By default, it is looked for as in
        `read_japanese`.

    Returns
    -------
    list of str
        Full names of two to four characters, simplified.
    """
    path = locate(path, JIEBA, "pip download --no-deps --no-binary jieba jieba")
    with tarfile.open(path) as archive:
        member = next(m for m in archive if m.name.endswith("/jieba/dict.txt"))
        lines = archive.extractfile(member).read().decode().splitlines()
    rows = (line.split() for line in lines)
    return [word for word, *_, kind in rows if kind == "nr" and _is_full_name(word)]


def _is_full_name(word):
    if word.startswith(_LONGSURNAMES):
        return len(word) in (3, 4)
    return word[0] in SURNAMES and len(word) in (2, 3)

import io
import os
import zipfile
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from sknames.datasets import _fetch_names, fetch_names

# small stand-ins for the real files, with each kind of junk that those have
SMALL = {
    "Chinese": ["Lu", "Lu:", "Sze "],
    "Czech": ["Maxa/B", "Rafaj", "Rafaj1"],
    "French": ["Géroux", "D'aramitz"],
    "Russian": [
        "Lytkin,",
        "To The First\xa0 Page",
        "To The First Page",
        "Zhilkin",
        "zhilkin",
    ],
}
SMALL_MENDED = {
    "Chinese": ["Lu", "Lu", "Sze"],
    "Czech": ["Rafaj", "Rafaj"],
    "French": ["Géroux", "D'aramitz"],
    "Russian": ["Lytkin", "Zhilkin", "zhilkin"],
}

needs_names = pytest.mark.skipif(
    not Path(os.environ.get("SKNAMES_DATA", ""), "names", "Arabic.txt").is_file(),
    reason="needs the tutorial's names in the folder names of SKNAMES_DATA",
)


def encode(lines, newline="\n"):
    return "".join(line + newline for line in lines).encode()


def flat(files):
    return [name for language in sorted(files) for name in files[language]]


def zip_of(extra=(), **changes):
    """Return the bytes of a zip like the tutorial's, with changed and other files."""
    files = {language: encode(lines) for language, lines in SMALL.items()} | changes
    members = {
        f"data/names/{k}.txt": content for k, content in files.items() if content
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in [
            ("data/eng-fra.txt", "Go.\tVa !\n"),
            *members.items(),
            *extra,
        ]:
            archive.writestr(member, content)
    return buffer.getvalue()


@pytest.fixture
def small(monkeypatch):
    """The loader expects the small files; nothing slows or redirects a download."""
    lines = [line for language in SMALL for line in (language, *SMALL[language])]
    monkeypatch.setattr(_fetch_names, "_LANGUAGES", [*SMALL])
    monkeypatch.setattr(
        _fetch_names, "_SHA256", sha256("\n".join(lines).encode()).hexdigest()
    )
    monkeypatch.delenv("SKNAMES_DATA", raising=False)
    monkeypatch.setattr(
        "time.sleep", lambda seconds: None
    )  # between scikit-learn's retries


@pytest.fixture
def site(tmp_path, small, monkeypatch):
    """The file that stands in for the tutorial's, a good one."""
    path = tmp_path / "data.zip"
    path.write_bytes(zip_of())
    monkeypatch.setattr(_fetch_names, "_URL", f"file://localhost{path.as_posix()}")
    return path


@pytest.fixture
def home(tmp_path):
    return tmp_path / "deep" / "home"


def stored(home):
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*"))


ALL_STORED = ["names", *(f"names/{language}.txt" for language in sorted(SMALL))]


def test_fetch_names_downloads_and_cleans(site, home):
    names = fetch_names(data_home=home)
    assert names.data.tolist() == flat(SMALL_MENDED)
    assert Counter(names.target) == {k: len(v) for k, v in SMALL_MENDED.items()}
    assert names.target_names.tolist() == sorted(SMALL)
    assert stored(home) == ALL_STORED
    assert set(names) == {"data", "target", "frame", "target_names", "groups", "DESCR"}
    assert names.frame is None
    X, y = fetch_names(data_home=home, return_X_y=True, as_frame=True)
    assert (X.name, y.name) == ("name", "nationality")
    assert X.tolist() == names.data.tolist()
    assert y.tolist() == names.target.tolist()
    groups = dict(zip(names.data, names.groups, strict=True))
    assert groups["Zhilkin"] == groups["zhilkin"] != groups["Lytkin"]
    site.unlink()  # As the lines stand in the files, which need no download any more.
    assert fetch_names(data_home=home, raw=True).data.tolist() == flat(SMALL)


def test_fetch_names_stores_in_data_home(site, home, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    fetch_names()
    assert stored(home / "sknames_data") == ALL_STORED
    monkeypatch.setenv("SKNAMES_DATA", str(home / "of the environment"))
    fetch_names()
    fetch_names(data_home=str(home / "given"))
    assert stored(home / "of the environment") == stored(home / "given") == ALL_STORED


def test_other_files_and_other_line_ends_in_the_cache(small, home):
    folder = home / "names"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("Not a language.")
    for language, lines in SMALL.items():
        (folder / f"{language}.txt").write_bytes(
            encode(lines, "\r\n").removesuffix(b"\r\n")
        )
    found = fetch_names(data_home=home, raw=True, download_if_missing=False)
    assert found.data.tolist() == flat(SMALL)


@pytest.mark.parametrize("lines", [SMALL["Czech"][:-1], SMALL["Czech"][::-1]])
def test_damaged_cache_says_what_to_do(site, home, lines):
    fetch_names(data_home=home)
    damaged = home / "names" / "Czech.txt"
    damaged.write_bytes(encode(lines))
    with pytest.raises(
        ValueError, match=f"names should .* holds {10 + len(lines)} .* Delete"
    ):
        fetch_names(data_home=home)
    damaged.unlink()
    assert fetch_names(data_home=home).data.tolist() == flat(SMALL_MENDED)


def test_missing_files_without_download_raise(site, home):
    with pytest.raises(
        OSError, match="Chinese.txt, Czech.txt.*download_if_missing.*load_names"
    ):
        fetch_names(data_home=home, download_if_missing=False)
    assert not home.exists()
    fetch_names(data_home=home)
    (home / "names" / "French.txt").unlink()
    with pytest.raises(OSError, match=r"expected French\.txt there"):
        fetch_names(data_home=home, download_if_missing=False)


def test_failed_download_says_what_to_do_and_stores_nothing(site, home):
    site.unlink()
    message = (
        f"could not be downloaded from {_fetch_names._URL}: .*SKNAMES_DATA.*load_names"
    )
    with (
        pytest.warns(UserWarning, match="Retry downloading"),
        pytest.raises(OSError, match=message),
    ):
        fetch_names(data_home=home)
    assert stored(home) == []


@pytest.mark.parametrize(
    "content, message",
    [
        (zip_of()[:-30], "could not be downloaded from .* not a zip file"),
        (
            zip_of([("../evil.txt", "x"), ("/data/names/Czech.txt", "x")], Czech=None),
            "Czech.txt",
        ),
        (
            zip_of(Czech=encode(["Maxa", "Rafaj", "Rafaj"])),
            "data/names in .* should hold .* 13 with",
        ),
        (zip_of(Czech=b"\xff\xfe\n"), "should hold"),
        (zip_of(Czech=b"a\n" * 2**23), r"should hold .* 524,298 with"),
    ],
    ids=["truncated", "names only outside", "other names", "not UTF-8", "huge"],
)
def test_bad_zip_stores_nothing(site, home, content, message):
    site.write_bytes(content)
    with pytest.raises(
        (OSError, ValueError), match=f"{message}.*Nothing was stored.*load_names"
    ):
        fetch_names(data_home=home)
    assert stored(home) == []
    site.write_bytes(zip_of())
    assert fetch_names(data_home=home).data.tolist() == flat(SMALL_MENDED)


def test_interrupted_download_leaves_whole_files_only(site, home, monkeypatch):
    replace = Path.replace
    calls = []

    def interrupted(self, target):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(target)
        return replace(self, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", interrupted)
        fetch_names(data_home=home)
    assert stored(home) == ALL_STORED[:3]
    assert fetch_names(data_home=home).data.tolist() == flat(SMALL_MENDED)


@needs_names
def test_known_counts():
    raw = fetch_names(raw=True, download_if_missing=False)
    names = fetch_names()
    assert len(raw.data) == 20_074
    assert len(names.data) == 20_049
    assert Counter(raw.target) - Counter(names.target) == {"Russian": 24, "Czech": 1}
    assert len(set(names.data[names.target == "Arabic"])) == 108
    for name in names.data:
        assert name == name.strip(), name
        assert all(c.isalpha() or c in " '-" for c in name), name


@needs_names
def test_description_counts_what_is_there():
    names = fetch_names()
    languages = {}
    for name, language in zip(names.data, names.target, strict=True):
        languages.setdefault(name, set()).add(language)
    n_groups = len(set(names.groups))
    n_pairs = sum(map(len, languages.values()))
    n_shared = sum(len(several) > 1 for several in languages.values())
    text = " ".join(names.DESCR.split())
    assert f"{len(names.data):,} (20,074 with ``raw=True``)" in text
    assert f"{len(languages):,}; {n_groups:,} in plain ASCII letters" in text
    assert f"{n_pairs:,} pairs of name and language are distinct" in text
    assert f"{n_shared} names have more than one" in text

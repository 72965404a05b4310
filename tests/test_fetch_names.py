import io
import zipfile
from collections import Counter
from hashlib import sha256
from pathlib import Path
from unittest.mock import Mock

import pytest

from sknames.datasets import _fetch_names, fetch_names

# Small stand-ins for the real files, with each kind of junk that those have.
LINES = {
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
RAW = [line for lines in LINES.values() for line in lines]
NAMES = "Lu Lu Sze Rafaj Rafaj Géroux D'aramitz Lytkin Zhilkin zhilkin".split()
STORED = ["names", *(f"names/{language}.txt" for language in LINES)]
CZECH = "data/names/Czech.txt"
# The files of a zip like the tutorial's.
FILES = {"data/eng-fra.txt": "Go.\tVa !\n"} | {
    f"data/names/{language}.txt": "\n".join([*lines, ""])
    for language, lines in LINES.items()
}


def zip_of(files):
    """Return the bytes of a zip of texts by path."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """The file that stands in for the tutorial's, a good one of the small files."""
    lines = [line for language in LINES for line in (language, *LINES[language])]
    digest = sha256("\n".join(lines).encode()).hexdigest()
    path = tmp_path / "data.zip"
    path.write_bytes(zip_of(FILES))
    monkeypatch.setattr(_fetch_names, "_LANGUAGES", [*LINES])
    monkeypatch.setattr(_fetch_names, "_SHA256", digest)
    monkeypatch.setattr(_fetch_names, "_URL", f"file://localhost{path.as_posix()}")
    monkeypatch.delenv("SKNAMES_DATA", raising=False)
    # Between scikit-learn's retries.
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return path


@pytest.fixture
def home(tmp_path):
    return tmp_path / "deep" / "home"


def stored(home):
    return sorted(path.relative_to(home).as_posix() for path in home.rglob("*"))


def test_fetch_names_downloads_once_and_cleans_names(site, home):
    names = fetch_names(data_home=home)
    site.unlink()
    assert stored(home) == STORED
    assert names.data.tolist() == NAMES
    assert Counter(names.target) == {
        "Chinese": 3,
        "Czech": 2,
        "French": 2,
        "Russian": 3,
    }
    assert names.target_names.tolist() == [*LINES]
    assert names.groups[-3] != names.groups[-2] == names.groups[-1]
    X, y = fetch_names(data_home=home, return_X_y=True, as_frame=True)
    assert (X.name, y.name) == ("name", "nationality")
    assert X.tolist() == NAMES
    assert y.tolist() == names.target.tolist()
    assert fetch_names(data_home=home, raw=True).data.tolist() == RAW


def test_fetch_names_stores_in_data_home(site, home, monkeypatch):
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    fetch_names()
    assert stored(home / "sknames_data") == STORED
    monkeypatch.setenv("SKNAMES_DATA", str(home / "of the environment"))
    fetch_names()
    fetch_names(data_home=str(home / "given"))
    assert stored(home / "of the environment") == stored(home / "given") == STORED


def test_fetch_names_cache_ignores_unrelated_files_and_line_endings(site, home):
    fetch_names(data_home=home)
    (home / "names" / "README.md").write_text("Not a language.")
    for language, lines in LINES.items():
        content = "\r\n".join(lines).encode()
        (home / "names" / f"{language}.txt").write_bytes(content)
    found = fetch_names(data_home=home, raw=True, download_if_missing=False)
    assert found.data.tolist() == RAW


@pytest.mark.parametrize("text, n_lines", [("Maxa/B\nRafaj", 12), ("Rafaj1\n\n\n", 13)])
def test_fetch_names_from_damaged_cache_raises_with_hint(site, home, text, n_lines):
    fetch_names(data_home=home)
    damaged = home / "names" / "Czech.txt"
    damaged.write_text(text)
    with pytest.raises(ValueError, match=f"names should .* holds {n_lines} .* Delete"):
        fetch_names(data_home=home)
    damaged.unlink()
    with pytest.raises(OSError, match=r"expected Czech\.txt there.*load_names"):
        fetch_names(data_home=home, download_if_missing=False)
    assert fetch_names(data_home=home).data.tolist() == NAMES


def test_failed_download_of_names_raises_with_hint_and_stores_nothing(site, home):
    site.unlink()
    message = f"not be downloaded from {_fetch_names._URL}: .*SKNAMES_DATA.*load_names"
    with (
        pytest.warns(UserWarning, match="Retry"),
        pytest.raises(OSError, match=message),
    ):
        fetch_names(data_home=home)
    assert stored(home) == []


@pytest.mark.parametrize(
    "content, message",
    [
        (zip_of(FILES)[:-30], "could not be downloaded from .* not a zip file"),
        (zip_of({f"/{path}": text for path, text in FILES.items()}), "Chinese.txt"),
        (zip_of(FILES | {CZECH: "Maxa\nRafaj\nRafaj"}), "data/names in .* 13 with"),
        (zip_of(FILES | {CZECH: "a\n" * 2**20}), "should hold .* 524,298 with"),
    ],
    ids=["truncated", "files elsewhere", "other names", "huge"],
)
def test_invalid_zip_file_of_names_raises_and_stores_nothing(
    site, home, content, message
):
    site.write_bytes(content)
    with pytest.raises(
        (OSError, ValueError), match=f"{message}.*Nothing was stored.*load_names"
    ):
        fetch_names(data_home=home)
    assert stored(home) == []


def test_interrupted_download_of_names_leaves_no_partial_file(site, home, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", Mock(side_effect=KeyboardInterrupt))
        fetch_names(data_home=home)
    assert stored(home) == ["names"]
    assert fetch_names(data_home=home).data.tolist() == NAMES

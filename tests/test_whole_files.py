"""Files that take their name when they are whole, and paths that are no files."""

import os
import stat

import pytest

from sknames._stopping import unfinished
from sknames._whole_files import check_output, whole_file


def test_a_file_is_replaced_under_its_link_and_keeps_its_mode(tmp_path):
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    target = folder / "file"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    with whole_file(str(link)) as part:
        # Beside the file, on whose disk there is room; hidden, and that of no other process.
        assert part.parent == folder and part.name.startswith(".") and str(os.getpid()) in part.name
        part.write_text("new")
        number = part.stat().st_ino
        assert target.read_text() == "old" and unfinished == {part}
    assert link.is_symlink() and target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640 and target.stat().st_ino == number
    assert os.listdir(folder) == ["file"] and not unfinished


def test_nothing_is_left_of_what_fails(tmp_path):
    with pytest.raises(ZeroDivisionError), whole_file(str(tmp_path / "file")) as part:
        part.write_text("half of it")
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == [] and not unfinished


@pytest.mark.parametrize("path", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_has_several_names(path):
    with whole_file(path) as part:
        assert part == "-"


def test_a_pipe_is_written_to_as_it_is(tmp_path):
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    with whole_file(pipe) as part:
        assert part == pipe
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)


def test_a_folder_that_is_not_there(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "no" / "file")
    for path, folder in [("no/file", "no"), ("file/x", "file"), ("link", "no")]:
        with pytest.raises(ValueError, match=f"the folder .*/{folder} does not exist: create it"):
            check_output(tmp_path / path)
    with pytest.raises(ValueError, match="create it first"), whole_file(str(tmp_path / "no" / "x")):
        pass

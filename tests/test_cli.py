"""Tests of the command line."""

import bz2
import csv
import dataclasses
import datetime as dt
import gzip
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from threading import Thread

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
import skops.io
from click.shell_completion import ShellComplete
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from tqdm import tqdm

import sknames.__main__
from docs.blocks import commands, run_blocks, write_files
from sknames import (
    CharEncoder,
    GroupedClassifier,
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    __version__,
    estimate_rates,
    estimate_shares,
    fingerprint,
    load_model,
    load_pretrained,
    make_own_labels_pipeline,
    predict_names,
    predict_table,
)
from sknames._cli import files, main, tables
from sknames._cli import shares as shares
from sknames._cli import train as train_command
from sknames.datasets import make_names
from tests.conftest import assert_prints, run_process, start_process

ROWS = [
    ("007", "Yılmaz, Mehmet", "NA"),
    ("008", "", 'he messages "hi"'),
    ("", "Kowalski", "two\nlines"),
    ("1e5", " \u200b", "1,5; 2"),
    ("2020-01-01", "王伟", "\ttab"),
    ("007", "Papadopoulos", "null"),
    ("true", "O'Brien", ""),
]
NEW = ["predicted", "probability", "reason"]
COMMANDS_WITH_MODEL = ["predict", "shares", "rates"]
# The small model is rightly unsure.
pytestmark = pytest.mark.filterwarnings(
    "ignore:The model is unsure", "default:The shares are rough"
)

# An argument in messages of Python, and the option that replaces it.
OPTION = ('sums("subregion")', "--groups subregion")


@pytest.fixture
def folder(tmp_path, monkeypatch, tiny):
    """Create a working directory with a model; chunks have three rows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tables, "ROWS_OF_CHUNK", 3)
    save(tiny, "model.skops")
    return tmp_path


@pytest.fixture
def run(folder, capfd):
    """Return a function that runs a command line: (standard output, standard error).

    The default model is the one in the folder.
    """

    def run(line, code=0):
        words = shlex.split(line)
        if "--model" not in words and words[0] in COMMANDS_WITH_MODEL:
            words += ["--model", "model.skops"]
        found = main.run(words)
        messages = capfd.readouterr()
        assert code in (None, found), messages
        return messages

    return run


def save(model, path):
    Path(path).write_bytes(skops.io.dumps(model))


def process(*arguments, **options):
    """Start a command in a process, which ends with the block."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return start_process(sys.executable, "-m", "sknames", *arguments, **pipes | options)


@contextmanager
def redirected(number, target):
    """Redirect a standard stream to another file descriptor."""
    before = os.dup(number)
    os.dup2(target, number)
    yield
    os.dup2(before, number)
    os.close(before)


def write_csv(path, rows=ROWS, header=("id", "name", "note"), delimiter=",", **options):
    with open(path, "w", newline="", **{"encoding": "utf-8"} | options) as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])


def write_names(names):
    write_csv("in.csv", [[name] for name in names], ["name"])


def text_of(path):
    return Path(path).read_bytes().decode()


def read_csv(text, delimiter=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


# ---- Tables


@pytest.mark.parametrize(
    "text, n_columns",
    [
        ("name\nSmith, John\nDoe, Jane; Dr.\n", 1),
        ("name,note\nAnna,a;b\nBo,c;d\n", 2),
        ("name;note\nDoe, Jane;1,5\n\nBo;2\n", 2),
        ("name;born, died, place\nAnna;1,2,3\nBo;1900\nKim;1901\n", 2),
        ("a,b,c,name\n1;2,3;4,5;6,x\n", 4),
        ('"the\nname","a;b"\n"x;y","z"\n', 2),
        ("id;name;place, country\n1;Anna;Bonn, Germany\n2;Bo;Rome, Italy\n", 3),
    ],
)
def test_input_table_without_delimiter_detects_it(folder, text, n_columns):
    (folder / "in.csv").write_text(text, encoding="utf-8")
    assert next(iter(tables.InputTable("in.csv"))).num_columns == n_columns


def test_input_table_blank_lines_above_header_are_skipped(folder):
    (folder / "in.csv").write_bytes(b"\n\r\n\rname\nBo\n\nKim\n")
    (chunk,) = tables.InputTable("in.csv")
    assert chunk.to_pydict() == {"name": ["Bo", "", "Kim"]}


def test_input_table_chunks_limit_rows_and_bytes(folder, monkeypatch):
    texts = ["x" * n for n in (9, 9, 9, 9, 99, 9, 9)]
    write_csv("in.csv", [("Kim", text) for text in texts], ("name", "x"))
    monkeypatch.setattr(tables, "BYTES_OF_CHUNK", 110)
    assert [len(chunk) for chunk in tables.InputTable("in.csv")] == [3, 2, 2]


@pytest.mark.parametrize(
    "header",
    "name|Full name|surname|customer_full|First_Name|x@y|7".split("|"),
)
def test_predict_reads_names_from_only_column_with_any_header(run, header):
    Path("in.csv").write_text(f"{header}\nAnna\n", encoding="utf-8")
    out, messages = run("predict in.csv")
    assert read_csv(out)[0] == [header, *NEW]
    assert messages.startswith("1 row: 1 predicted")


TWO = "--column 'given, family'"


@pytest.mark.parametrize(
    "text, options, header, n_predicted",
    [
        ("Mehmet Yılmaz\nAnna\n", "--no-header", ["name"], 2),
        ("1,Anna,Kim\n2,,Kim\n3,,\n", "--no-header --column 2,3", [*"123"], 2),
        ("id,who\n1,Kim\n", "--column WHO", ["id", "who"], 1),
        ("Name,name\n,Kim\n", "", ["Name", "name"], 1),
        ("Given,x,family\n,1, Kim\nBo,1,\n,1,\n", TWO, ["Given", "x", "family"], 2),
        ('"given, family"\nKim\n', TWO, ["given, family"], 1),
    ],
)
def test_predict_column_option_selects_name_columns(
    run, text, options, header, n_predicted
):
    Path("in.csv").write_text(text, encoding="utf-8")
    out, messages = run(f"predict in.csv {options}")
    assert read_csv(out)[0] == [*header, *NEW]
    assert f": {n_predicted} predicted" in messages


@pytest.mark.parametrize(
    "text, options, warning",
    [
        ("Ana Díaz\nBo\n", "", "using 'Ana Díaz' as the header: if it is a name, "),
        ("name", "", "warning: in.csv has a header but no rows."),
        ("id,name\n", "", "warning: in.csv has a header but no rows."),
        ("name,who\n,Kim\n", "", "warning: in.csv has no names: check --column."),
        ('Bo\n"Kim\nBo"\n', "--no-header", "warning: in.csv: the name in row 2 has a "),
    ],
)
def test_predict_doubtful_header_warns(run, text, options, warning):
    Path("in.csv").write_text(text, encoding="utf-8")
    _, messages = run(f"predict in.csv {options}", code=None)
    assert messages.startswith(f"sknames: {warning}")


@pytest.mark.parametrize(
    "names, options, code",
    [
        (["7", ""], "", 1),
        (["Kim", ""], "", 0),
        (["Kim"], "--threshold .9999", 0),
        ([], "", 0),
    ],
)
def test_predict_exit_code_without_names_is_1(run, names, options, code):
    write_names(names)
    out, _ = run(f"predict in.csv --column name {options}", code=code)
    assert len(read_csv(out)) == 1 + len(names)  # every row is written


def parquet_table():
    names = [name or None for _, name, _ in ROWS]
    columns = {
        "number": pa.array([1, None, 3, 4, 5, 6, 7], pa.int32()),
        "name": pa.array(names).dictionary_encode(),
        "list": [[1], [], None, [2, 3], [4], [5], [6]],
        "share": [0.1, float("nan"), None, 1e-300, 2.0, 3.0, -0.0],
    }
    return pa.table(columns).replace_schema_metadata({"who": "we"})


@pytest.mark.parametrize(
    "n, summary",
    [
        (7, "7 rows: 5 predicted"),
        (0, "sknames: warning: in.parquet has a header but no rows."),
    ],
)
def test_predict_parquet_keeps_columns_and_types(run, n, summary):
    table = parquet_table()[:n]
    pa.parquet.write_table(table, "in.parquet", row_group_size=2)
    _, messages = run("predict in.parquet --output o.parquet")
    assert messages.startswith(summary)
    found = pa.parquet.read_table("o.parquet")
    assert found.schema.metadata[b"who"] == b"we"
    assert found.column_names == [*table.column_names, *NEW]
    assert str(found.select(table.column_names).to_pydict()) == str(table.to_pydict())


def test_predict_parquet_to_csv_writes_other_types_as_text(run):
    columns = {
        "name": ["Kim"],
        "rows": [[{"x": [1.5, None], "y": "ü"}]],
        "took": pa.array([93_600], pa.duration("s")),
        "when": pa.array([1], pa.timestamp("us", "UTC")),
        "view": pa.array(["Bo"], pa.string_view()),
    }
    pa.parquet.write_table(pa.table(columns), "in.parquet")
    _, row = read_csv(run("predict in.parquet --format csv")[0])
    assert row[1:3] == ['[{"x": [1.5, null], "y": "ü"}]', "1 day, 2:00:00"]
    assert row[3].startswith("1970-01-01 00:00:00.000001")
    assert row[4] == "Bo"


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_predict_standard_input_with_adapt_priors_is_read_twice(run, name):
    pa.parquet.write_table(parquet_table(), "in.parquet")
    with open("in.parquet", "rb") as file, redirected(0, file.fileno()):
        _, messages = run(f"predict {name} --adapt-priors --output out")
    assert messages.startswith("7 rows: 5 predicted")
    assert pa.parquet.read_table("out").num_rows == 7


def test_predict_output_named_like_shipped_model_is_written(run):
    write_csv("in.csv")
    run("predict in.csv --model nationality --output nationality")
    assert read_csv(text_of("nationality"))[0][-3:] == NEW


def test_predict_from_pipe_appends_to_standard_output(run):
    os.mkfifo("pipe")
    write_csv("in.csv")
    writer = Thread(
        target=lambda: Path("pipe").write_bytes(Path("in.csv").read_bytes())
    )
    writer.start()
    Path("all.csv").write_text("old\n", encoding="utf-8")
    with open("all.csv", "ab") as file, redirected(1, file.fileno()):
        _, messages = run("predict pipe --output /dev/stdout")
    writer.join()
    assert messages.startswith("7 rows: 5 predicted, 2 missing name; ")
    old, header, *rows = read_csv(text_of("all.csv"))
    assert old == ["old"]
    assert header == ["id", "name", "note", *NEW]
    assert [tuple(row[:3]) for row in rows] == ROWS


# ---- What predict adds


PEOPLE = [
    "Iker Casillas",
    "Mehmet Yılmaz",
    "Lee",
    "Juan Perez",
    "",
    "123",
    "a@b.org",
    "😀",
]
PEOPLE += ["Aoife Byrne", "Kowalski", "Mehmet Yılmaz", "Papadopoulos", "Giuseppe Rossi"]
MIX = {"Greek": 0.25, "Polish": 0.75}


def careful(tiny):
    model = SelectiveClassifier(FrozenEstimator(tiny), coverage=0.5)
    return model.fit(["Ana", "Yuki", "Jan", "Ali"], tiny.classes_)


M49 = ["subregion", "region"]


def countries(tiny):
    return load_pretrained("country", abstain=True, fallback=M49)


def adapted(tiny):
    return PriorShiftClassifier(FrozenEstimator(tiny)).fit(PEOPLE)


def rare_greek(model):
    return PriorShiftClassifier(model, priors={"Greek": 0.25, "others": 0.75})


def mixed(tiny):
    return PriorShiftClassifier(tiny, priors=MIX)


# Options, with the model and the arguments of predict_names that they stand for.
ANSWERS = {
    "--model nationality --abstain --top 2": (
        lambda tiny: load_pretrained(abstain=True),
        {"top": 2},
    ),
    "--model country --abstain --fallback": (countries, {}),
    "--model country --fallback --threshold .5": (
        lambda tiny: load_pretrained("country", threshold=0.5, fallback=M49),
        {},
    ),
    "--model nationality --risk .1": (lambda tiny: load_pretrained(risk=0.1), {}),
    "--model country --risk .3 --abstain --fallback": (
        lambda tiny: load_pretrained("country", risk=0.3, fallback=M49),
        {},
    ),
    "--threshold .4": (lambda tiny: SelectiveClassifier(tiny, threshold=0.4), {}),
    "--abstain --threshold .999": (
        lambda tiny: SelectiveClassifier(tiny, threshold=0.999),
        {},
    ),
    "--priors Greek=.25,Polish=.75 --groups region --proba": (
        lambda tiny: GroupedClassifier(mixed(tiny)),
        {},
    ),
    "--priors Greek=.25,others=.75 --proba": (rare_greek, {}),
    "--model nationality --priors Greek=.25,others=.75": (
        lambda tiny: rare_greek(load_pretrained()),
        {},
    ),
    "--adapt-priors --proba": (adapted, {}),
    "--model careful.skops --adapt-priors --threshold .4": (
        lambda tiny: SelectiveClassifier(adapted(tiny), threshold=0.4),
        {},
    ),
    "--model careful.skops --abstain": (careful, {}),
    "--model careful.skops": (lambda tiny: tiny, {}),
    "--model fall_back.skops --threshold .6": (
        lambda tiny: SelectiveClassifier(tiny, threshold=0.6, fallback=M49),
        {},
    ),
    "--model fall_back.skops --threshold .6 --groups region": (
        lambda tiny: SelectiveClassifier(GroupedClassifier(tiny), threshold=0.6),
        {},
    ),
    "--model careful.joblib --abstain --trust-pickle": (careful, {}),
    "--model careful.skops --groups region": (GroupedClassifier, {}),
    "--model careful.skops --priors uniform": (
        lambda tiny: PriorShiftClassifier(tiny, priors="uniform"),
        {},
    ),
}


@pytest.mark.parametrize("options", ANSWERS)
def test_predict_with_options_equals_python(run, tiny, options):
    make, asked = ANSWERS[options]
    save(careful(tiny), "careful.skops")
    frozen = FrozenEstimator(tiny)
    fall_back = SelectiveClassifier(frozen, threshold=0.1, fallback=M49)
    save(fall_back.fit(["Ana"], ["Greek"]), "fall_back.skops")
    joblib.dump(careful(tiny), "careful.joblib")
    write_names(PEOPLE)
    run(f"predict in.csv {options} -o o.parquet")
    answers = predict_names(make(tiny), PEOPLE, **asked)
    expected = answers.columns(proba="--proba" in options)
    found = read_output("o.parquet", "parquet", ",")
    assert_columns_are(found, {"name": np.array(PEOPLE)} | expected)


@pytest.mark.parametrize("groups, kind", [([10, 20], pa.int64()), ("ab", pa.string())])
def test_predicted_column_is_integer_only_if_labels_and_groups_are(
    run, tiny, small_names, groups, kind
):
    labels = (small_names[1] == "Greek") + 2 * (small_names[1] == "Polish")
    one, other = groups
    fallback = [{0: one, 1: other, 2: other}]
    ngrams = make_pipeline(clone(tiny[0]), MultinomialNB())
    model = SelectiveClassifier(ngrams, coverage=0.9, fallback=fallback)
    save(model.fit(small_names[0], labels), "own.skops")
    names = [*small_names[0], ""]
    write_names(names)
    run("predict in.csv --model own.skops --abstain --top 2 -o o.parquet")
    table = pa.parquet.read_table("o.parquet")
    assert table.schema.field("predicted").type == kind
    assert table.schema.field("predicted_2").type == kind
    expected = predict_names(model, names, top=2).columns()
    assert_columns_are(table.to_pydict(), {"name": np.array(names)} | expected)
    assert other in table["predicted"].to_pylist()


def test_version_prints_fingerprints_without_loading_models(run, monkeypatch):
    models = [load_pretrained(), load_pretrained("country")]
    names = map(fingerprint, models)
    monkeypatch.delattr("numpy.load")
    out, _ = run("--version")
    assert out == f"sknames, version {__version__} ({', '.join(names)})\n"


def test_shell_completion_after_version_completes_command(capsys):
    completion = ShellComplete(main.cli, {}, "sknames", "_SKNAMES_COMPLETE")
    (found,) = completion.get_completions(["--version"], "pred")
    assert found.value == "predict"
    assert not capsys.readouterr().out


def test_predict_parquet_to_terminal_raises(run, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    write_csv("in.csv")
    out, messages = run("predict in.csv --format parquet", code=2)
    assert not out
    assert "Parquet cannot be shown on a terminal: use --output" in messages


@pytest.mark.parametrize("options", ["", "--threshold .9999"])
@pytest.mark.parametrize(
    "names, warning",
    [
        (
            ["A. M. Kim", "Kim, J.-P.", "Anna Kim", "A. Lee"],
            "Most of these names have initials instead of given names. Then accuracy "
            "is 13 to 16 points lower",
        ),
        (
            ["JoÃ£o", "Å\x81ukasz", "Anna"],
            "2 names are UTF-8 that was decoded as Windows-1252: export the table ",
        ),
    ],
)
def test_predict_initials_or_broken_letters_warn(run, names, warning, options):
    write_names(names)
    _, messages = run(f"predict in.csv {options}")
    assert messages.count("warning") == 1
    assert f"sknames: warning: {warning}" in messages


def test_predict_few_initials_do_not_warn(run):
    write_names(["A. Kim", "Bo Kim", "7"])
    assert "warning" not in run("predict in.csv")[1]


# Nationalities and countries.
FEW = ["Matti Virtanen", "Jón Jónsson", "Sardor Rashidov"]
FEW_COUNTRIES = ["Kwok Wai Chan", "Sione Tupou"]


@pytest.mark.parametrize("target, n_few", [("nationality", 3), ("country", 2)])
def test_predict_sparse_labels_are_counted(run, target, n_few):
    write_names([*FEW, *FEW_COUNTRIES, "Anna Müller", "7"])
    _, messages = run(f"predict in.csv --model {target}")
    line = (
        f"sknames: {n_few} predictions of labels with fewer than 20 held-out people, "
    )
    assert line in messages


@pytest.mark.parametrize(
    "options",
    [
        "--model nationality --abstain --threshold .9999999",
        "--model country --groups region",
        "--model model.skops",
    ],
)
def test_predict_without_sparse_labels_prints_no_count(run, options):
    write_names([*FEW, *FEW_COUNTRIES])
    assert "held-out" not in run(f"predict in.csv {options}")[1]


MEMORY = """
import re
from pathlib import Path
import resource
from sknames._cli import main

def peak():
    status = Path("/proc/self/status")  # of this program only, unlike getrusage
    if status.exists():
        return re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

for n in (200_000, 600_000):  # a smaller table's first chunks do not reach the plateau
    Path("in.csv").write_text("name\\n" + "Kowalski\\nNowak\\n" * (n // 2))
    main.run(["predict", "in.csv", "--output", "out.csv"])
    print(peak())
"""


def test_predict_more_rows_use_no_more_memory(folder):
    pytest.importorskip("resource")  # not on Windows
    done = run_process(sys.executable, "-c", MEMORY)
    assert "600,000 rows: 600,000 predicted" in done.stderr, done.stderr
    unit = 1 if sys.platform == "darwin" else 1024
    first, last = (int(peak) * unit for peak in done.stdout.split())
    assert last - first < 12e6
    assert last < 450e6


# ---- Equal to Python

# Encodings of any text, and the option that each needs.
ENCODINGS = {
    "utf-8": "",
    "utf-8-sig": "",
    "utf-16": "",
    "utf-16-le": "--encoding utf-16-le",
    "gb18030": "--encoding gb18030",
}


@dataclasses.dataclass(frozen=True)
class Form:
    """The format of a table's file. For Parquet, only the name matters."""

    format: str
    name: str
    compression: str | None
    delimiter: str
    encoding: str
    line_end: str
    quoting: int

    def write(self, table):
        """Write a table; return its file and the options to read it."""
        if self.format == "parquet":
            table.to_parquet(self.name)
            return self.name
        text = table.to_csv(
            sep=self.delimiter,
            index=False,
            lineterminator=self.line_end,
            quoting=self.quoting,
        )
        mark = "\ufeff" if self.encoding == "utf-16-le" else ""
        # Blank lines above the header are skipped.
        text = f"{mark}{self.line_end * 2}{text}"
        self.write_bytes(text.encode(self.encoding))
        given = "--delimiter ^" if self.delimiter == "^" else ""
        return f"{self.name} {given} {ENCODINGS[self.encoding]}"

    def write_bytes(self, data):
        """Write bytes, compressed ones as two members, as `cat a.gz b.gz` gives."""
        if self.compression is not None:
            first = pa.compress(data[:50], self.compression, asbytes=True)
            data = first + pa.compress(data[50:], self.compression, asbytes=True)
        Path(self.name).write_bytes(data)


FORMS = st.builds(
    Form,
    format=st.sampled_from(["csv", "parquet"]),
    name=st.sampled_from(
        ["table", "table.csv"]
    ),  # the format is detected from the content
    compression=st.sampled_from([None, "gzip", "zstd"]),
    delimiter=st.sampled_from(",;\t|^"),
    encoding=st.sampled_from([*ENCODINGS]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
OUTPUTS = ["out", "out.csv", "out.tsv", "out.csv.gz", "out.csv.zst", "out.parquet"]


def read_output(path, format, delimiter):
    """Return the columns of an output; `format` is used if its name has no suffix."""
    with pa.input_stream(path) as stream:
        data = stream.read()
    format = tables.FORMATS.get(tables.suffix_of(path), format)
    if format == "parquet":
        return pa.parquet.read_table(pa.BufferReader(data)).to_pydict()
    header, *rows = read_csv(data.decode(), "\t" if ".tsv" in path else delimiter)
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def assert_columns_are(found, frame):
    """Check that columns equal those of a frame: floats nearly, others as text."""
    assert [*found] == [*frame]
    for name, values in frame.items():
        if values.dtype.kind == "f":
            numbers = [np.nan if v in ("", None) else float(v) for v in found[name]]
            assert_allclose(numbers, values, rtol=0, atol=2e-6, err_msg=name)
        else:
            assert as_text(found[name]) == as_text(values.tolist()), name


def as_text(values):
    """Return values as in CSV."""
    texts = []
    for value in values:
        text = "" if pd.isna(value) else value
        texts.append(text if isinstance(text, str) else json.dumps(text))
    return texts


ANY = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
AWKWARD = [
    *PEOPLE,
    " \u200b",
    "null",
    "007",
    "Bo\nKim",
    "Bo\r\nKim",
    '"Bo", 1;2\t3|4^5',
]
# Surrogates cannot be encoded, and U+001F is the delimiter of a single column.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x1f"), max_size=20
)
LISTS = st.lists(TEXTS | st.none() | st.sampled_from(AWKWARD), min_size=1, max_size=7)


@given(
    names=LISTS,
    form=FORMS,
    output=st.sampled_from(OUTPUTS),
    n=st.integers(1, 3),
    prefix=st.sampled_from(["", "new_"]),
)
@settings(ANY, max_examples=60)
def test_predict_command_writes_result_of_predict_table(
    run, tiny, names, form, output, n, prefix
):
    columns = {"name": names, "note": names[::-1], "row": range(len(names))}
    table = pd.DataFrame(columns).iloc[:, :n]
    command = f"predict {form.write(table)} -o {output} --top {n}"
    # The exit code is 1 if no row has a name.
    run(f"{command} --prefix '{prefix}'", code=None)
    delimiter = form.delimiter if form.format == "csv" and n > 1 else ","
    found = read_output(output, form.format, delimiter)
    assert_columns_are(found, predict_table(tiny, table, top=n, prefix=prefix))


def list_of(people, n):
    """Return a table of n people, and of two rows without a name."""
    names, labels = people
    k = np.arange(n + 2)
    mixed = k[:n] * 7 % len(names)  # people are in the order of their labels
    is_checked = (k % 3 > 0) & (k < n)
    return pd.DataFrame(
        {
            "name": [*names[mixed], "", "7"],
            "paper": k // 3,
            "weight": np.where(k < n, k % 4 + 1, np.nan),
            "checked": np.where(is_checked, [*labels[mixed], "", ""], None),
            "outcome": np.where(k % 5 > 2, "yes", "no"),
            "year": (2000 + k % 3).astype(str),
            "side": np.array(["left", "right", None])[k % 7 % 3],
        }
    )


# Options, and the parameters of Python with their columns. The last of two wins.
COLUMNS = {
    "--cluster paper": {"clusters": "paper"},
    "--weight weight": {"sample_weight": "weight"},
    "--checked checked": {"checked": "checked"},
    "--by year": {"by": "year"},
    "--by year,side": {"by": ["year", "side"]},
}


# Commands, with the function of Python, its columns, and what parts are compared with.
QUESTIONS = {
    "shares": (estimate_shares, {}, None),
    "rates --outcome outcome": (estimate_rates, {"outcome": "outcome"}, None),
    "rates --outcome outcome --by year": (
        estimate_rates,
        {"outcome": "outcome", "by": "year"},
        None,
    ),
    "shares --by year --against others": (estimate_shares, {"by": "year"}, "others"),
    "shares --by year,side --against 2001,left": (
        estimate_shares,
        {"by": ["year", "side"]},
        ("2001", "left"),
    ),
}


@given(
    question=st.sampled_from([*QUESTIONS]),
    options=st.lists(st.sampled_from([*COLUMNS]), max_size=3),
    groups=st.sampled_from(["", "--groups region"]),
    n=st.integers(60, 260),  # names repeat from 200 on
    form=FORMS,
    output=st.sampled_from(OUTPUTS),
)
@settings(ANY, max_examples=30)
def test_shares_and_rates_commands_write_same_frame_as_python(
    run, tiny, small_names, question, options, groups, n, form, output
):
    estimate, columns_of_question, against = QUESTIONS[question]
    columns = {}
    for option in options:
        columns |= COLUMNS[option]
    columns |= columns_of_question
    table = list_of(small_names, n)
    given = {name: table[column] for name, column in columns.items()}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        expected = estimate(tiny, table["name"], random_state=0, **given)
        if groups:
            expected = expected.sums("region")
        if against is not None:
            expected = expected.compare(against)
    command, _, more = question.partition(" ")
    _, messages = run(
        f"{command} {form.write(table)} {groups} {' '.join(options)} {more} -o {output}"
    )
    delimiter = form.delimiter if form.format == "csv" else ","
    found = read_output(output, "csv", delimiter)
    assert_columns_are(found, expected.to_frame())
    warned = [f"sknames: warning: {warning.message}" for warning in caught]
    shown = [line for line in messages.splitlines() if "warning" in line]
    assert shown == [*dict.fromkeys(warned)]


# ---- Shares


@pytest.mark.parametrize("groups", ["", "--groups subregion"])
def test_shares_notes_equal_notes_of_python(run, monkeypatch, groups):
    # Scottish and Zulu are sparse labels, so that a note names an option. Zulu is the
    # only label of Southern Africa.
    labels = ["English", "Scottish", "Zulu"]
    names, _ = make_names(60, nationalities=labels, random_state=0)
    write_names([*names, "7", ""])
    with pytest.warns(UserWarning, match="The shares are rough"):
        expected = estimate_shares(load_pretrained(), [*names, "7", ""], random_state=0)
    if groups:
        expected = expected.sums("subregion")
    command = f"shares in.csv --model nationality {groups}"
    warning, *notes, last = run(command)[1].splitlines()
    assert warning.startswith("sknames: warning: The shares are rough: ")
    assert last.startswith("62 rows: 60 names, 2 not names; ")
    text = str(expected).replace(*OPTION)
    assert ("similar names, as by --groups subregion" in text) == (not groups)
    shown = text.splitlines()
    (counts,) = (k for k, line in enumerate(shown) if " rows: " in line)
    assert notes == [f"sknames: note: {note}" for note in shown[counts + 1 :]]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert run(command)[0] == f"{text}\n"


@pytest.mark.parametrize(
    "question, options, columns",
    [
        ("shares", "", {}),
        ("shares", "--checked label", {"checked": "label"}),
        ("shares --by year --against others", "", {"by": "year"}),
        ("rates --outcome outcome", "", {"outcome": "outcome"}),
    ],
)
def test_list_command_groups_equal_sums_of_python(run, question, options, columns):
    # Ethiopian is a sparse label. American is neither a label nor in a group.
    labels = ["English", "Ethiopian", "Kenyan"]
    names, nationality = make_names(400, nationalities=labels, random_state=0)
    nationality = nationality.astype(object)
    k = np.arange(400)
    nationality[8] = "American"
    nationality[k % 8 > 3] = None
    table = pd.DataFrame({"name": names, "label": nationality, "year": k % 2})
    table["outcome"] = np.where(k % 5 > 2, "yes", "no")
    table.to_csv("in.csv", index=False)
    given = {name: table[column].astype(object) for name, column in columns.items()}
    estimate = estimate_rates if "outcome" in columns else estimate_shares
    estimates = estimate(load_pretrained(), names, random_state=0, **given)
    expected = estimates.sums("subregion")
    if "by" in columns:
        expected = expected.compare()
    command = f"{question} {options} --groups subregion --model nationality -o o.csv"
    run(command.replace(" ", " in.csv ", 1))
    found = read_output("o.csv", "csv", ",")
    assert_columns_are(found, expected.to_frame())


def test_shares_groups_of_other_labels_raise_before_reading(run, small_names):
    own = make_pipeline(CharEncoder(), MultinomialNB())
    save(own.fit(["Ana", "Bo"], ["a", "b"]), "own.skops")
    write_names(["", "7"])
    _, messages = run("shares in.csv --groups region --model own.skops", code=1)
    assert "'a'" in messages


def test_shares_by_on_terminal_equals_text_of_python(
    run, tiny, small_names, monkeypatch
):
    table = list_of(small_names, 90)
    table.loc[90:, "year"] = "1999"  # rows without a name
    table.loc[table["year"] == "2001", "checked"] = None
    table.to_csv("in.csv", index=False)
    by = table[["year", "side"]]
    checked = table["checked"]
    with pytest.warns(UserWarning, match="9 parts alike"):
        expected = estimate_shares(
            tiny, table["name"], by=by, checked=checked, random_state=0
        )
    command = "shares in.csv --by 'Year, side' --checked checked"
    _, messages = run(f"{command} -o o.csv")
    assert (
        "7 parts alike; the first (year: 1999, side: left): no row is checked"
        in messages
    )
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert run(command)[0] == f"{expected}\n".replace(*OPTION)


def test_shares_plot_with_many_parts_raises(run, small_names, monkeypatch):
    list_of(small_names, 60).to_csv("in.csv", index=False)
    command = "shares in.csv --by year --plot o.png"
    monkeypatch.setattr(shares, "MOST_PANELS", 3)
    run(command)
    assert Path("o.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr(shares, "MOST_PANELS", 2)
    _, messages = run(command, code=2)
    assert (
        "--plot draws 2 parts at most, but --by year gives 3: omit --plot" in messages
    )


def test_shares_by_parquet_column_writes_dates_and_decimals_as_text(run):
    columns = {
        "day": [dt.date(2020, 1, 1), dt.date(2020, 1, 2)],
        "time": [dt.time(8), dt.time(9)],
        "amount": [Decimal("1.50"), Decimal("2.00")],
        "number": [7, 8],
    }
    table = pa.table({"name": ["Kim", "Papadopoulos"]} | columns)
    pa.parquet.write_table(table, "in.parquet")
    command = f"shares in.parquet --by {','.join(columns)} --against"
    _, *rows = read_csv(run(f"{command} 2020-01-01,08:00:00,1.50,7")[0])
    assert [row[:4] for row in rows] == [["2020-01-02", "09:00:00", "2.00", "8"]] * 4


def test_shares_against_no_other_names_writes_blank_row(run):
    write_csv("in.csv", [("Kim", "a"), ("", "b")], ("name", "group"))
    out, _ = run("shares in.csv --by group --against others")
    blank = [""] * 8
    assert read_csv(out)[1:] == [["a", *blank, "1", "0"], ["b", *blank, "0", "1"]]


@pytest.mark.parametrize(
    "command",
    [
        "shares in.csv --column n --by x --against others",
        "predict in.csv --column n --adapt-priors --groups region",
    ],
)
def test_command_duplicate_texts_are_predicted_once(
    run, small_names, monkeypatch, command
):
    names = small_names[0][:60].tolist()
    write_csv("in.csv", [(name, k) for k in range(2) for name in names], "nx")
    transform = CharEncoder.transform
    read = []

    def counting(encoder, X):
        read.extend(X)
        return transform(encoder, X)

    monkeypatch.setattr(CharEncoder, "transform", counting)
    run(command)
    assert len(read) - read.count("") == len({*names})


def test_sample_row_numbers_match_pandas(run):
    Path("in.csv").write_text(
        'name\nAna Kowalska\n\n  \nJan Nowak\n123\n""\nAli Demir\n', encoding="utf-8"
    )
    _, *rows = read_csv(run("shares in.csv --sample 3")[0])
    drawn = [(int(row), name) for row, name, _ in rows]
    assert drawn == [(0, "Ana Kowalska"), (1, "Jan Nowak"), (4, "Ali Demir")]
    people = pd.read_csv("in.csv")
    assert [people.name[row] for row, _ in drawn] == [name for _, name in drawn]


FORMULAS = ["=1+1", "+49 30", "-5-1", "@a", "-", "+-1", "=5"]
NO_FORMULAS = ["-5", "+1,234.50", "-1e-7", "-5%", "a=b", " =1", ""]


def test_predict_excel_escapes_formulas(run):
    cells = [*FORMULAS, *NO_FORMULAS]
    columns = {
        "=x": cells,
        "y": pa.array(cells).dictionary_encode(),
        "n": [-1] * len(cells),
        "name": ["Kim"] * len(cells),
    }
    pa.parquet.write_table(pa.table(columns), "in.parquet")
    run("predict in.parquet -o o.csv --excel")
    header, *rows = read_csv(text_of("o.csv").removeprefix("\ufeff"))
    shown = [f"'{text}" for text in FORMULAS] + NO_FORMULAS
    assert header[0] == "'=x"
    assert [row[:3] for row in rows] == [[text, text, "-1"] for text in shown]
    run("predict in.parquet -o o.csv")
    header, *rows = read_csv(text_of("o.csv"))
    assert header[0] == "=x"
    assert [row[0] for row in rows] == cells


# ---- train


def write_labelled(rows, path="in.csv"):
    write_csv(path, rows, header=("name", "nationality"))


def test_train_fits_own_labels_pipeline_up_to_limit_and_net_above(
    run, small_names, monkeypatch
):
    # The last label is rarer.
    names = small_names[0][:170].tolist()
    labels = small_names[1][:170].tolist()
    write_labelled(zip(names, labels, strict=True))
    monkeypatch.setattr(train_command, "MOST_NAMES", 170)
    _, messages = run("train in.csv --output own.skops")
    assert messages.startswith(
        "sknames: fitting n-grams and features of the shipped model, which for 170 "
        "names is more accurate than a net from scratch.\n170 rows: learned 170 names "
        "of 4 labels, 0 without a name or a label; "
    )
    megabytes = Path("own.skops").stat().st_size / 1e6
    assert messages.endswith(f" s; {megabytes:.1f} MB\n")
    own = load_model("own.skops")
    by_hand = make_own_labels_pipeline().fit(names, labels)
    assert_allclose(own.predict_proba(names), by_hand.predict_proba(names), atol=1e-12)
    frequencies = np.unique(labels, return_counts=True)[1] / len(labels)
    assert_allclose(own.class_prior_, frequencies)
    # The file contains the shipped model, which a later version may replace.
    monkeypatch.setattr(
        "sknames._name_encoder.pretrained_sha256", lambda target: "later"
    )
    run("predict in.csv --model own.skops --threshold .6 --priors uniform")
    monkeypatch.setattr(train_command, "MOST_NAMES", 169)
    monkeypatch.setattr(train_command, "fit_net", lambda *names: by_hand)
    _, messages = run("train in.csv --output own.skops")
    assert messages.startswith(
        "sknames: fitting a net from scratch, which for 170 names "
    )


def test_train_param_sets_parameters_of_net(run, small_names):
    rows = [*zip(*small_names, strict=True), ("", "Greek"), ("Kowalski", "")]
    write_csv("in.csv", rows, header=("who", "truth"))
    command = """train in.csv --column who --label truth --from-scratch
        --param max_length=20 --param cell=rnn --param hidden_size=8
        --param max_epochs=2 --param 'ngram_range=1, 3' --param embedding_dim=none
        --param early_stopping=true --param transliterate=unknown
        --param min_frequency=2"""
    params = {"cell": "rnn", "hidden_size": 8, "max_epochs": 2, "ngram_range": (1, 3)}
    params |= {"embedding_dim": None, "early_stopping": True, "random_state": 0}
    encode = CharEncoder(max_length=20, transliterate="unknown", min_frequency=2)
    by_hand = Pipeline(
        [("encode", encode), ("classify", NameNationalityClassifier(**params))]
    )
    by_hand.fit(*small_names)
    expected = by_hand.predict_proba(small_names[0])
    for output in ("own.skops", "own.joblib"):
        _, messages = run(f"{command} --output {output}")
        is_pickle = output.endswith(".joblib")
        assert messages.startswith(f"sknames: {output} is a pickle") == is_pickle
        assert "202 rows: learned 200 names of 4 labels, 2 without a " in messages
        model = load_model(output, trust_pickle=True)
        assert str(model.get_params()) == str(by_hand.get_params())
        assert_array_equal(model.predict_proba(small_names[0]), expected)


def test_documentation_commands_print_what_the_page_shows(
    folder, run_here, monkeypatch
):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    path = Path(__file__).parent.parent / "docs" / "command_line.md"
    for _ in run_blocks(path):
        pass  # the blocks write files for the commands
    page = path.read_text(encoding="utf-8")
    write_files(page)
    n_run = 0
    for shown in commands(page):
        before, _, command = shown[1].rpartition(" | ")
        if before:
            Path("stdin").write_text(
                run_process("sh", "-c", before).stdout, encoding="utf-8"
            )
            with open("stdin", "rb") as file:
                os.dup2(file.fileno(), 0)
        program, _, line = command.partition(" ")
        assert program == "sknames"
        assert_prints("".join(run_here(line, code=None)), shown[2])
        n_run += 1
    assert n_run >= 10


# ---- Errors


def parquet_of(names):
    """Return the bytes of a Parquet file with a column of names."""
    file = io.BytesIO()
    pa.parquet.write_table(pa.table({"name": names}), file)
    return file.getvalue()


def test_predict_bytes_column_is_written_to_parquet_only(run):
    pa.parquet.write_table(pa.table({"name": ["Kim"], "raw": [b"\xff"]}), "in.parquet")
    _, messages = run("predict in.parquet --output out.csv", code=1)
    assert "Invalid UTF8 payload: use --format parquet" in messages
    assert sorted(os.listdir()) == ["in.parquet", "model.skops"]
    run("predict in.parquet --output out.parquet")
    assert pa.parquet.read_table("out.parquet")["raw"].to_pylist() == [b"\xff"]


def test_predict_duplicate_headers_are_written_to_csv(run):
    header = ("note", "name", "note")
    write_csv("in.csv", header=header)
    out, _ = run("predict in.csv")
    assert [tuple(row[:3]) for row in read_csv(out)] == [header, *ROWS]


@pytest.mark.parametrize(
    "text, line",
    [
        ('id,name,n\n1,"Jan,3\n2,Anna,4\n3,"Piotr",5\n', 2),
        ('id,name,n\n1,Jan,3\n\n2,"An""na\n",4\n3,"Jan;3\r4,Kim,4\r5,"No; P",5\n', 6),
        ('id,name,note\n1,Jan,"a\nb"\n2,Anna,"x\n3,Piotr,"y"\n4,Kim,z\n', 4),
        ('name\n"Kim"\n"Jan, M\nBo\n"Anna, Maria"\n', 3),
        ('name,"note\nKim,1\nBo,"2"\n', 1),
        ('name\n"Kim\nBo\n\n', 2),
        ('name,note\nBo,1\nKim,"x\n', 3),
        ('name,note\n"Jan" Nowak,1\n', 2),
        ('name,note\n"Jan \\"J\\" Nowak",1\n', 2),
    ],
)
def test_predict_wrong_quotation_mark_raises_with_line_number(run, text, line):
    Path("in.csv").write_bytes(text.encode())
    _, messages = run("predict in.csv --output out.csv", code=1)
    assert f"in.csv: the row in line {line} cannot be read (" in messages
    assert "close each quotation mark, or double it inside" in messages
    assert not os.path.exists("out.csv")


@pytest.mark.parametrize(
    "text, n_rows, row",
    [
        ('id,name\n1,"Jan,3\n2,Anna,4\n3,Piotr"\n4,"Ann\na"\n', 2, 2),
        ('name\nJan\nAnna\nBo\nPiotr\n"Kim\rBo"\n', 5, 6),
    ],
)
def test_predict_line_break_in_name_warns_once(run, text, n_rows, row):
    Path("in.csv").write_bytes(text.encode())
    _, messages = run("predict in.csv --adapt-priors")
    assert f"{n_rows} rows: {n_rows} predicted" in messages
    assert messages.count("line break, ") == 1
    assert messages.startswith(
        f"sknames: warning: in.csv: the name in row {row} has a "
    )
    assert "check that every quotation mark is closed" in messages


@pytest.mark.parametrize(
    "text, counts",
    [
        ('name,note\n"Kim \n","a\n""b"" \r\nc"\nJan "J" Nowak,1\n', "2 rows: 2"),
        ('name,note\nKim,"' + "four\n" * 40_000 + '"\n', "1 row: 1"),
    ],
)
def test_predict_line_break_outside_name_does_not_warn(run, text, counts):
    Path("in.csv").write_bytes(text.encode())
    _, messages = run("predict in.csv")
    assert messages.startswith(f"{counts} predicted")


@pytest.mark.parametrize("output", ["/dev/full", "out.csv.gz", "out.parquet"])
def test_predict_full_disk_keeps_old_file(run, output):
    resource = pytest.importorskip("resource")  # not on Windows
    write_csv("in.csv", [(os.urandom(9).hex(), "Anna", "") for _ in range(500)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if output == "/dev/full":
        reason = "No space left on device"
        step = "the output is incomplete"
    else:
        Path(output).write_text("old", encoding="utf-8")
        reason = "File too large"
        step = f"{output} was not written"
        # A limit on file sizes simulates a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        _, messages = run(f"predict in.csv --output {output}", code=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert messages == f"sknames: {reason}: {step}; make room.\n"
    if output != "/dev/full":
        assert sorted(os.listdir()) == sorted(["in.csv", "model.skops", output])
        assert Path(output).read_text(encoding="utf-8") == "old"


@pytest.fixture
def run_main(folder, monkeypatch, capfd):
    """Return a function that runs `main` in this process and returns its exit code."""
    monkeypatch.setattr(main.signal, "signal", lambda *handler: None)

    def run_main(*arguments):
        monkeypatch.setattr(sys, "argv", ["sknames", *arguments])
        with pytest.raises(SystemExit) as stop:
            main.main()
        return stop.value.code, capfd.readouterr().err

    return run_main


def test_main_closed_stdout_without_output_raises(run_main, monkeypatch):
    write_csv("in.csv")
    monkeypatch.setattr(sys, "stdout", None)
    arguments = ["predict", "in.csv", "--model", "model.skops"]
    code, messages = run_main(*arguments)
    assert (code, messages) == (
        1,
        "sknames: standard output is closed: use --output.\n",
    )
    monkeypatch.setattr(sys, "stderr", None)
    assert run_main(*arguments, "--output", "out.csv") == (0, "")
    sys.stderr.close()
    assert text_of("out.csv").count("\n") == 9


def test_main_closed_pipe_ends_silently(run_main, monkeypatch):
    write_csv("in.csv", [("1", "Anna", "x" * 1000)] * 9)
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, getattr(sys, stream))  # restored afterwards
    closed, ours = os.pipe()
    os.close(closed)
    with redirected(1, ours):
        assert run_main("predict", "in.csv", "--model", "model.skops") == (1, "")
    os.close(ours)


def test_main_latin_1_terminal_replaces_characters(run_main, monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), "latin-1")
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stdout", terminal)
    rows = ["name,city", *["Maria,王"] * 30, *["Kim,Rome"] * 30]
    Path("in.csv").write_text("\n".join(rows), encoding="utf-8")
    code, messages = run_main(
        "shares", "in.csv", "--by", "city", "--model", "model.skops"
    )
    assert code == 0, messages
    assert b"city: ?" in terminal.buffer.getvalue()


class Boom:
    """A pickle that creates a folder when it is loaded."""

    def __reduce__(self):
        return (os.mkdir, ("boom",))


def test_predict_pickle_without_trust_is_not_loaded(run):
    write_csv("in.csv")
    joblib.dump(Boom(), "boom.joblib")
    _, messages = run("predict in.csv --model boom.joblib", code=1)
    assert "trust_pickle=True) (on the command line: --trust-pickle)" in messages
    assert not os.path.exists("boom")


TWO_LABELS = make_pipeline(CharEncoder(), KNeighborsClassifier(1)).fit(
    ["Ana", "Bo"], [["Polish", "Europe"], ["Turkish", "Asia"]]
)


@pytest.mark.parametrize(
    "model, message",
    [
        (TWO_LABELS, "of shape (2, 2, 2) for two names: give a classifier with one"),
        ({"a": np.arange(3)}, "own.skops is no model that takes names"),
    ],
)
def test_predict_unsupported_model_raises(run, model, message):
    write_csv("in.csv")
    save(model, "own.skops")
    _, messages = run("predict in.csv --model own.skops", code=1)
    assert message in messages


# Command lines, each with its exit code and a part of the message.
INVALID = """
predict in.csv --output out.xlsx
  2: is not supported. Use .csv
predict in.csv --output out.ZIP
  2: is not supported. Use .csv
predict in.csv --output out.parquet --excel
  2: --excel is for CSV, not for parquet
predict in.csv --output out.jsonl
  2: .jsonl is not supported. Use .csv
predict in.csv --format jsonl
  2: 'jsonl' is not one of 'csv', 'parquet'
predict in.parquet --encoding cp1252
  2: --encoding is for CSV, not for parquet: omit it
predict in.parquet --delimiter ,
  2: --delimiter is for CSV, not for parquet
predict in.parquet --no-header
  2: --no-header is for CSV, not for parquet
shares in.csv --output out.parquet --excel --model nofile.skops
  2: --excel is for CSV, not for parquet
predict in.csv --top 5
  1: top=5: the model has 4 labels. Lower top
predict in.csv --delimiter ab
  2: --delimiter 'ab': use one ASCII character or tab
predict in.csv --delimiter §
  2: --delimiter '§': use one ASCII character or tab
predict in.csv --delimiter tab
  1: has no '\\t': use another --delimiter, perhaps ','
predict in.csv --delimiter ;
  1: has no ';': use another --delimiter, perhaps ','
predict in.csv --column id,surname
  2: no column 'surname': set --column to one of 'id'
predict wide.csv
  2: no column 'name': set --column to one of 'c0', 'c1',
predict wide.csv
  2: 'c18', 'c19', ... See `sknames predict --help`
predict taken.csv --column label
  2: has 2 columns 'label': rename one, or set --colu
predict taken.csv
  1: two columns are named 'reason': rename one, or use --prefix
train empty.csv --label note
  1: no row of empty.csv has a name and a label
predict in.csv --abstain --groups region
  2: needs a --threshold, such as 0.6, because
predict in.csv --abstain --priors uniform
  2: needs a --threshold, such as 0.6, because
predict in.csv --abstain --adapt-priors
  2: needs a --threshold, such as 0.6, because
predict in.csv --abstain
  2: is not a SelectiveClassifier: --abstain needs a --threshold
predict in.csv --fallback
  2: --fallback needs a shipped model and --abstain, --risk or --threshold, without
predict in.csv --model country --abstain --fallback --priors uniform
  2: without --priors, --adapt-priors and --groups
predict in.csv --threshold nan
  1: The 'threshold' parameter of SelectiveClassifier must be a float in the range
predict in.csv --threshold -0.01
  2: Invalid value for '--threshold': -0.01 is not in the range 0<=x<1. See `
predict in.csv --threshold 1
  2: Invalid value for '--threshold': 1.0 is not in the range 0<=x<1.
predict in.csv --risk .1
  2: --risk needs a shipped model
predict in.csv --model country --risk .1 --groups region
  2: --risk needs a shipped model, without --priors, --adapt-priors, --groups
predict in.csv --model country --risk .1 --threshold .9
  2: --groups and --threshold: use only --threshold
predict in.csv --model country --risk nan
  1: The 'risk' parameter of load_pretrained must be a float in the range (0.0, 1.0)
predict in.csv --model country --risk 10
  2: Invalid value for '--risk': 10.0 is not in the range 0<x<1.
predict in.csv --model country --risk 0
  2: Invalid value for '--risk': 0.0 is not in the range 0<x<1.
predict in.csv --model country --risk 1
  2: Invalid value for '--risk': 1.0 is not in the range 0<x<1.
predict in.csv --column ''
  2: --column is empty: give a value or omit the option
predict in.csv --priors ''
  2: --priors is empty: give a value or omit the option
shares in.csv --by ''
  2: --by is empty: give a value or omit the option
shares in.csv --weight ''
  2: --weight is empty: give a value or omit the option
shares in.csv --checked ' '
  2: --checked is empty: give a value or omit the option
shares in.csv --cluster ''
  2: --cluster is empty: give a value or omit the option
rates in.csv --outcome ''
  2: --outcome is empty: give a value or omit the option
shares in.csv --by note,note
  2: --by has 'note' twice: name each column once
shares in.csv --by nationality,Nationality
  2: --by has 'nationality' twice: name each column once
rates in.csv --outcome note --sample 2
  2: --sample 2: there are 5 outcomes: sample at least one row of each
predict in.csv --adapt-priors --priors uniform
  2: both set the class priors: use only one
predict in.csv --priors Elvish=1
  1: --priors got 'Elvish', but the model's
predict in.csv --priors 'Greek=.5, Greek =.5'
  1: --priors has 'Greek' twice
predict in.csv --priors Greek=.5
  1: give them 'others': 0.5, or
predict in.csv --priors in.csv
  2: in.csv has no column 'label'
predict in.csv --priors mix.csv
  1: mix.csv: expected a label for '.5', got none
predict in.csv --priors Greek=half
  1: expected a number from 0 to 1 for 'Greek', got 'half'
predict in.csv --output ./in.csv
  1: --output ./in.csv: is the same file as INPUT: choose another --output
predict in.csv --output hard.csv
  1: --output hard.csv: is the same file as INPUT
shares in.csv --output ./in.csv
  1: --output ./in.csv: is the same file as INPUT
train table.skops --output table.skops
  1: --output table.skops: is the same file as INPUT
predict in.csv --output model.skops
  1: --output model.skops: is the same file as --model
predict in.csv --output mix.csv --priors ./mix.csv
  1: --output mix.csv: is the same file as --priors
shares in.csv --output new.png --plot ./new.png
  1: --output new.png: is the same file as --plot
predict in.csv --output ''
  1: --output : is not a file name: choose another
predict in.csv --output new/.
  1: --output new/.: is not a file name
predict in.csv --priors no.csv
  1: no.csv: no such file: check the path
predict empty.csv --adapt-priors
  1: no row of empty.csv has a name
shares empty.csv
  1: no row of empty.csv has a name
shares in.csv --plot o.txt
  2: use a name that ends in .png
shares in.csv --by place
  2: no column 'place': set --by to one of 'id', 'name', 'note'
shares taken.csv --by share
  2: --by share: rename it, because the output has a column share, too
shares taken.csv --by names
  2: --by names: rename it, because the output has a column names, too
shares in.csv --against others
  2: --against compares the parts of --by: use both
shares one.csv --by nationality --against a
  1: Expected several parts to compare, got only a. Give other
shares one.csv --by nationality --against others
  1: Expected several parts to compare, got only a
shares odd.csv --by d --against others
  1: Expected no part called 'others', which stands for all other rows
shares odd.csv --by d,e --against x,y,z
  2: 2 parts have this name: rename a value, or omit a column of --by
predict empty.csv -o o.parquet.gz
  2: use a name without .gz. See `sknames p
shares empty.csv -o o.zst --format parquet
  2: Parquet is already compressed
predict empty.csv --adapt-priors --output no/o
  1: no does not exist
shares empty.csv --plot no/o.png
  1: no does not exist
shares empty.csv --output no/o.csv
  1: no does not exist
train empty.csv --output folder.skops
  1: folder.skops: is a folder: choose another
predict nofile.csv
  1: nofile.csv: No such file or directory: check the path
predict .
  1: .: Is a directory: choose another file
predict in.csv --model nofile.skops
  1: --model nofile.skops: no such file: check the path. The shipped models are
predict in.csv --model region
  1: expected nationality, country or a file. To predict regions, use --groups
predict in.csv --encoding junk
  1: in.csv: unknown encoding junk: specify the --encoding of the file, e.g. cp1252
predict in.csv --encoding auto
  1: in.csv: unknown encoding auto: specify the --encoding of the file
predict in.csv --encoding zip
  1: in.csv: unknown encoding zip: specify the --encoding of the file, e.g. cp1252
predict in.csv --encoding utf-16
  1: use --encoding utf-16-le
predict in.csv --abstian
  2: No such option '--abstian'. Did you mean '--abstain'? See `sknames predict --help`
predict in.csv --model countries
  1: shipped models are nationality and
predict in.csv --priors Turkish:0.5
  1: use pairs such as Turkish=.5
shares in.csv --groups TS=Turkish
  2: 'TS=Turkish' is not one of 'subregion', 'region'
train in.csv --target country
  2: No such option '--target'. See `sk
in.csv
  2: No such command 'in.csv'. The commands are predict, shares, rates, train.
predict 'Mehmet Yilmaz'
  1: no such file: check the path, or, for a single name, run echo 'Mehmet Yilmaz' |
train in.csv --param cell=gru
  2: --param sets a parameter of a net from scratch: add --from-
train in.csv --from-scratch --param cell=a
  1: 'cell' parameter of NameNationalityClass
train in.csv --from-scratch --param junk=1
  1: Valid parameters are: ['batch_size',
train in.csv --output model.txt
  1: model.txt should end in .skops
train one.csv
  1: all 3 names have the label 'a': two or more labels are needed
train in.csv --label truth
  2: no column 'truth': set --label to one of
shares papers.csv
  1: papers.csv: several names in 2 of 3 rows: split them into one name per row.
rates papers.csv --outcome name
  1: papers.csv: several names in 2 of 3 rows: split them into one name per row.
predict latin.csv
  1: latin.csv: line 3 is not utf-8, b'name\nAnna\nB\xfc\n': specify the --encoding of
predict late.csv
  1: late.csv: line 5002 is not utf-8, b'
predict late16.csv
  1: late16.csv: line 3002 is not utf-16
predict byte.csv --encoding cp1252
  1: byte.csv: line 2 is not cp1252, b'name\nM\x81ller\n': specify the --encoding of
predict in.csv --priors latin.csv
  1: latin.csv: line 3 is not utf-8
predict ragged.csv
  1: ragged.csv: line 3 has 3 columns, not 2: correct the row, or specify the --delim
predict open.csv
  1: open.csv: the row in line 2 cannot be read (field larger than field limit
predict nothing.csv
  1: nothing.csv: this is an empty file
predict blank.csv
  1: blank.csv: this is an empty file
predict utf16.csv
  1: utf16.csv: NUL characters in the first row: use --encoding utf-16-le
predict array.json
  1: array.json: this is JSON: convert it first, e.g. with DuckDB: COPY
predict lines.txt
  1: lines.txt: this is JSON: convert it first
predict number.parquet
  1: number.parquet: expected names of type str, and the column 'name' has int64
predict list.parquet
  1: and the column 'name' has list<element: string>: use a --column of text
predict text.parquet
  1: this is not a parquet file.: the file is damaged or incomplete: copy it again.
predict damaged.csv.zst
  1: the file is damaged or incomplete: copy it again
predict half.csv.gz
  1: the file is damaged or incomplete: copy it again
predict long.csv.gz
  1: long.csv.gz: line 2 is too long: is this CSV?
predict in.parquet.gz
  1: in.parquet.gz: Parquet in gzip: unpack it first.
predict in.xlsx
  1: in.xlsx: this is a zip or Excel file: unpack it, or save the sheet as CSV.
predict in.csv.bz2
  1: in.csv.bz2: this is compressed by bzip2 or xz: unpack it first.
predict taken.csv --output out.parquet --prefix new_
  1: two columns are named 'label': rename one
shares in.csv --sample 8
  1: in.csv has only 5 names: sample fewer
shares in.csv --sample 2 --by note
  2: --sample only writes rows to check: omit the other options
shares in.csv --weight name
  2: --weight: expected numbers, got '
shares list.csv --weight weight
  2: --weight: expected numbers, got ''. Use 0 to exclude a row
shares list.csv --cluster paper
  1: Expected a cluster for each name, got None
shares in.csv --by nationality --cluster nationality
  1: Expected a part with an estimate, got none; nationality
shares list.csv --checked nobody
  1: Expected labels of some rows in checked, got none. Leave it out.
shares in.csv --by nationality --against c
  2: --against c: no such part. Use others, or one of 'a', 'b'
predict in.csv --priors Greek=.3,others=.68
  1: --priors sum to
predict in.csv --priors Greek=.3,others=.72
  1: --priors sum to
"""
INVALID = re.findall(r"^(.+)\n  (\d): (.+)$", INVALID, re.M)


# Files of these commands.
FILES = {
    "empty.csv": b"id,name,note\n1,,\n2,123,\n",
    "one.csv": b"name,nationality\nHans,a\nHans,a\nHans,a\n",
    "wide.csv": ",".join(f"c{k}" for k in range(21)).encode(),
    "taken.csv": b"name,reason,share,names,label,label\nKim,a,b,c,d,e\n",
    "odd.csv": b'name,d,e\nKim,"x,y",z\nLee,x,"y,z"\nBo,others,\n',
    "table.skops": b"name,nationality\nHans,a\nAnna,b\n",
    "mix.csv": b"label,share\nGreek,.5\n,.5\n",
    "list.csv": b"name,paper,weight,nobody\nKim,1,,\nBo,,2,\n",
    "in.parquet": parquet_of(["Kim"]),
    "byte.csv": b"name\nM\x81ller\n",
    "latin.csv": b"name\nAnna\nB\xfc\n",
    "late.csv": b"name\n" + b"Anna\n" * 5_000 + b"B\xfc\n",
    "late16.csv": ("name\n" + "Anna\n" * 3000).encode("utf-16") + b"\x00\xd8\n\x00",
    "utf16.csv": "name,n\nKim,1\n".encode("utf-16-le"),
    "ragged.csv": b"name;n\nBo;1\nBo;2;3\n",
    "open.csv": b'name\n"' + b"Anna\n" * 210_000,
    "nothing.csv": b"",
    "blank.csv": b"\xef\xbb\xbf\r\n",
    "array.json": b'[\n {"name": "Anna"}]',
    "lines.txt": b'{"name": "Anna"}\n{"name": "Bo"}\n',
    "papers.csv": b'name\n"Smith J, Doe J"\n"Smith J, Doe J"\n123\n',
    "number.parquet": parquet_of([None] * 4 + [7]),
    "list.parquet": parquet_of([None] * 4 + [["a"]]),
    "text.parquet": b"name\nAnna\n",
    "damaged.csv.zst": b"\x28\xb5\x2f\xfd and so on",
    "half.csv.gz": gzip.compress(b"name\n" + os.urandom(9**6))[:9999],
    "long.csv.gz": gzip.compress(b"name\n" + b"a" * (tables.BYTES_OF_CHUNK + 1), 1),
    "in.parquet.gz": gzip.compress(parquet_of(["Kim"])),
    "in.xlsx": b"PK\x03\x04\0",
    "in.csv.bz2": bz2.compress(b"name\nKim\n"),
}


@pytest.fixture
def files_of_errors(folder, line):
    """Write the files that a line names, and return the names of all files."""
    rows = [(*row, "ab"[k % 2]) for k, row in enumerate(ROWS)]
    write_csv("in.csv", rows, header=("id", "name", "note", "nationality"))
    for name, content in FILES.items():
        if name in line:
            Path(name).write_bytes(content)
    os.link("in.csv", "hard.csv")
    os.mkdir("folder.skops")
    return sorted(os.listdir())


@pytest.mark.parametrize("line, code, words", INVALID)
def test_invalid_command_exits_with_message(run, files_of_errors, line, code, words):
    command, _, others = line.partition(" ")
    output = {"predict": "-o out.csv", "shares": "-o out.csv", "train": "-o own.skops"}
    out, messages = run(f"{command} {output.get(command, '')} {others}", code=int(code))
    assert not out
    assert words in messages
    assert messages.endswith((".\n", "?\n")), messages
    assert messages.count("\n") == 1 + messages.startswith("sknames: fitting"), messages
    assert sorted(os.listdir()) == files_of_errors


@pytest.mark.parametrize("words", ["does not exist or is read-only", "Install skops"])
def test_train_unwritable_output_raises_before_fit(run, monkeypatch, words):
    write_labelled([("", "")])  # no names
    if "skops" in words:
        monkeypatch.setitem(sys.modules, "skops.io", None)
    else:
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    _, messages = run("train in.csv --output own.skops", code=1)
    assert words in messages


# ---- The process


@pytest.mark.parametrize("command", [["-m", "sknames"], ["bin/sknames"]])
def test_ctrl_c_during_imports_prints_no_traceback(folder, monkeypatch, command):
    code = (
        "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
    )
    Path("numpy.py").write_text(code, encoding="utf-8")
    Path("bin").mkdir()
    Path("bin/sknames").write_text(
        "from sknames.__main__ import main; main()", encoding="utf-8"
    )
    package = Path(sknames.__file__).parents[1]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.getcwd(), str(package)]))
    assert (
        run_process(
            sys.executable, *command, "predict", "-", code=-signal.SIGINT
        ).stderr
        == ""
    )


@pytest.mark.parametrize(
    "number, output, messages",
    [
        # while it reads the input
        (signal.SIGINT, "out.csv", "sknames: stopped: nothing was written.\n"),
        (signal.SIGTERM, "out.csv", "sknames: stopped: out.csv was not written.\n"),
        (signal.SIGINT, "-", "sknames: stopped: the output is incomplete.\n"),
        (signal.SIGKILL, "-", ""),
    ],
)
def test_predict_signal_removes_unfinished_file(folder, number, output, messages):
    write_csv("in.csv", [("1", f"Anna {k}", "x" * 50) for k in range(200_000)])
    waits = "nothing" in messages
    source = "-" if waits else "in.csv"
    arguments = ["predict", source, "--output", output, "--model", "model.skops"]
    with process(*arguments, stdin=subprocess.PIPE) as running:
        if waits:
            running.stdin.write(Path("in.csv").read_bytes())
            running.stdin.flush()  # returns when the process has read most of it
        elif output == "-":
            running.stdout.read(1)
        else:
            wait_for(lambda: any(".part" in name for name in os.listdir()))
        while running.poll() is None:  # repeat the signal, which may come before a read
            running.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                running.wait(5)
        running.stdout.read()
        assert running.stderr.read().decode() == messages
        expected = 128 + number if number == signal.SIGTERM else -number
        assert running.returncode == expected
    assert sorted(os.listdir()) == ["in.csv", "model.skops"]


def wait_for(condition):
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("missing", ["click", "pyarrow"])
def test_main_without_package_prints_pip_command_for_it(missing, monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda *handler: None)
    monkeypatch.setattr(
        sknames, "_cli", sknames._cli
    )  # the attribute is restored afterwards
    for name in [
        name for name in sys.modules if name.startswith(("sknames._cli", missing))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(
        SystemExit, match=rf"needs {missing}. Install it: pip install 'sknames\[cli"
    ):
        sknames.__main__.main()


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("path", ["in.csv", "in.parquet"])
def test_predict_progress_bar_shows_percentage_of_bytes(run, monkeypatch, path):
    people = {"name": ["Anna"] * 60, "text": ["x" * 50_000] * 60}
    write_csv("in.csv", zip(*people.values(), strict=True), [*people])
    as_it_is = {"use_dictionary": False, "compression": "none"}
    pa.parquet.write_table(pa.table(people), "in.parquet", **as_it_is)
    monkeypatch.setattr(sys, "stderr", Terminal())
    ended = []
    close = tqdm.close
    monkeypatch.setattr(tqdm, "close", lambda bar: (ended.append(bar.n), close(bar)))
    run(f"predict {path} --output o.csv")
    messages = sys.stderr.getvalue()
    assert re.search(r"\d+%\|.*/3\.\d+M \[.*B/s\]", messages), messages
    assert "60 rows: 60 predicted" in messages
    assert ended[0] == pytest.approx(os.path.getsize(path), rel=1e-4)


# ---- Atomic output


def test_atomic_output_removes_files_of_killed_processes(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f".file.{ended.pid}.part"
    at_work = tmp_path / f".file.{os.getppid()}.part"
    for path in (left, at_work):
        path.touch()
    with files.atomic_output(str(tmp_path / "file")) as file:
        file.write(b"new")
    assert not left.exists()
    assert at_work.exists()


@pytest.mark.parametrize(
    "command, make",
    [
        ("predict in.csv --priors Greek=.25,others=.75", rare_greek),
        ("shares in.csv", lambda tiny: tiny[-1]),
        (
            "predict in.csv --abstain --threshold .2 --priors Greek=.25,others=.75",
            lambda tiny: SelectiveClassifier(rare_greek(tiny), threshold=0.2),
        ),
        (
            "predict in.csv --abstain --threshold .5 --model country --fallback",
            lambda tiny: countries(tiny).set_params(risk=None, threshold=0.5),
        ),
    ],
)
def test_metadata_and_last_line_identify_the_model(
    run, tiny, small_names, command, make
):
    write_names(small_names[0][::4])
    model = make(tiny)
    assumed = SelectiveClassifier(model, threshold=0).class_prior_  # any model has it
    priors = dict(zip(model.classes_, assumed, strict=True))
    _, messages = run(f"{command} -o o.parquet")
    assert messages.endswith(f" s; sknames {__version__}, {fingerprint(model)}\n")
    written = json.loads(pa.parquet.read_schema("o.parquet").metadata[b"sknames"])
    assert written["version"] == __version__
    assert written["fingerprint"] == fingerprint(model)
    assert written["priors"] == pytest.approx(priors)


def test_atomic_output_through_link_keeps_link_and_mode(tmp_path):
    folder = tmp_path / "folder"
    link = tmp_path / "link"
    folder.mkdir()
    target = folder / "file"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    with files.atomic_output(str(link)) as file:
        # The hidden file is next to the target, so that both are on the same disk.
        (part,) = set(os.listdir(folder)) - {"file"}
        assert part.startswith(".")
        assert target.read_text() == "old"
        file.write(b"new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert os.listdir(folder) == ["file"]

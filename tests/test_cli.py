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
from itertools import count, repeat
from multiprocessing import active_children
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
from docs.blocks import commands, write_files
from sknames import (
    CharEncoder,
    GroupedClassifier,
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    __version__,
    estimate_shares,
    fingerprint,
    load_model,
    load_pretrained,
    make_own_labels_pipeline,
    predict_names,
    predict_table,
)
from sknames._cli import files, main, models, tables
from sknames._cli import shares as commands_shares
from sknames._cli import train as training
from sknames.inspection import character_importance, feature_contributions
from sknames.metrics import scorecard
from sknames.pretrained import predict_sets
from tests.conftest import assert_prints, run_process, start_process

ROWS = [
    ("007", "Yılmaz, Mehmet", "NA"),
    ("008", "", 'he said "hi"'),
    ("", "Kowalski", "two\nlines"),
    ("1e5", " \u200b", "1,5; 2"),
    ("2020-01-01", "王伟", "\ttab"),
    ("007", "Papadopoulos", "null"),
    ("true", "O'Brien", ""),
]
NEW = ["predicted", "probability", "reason"]
TAKE_A_MODEL = ["predict", "shares", "explain", "evaluate"]
# The small model is indeed unsure.
pytestmark = pytest.mark.filterwarnings(
    "ignore:The model is unsure", "default:The shares are rough"
)

# What texts of Python call an option.
OPTION = ('groups="subregion"', "--groups subregion")


@pytest.fixture
def folder(tmp_path, monkeypatch, tiny):
    """Make a current folder with a model in it; chunks have three rows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tables, "ROWS_OF_CHUNK", 3)
    monkeypatch.setattr(models.joblib, "cpu_count", lambda: 2)
    save(tiny, "model.skops")
    return tmp_path


@pytest.fixture
def run(folder, capfd):
    """Return a function that runs a line: (standard output, standard error).

    Without another, the model is that of the folder.
    """

    def run(line, code=0):
        words = shlex.split(line)
        if "--model" not in words and words[0] in TAKE_A_MODEL:
            words += ["--model", "model.skops"]
        found = main.run(words)
        said = capfd.readouterr()
        assert code in (None, found), said
        return said

    return run


def save(model, path):
    Path(path).write_bytes(skops.io.dumps(model))


def process(*arguments, **options):
    """Start a command as a process, which ends with the block."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return start_process(sys.executable, "-m", "sknames", *arguments, **pipes | options)


@contextmanager
def redirected(number, target):
    """Let a standard stream be another file descriptor."""
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


def answers_of(found, **options):
    """Return the columns of predictions in Python as they are written."""
    columns = found.columns(**options)
    return {name: with_nulls(values.tolist()) for name, values in columns.items()}


def with_nulls(values):
    """Return values as files have them: empty texts and NaN are None."""
    return [None if v in (None, "") or v != v else v for v in values]


def check(rows, model):
    """Assert that rows, lists of str with a header, are ROWS with predictions."""
    header, *rows = rows
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    expected = predict_table(model, pd.DataFrame(ROWS, columns=header[:3]))
    assert header == [*expected]
    for name in ("id", "name", "note", "predicted", "reason"):
        values = with_nulls(expected[name].tolist())
        assert [*columns[name]] == [value or "" for value in values]
    probabilities = [float(text or "nan") for text in columns["probability"]]
    assert_allclose(probabilities, expected.probability, atol=1e-6)


# ---- Tables


DIALECTS = [
    (",", "-"),
    (";", "out.csv"),
    ("\t", "-"),
    ("|", "-"),
    (",", "out.tsv"),
    ("^", "-"),
]


@pytest.mark.parametrize("delimiter, output", DIALECTS)
def test_predict_csv_of_any_dialect_keeps_it(run, tiny, delimiter, output):
    write_csv("in.csv", delimiter=delimiter)
    given = "--delimiter ^" if delimiter == "^" else ""
    out, said = run(f"predict in.csv --output {output} {given}")
    text = out if output == "-" else text_of(output)
    check(read_csv(text, "\t" if output == "out.tsv" else delimiter), tiny)
    assert said.startswith("7 rows: 5 predicted, 2 missing name; ")


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize(
    "encoding, given",
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16", "--encoding auto"),
        ("utf-16-le", "--encoding utf-16-le"),
    ],
)
def test_predict_any_line_ends_and_marks_keeps_values(run, ends, encoding, given):
    rows = [["id", "name"], ["007", "Müller"], ["", "王伟"], [f"a{ends}b", "Bo"]]
    text = ends * 2 + ends.join(map('"{0[0]}","{0[1]}"'.format, rows))
    mark = "\ufeff" * (encoding == "utf-16-le")
    Path("in.csv").write_bytes((mark + text).encode(encoding))
    out, _ = run(f"predict in.csv {given}")
    assert [row[:2] for row in read_csv(out)] == rows


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
def test_reader_without_delimiter_detects_it(folder, text, n_columns):
    (folder / "in.csv").write_text(text, encoding="utf-8")
    assert next(iter(tables.InputTable("in.csv"))).num_columns == n_columns


def test_reader_blank_lines_above_the_header_are_no_rows(folder):
    (folder / "in.csv").write_bytes(b"\n\r\n\rname\nBo\n\nKim\n")
    (chunk,) = tables.InputTable("in.csv")
    assert chunk.to_pydict() == {"name": ["Bo", "", "Kim"]}


@pytest.mark.parametrize(
    "row, values",
    [
        (r'"Mehmet \" Yilmaz",1', [r"Mehmet \" Yilmaz", "1"]),
        (r'1,"Mehmet \"Mo\""', ["1", r"Mehmet \"Mo\""]),
        (r'"Mehmet \"Mo\"","C:\"', [r"Mehmet \"Mo\"", "C:\\"]),
        (r'"C:\","C:\"', ["C:\\", "C:\\"]),
        (r'"C:\","Anna \"\" Bo"', ["C:\\", r"Anna \"\" Bo"]),
        (r"5\" long,Bo", [r"5\" long", "Bo"]),
        ('"Jan" Bo,1', ["Jan Bo", "1"]),
    ],
)
def test_reader_quotation_mark_behind_a_backslash_is_kept(folder, row, values):
    (folder / "in.csv").write_bytes(f"name,note\r\n{row}\r\n".encode())
    (chunk,) = tables.InputTable("in.csv")
    assert [*chunk.to_pylist()[0].values()] == values


def test_reader_chunks_have_few_rows_and_few_bytes(folder, monkeypatch):
    texts = ["x" * n for n in (9, 9, 9, 9, 99, 9, 9)]
    rows = [json.dumps({"name": "Kim", "x": text}) for text in texts]
    (folder / "in.jsonl").write_text("\n".join(rows), encoding="utf-8")
    write_csv("in.csv", [("Kim", text) for text in texts], ("name", "x"))
    (folder / "blank.jsonl").write_text("\n" * 130 + rows[0], encoding="utf-8")
    for name, n_bytes, n_rows in [
        ("in.jsonl", 130, [3, 2, 2]),
        ("in.csv", 110, [3, 2, 2]),
        ("blank.jsonl", 130, [1]),
    ]:
        monkeypatch.setattr(tables, "BYTES_OF_CHUNK", n_bytes)
        assert [len(chunk) for chunk in tables.InputTable(name)] == n_rows


TWO = "--column 'given, family'"
HEADERS = "Full name|surname|customer_full|First_Name|x@y|7".split("|")


@pytest.mark.parametrize(
    "text, options, header, said",
    [
        *(
            (f"{header}\nAnna\n", "", [header], "1 rows: 1 predicted")
            for header in HEADERS
        ),
        (
            "Mehmet Yılmaz\nAnna\n",
            "",
            ["Mehmet Yılmaz"],
            "sknames: took 'Mehmet Yılmaz' for the h",
        ),
        ("Mehmet Yılmaz\nAnna\n", "--no-header", ["name"], "2 rows: 2 predicted"),
        (
            "{name}\nKim\n",
            "",
            ["{name}"],
            "sknames: took '{name}' for the header: if it is a name",
        ),
        (
            "1,Anna,Kim\n2,,Kim\n3,,\n",
            "--no-header --column 2,3",
            [*"123"],
            "3 rows: 2 predicted",
        ),
        (
            'Bo\n"Kim\nBo"\n',
            "--no-header",
            ["name"],
            "sknames: warning: in.csv: the name in row 2",
        ),
        ("name", "", ["name"], "sknames: warning: in.csv has a header and no rows"),
        (
            "id,name\n",
            "",
            ["id", "name"],
            "sknames: warning: in.csv has a header and no rows",
        ),
        (
            "name,who\n,Kim\n",
            "",
            ["name", "who"],
            "sknames: warning: in.csv has no name in it: ch",
        ),
        ("id,Name\n1,Kim\n", "", ["id", "Name"], "1 rows: 1 predicted"),
        ("id,who\n1,Kim\n", "--column WHO", ["id", "who"], "1 rows: 1 predicted"),
        ("Name,name\n,Kim\n", "", ["Name", "name"], "1 rows: 1 predicted"),
        (
            "Given,x,family\n,1, Kim\nBo,1,\n,1,\n",
            TWO,
            ["Given", "x", "family"],
            "3 rows: 2 p",
        ),
        ('"given, family"\nKim\n', TWO, ["given, family"], "1 rows: 1 predicted"),
    ],
)
def test_predict_header_is_found_or_made(run, text, options, header, said):
    Path("in.csv").write_text(text, encoding="utf-8")
    out, found = run(f"predict in.csv {options}", code=None)
    assert read_csv(out)[0] == [*header, *NEW]
    assert found.startswith(said)


@pytest.mark.parametrize(
    "names, options, code",
    [
        (["", ""], "", 1),
        (["7", ""], "", 1),
        (["Kim", ""], "", 0),
        (["Kim"], "--threshold 1", 0),
        ([], "", 0),
    ],
    ids=str,
)
def test_predict_exit_code_is_1_if_no_row_has_a_name(run, names, options, code):
    write_names(names)
    out, _ = run(f"predict in.csv --column name {options}", code=code)
    assert len(read_csv(out)) == 1 + len(names)  # every row comes out


JSON = [
    '{"name": "Yılmaz", "big": 123456789012345678901234567890, "x": 1.10}',
    '  {"x": {"deep": [1, null]}, "name": null}  ',
    "",
    "{}",
    '{"name":"Kowalski","date":"2020-01-01T00:00:00","name2":"\\u00fc"}',
    '{"name": "Papadopoulos\\ud800"}',  # half of a character
    '{"name": "", "x": false }',
]


def test_predict_json_lines_keeps_values(run, tiny):
    with open("in.jsonl", "w", encoding="utf-8-sig") as file:
        file.write("\r\n".join(JSON))
    out, _ = run("predict in.jsonl")
    for line, before in zip(out.splitlines(), filter(None, JSON), strict=True):
        row = json.loads(line)
        before = json.loads(before)
        assert list(row) == [*before, *NEW]
        assert before.items() <= row.items()
        if before.get("name"):
            assert row["predicted"] == tiny.predict([row["name"]])[0]
            assert row["reason"] is None
        else:
            assert [row[column] for column in NEW] == [None, None, "missing name"]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_predict_json_to_table_writes_text(run, format):
    rows = [{"name": "Kim", "x": 1}, {"name": "7", "y": [1, "ü"]}, {"x": None}]
    rows.append({"x": 2.5, "y": True})
    Path("in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    _, said = run(f"predict in.jsonl --output out.{format}")
    counts = "4 rows: 1 predicted, 2 missing name, 1 no known letter;"
    assert said.startswith(counts), said
    read = pa.csv.read_csv if format == "csv" else pa.parquet.read_table
    found = read(f"out.{format}")
    assert found["x"].cast(pa.string()).to_pylist()[::3] == ["1", "2.5"]
    assert found["y"].to_pylist()[1::2] == ['[1, "ü"]', "true"]
    with open("in.jsonl", "a", encoding="utf-8") as file:
        file.write('\n{"z": 1}')
    _, said = run(f"predict in.jsonl --output out.{format}", code=1)
    assert "a row has 'z', which the first 3 rows lack: give --format jsonl" in said


def parquet_table():
    names = [name or None for _, name, _ in ROWS]
    columns = {
        "number": pa.array([1, None, 3, 4, 5, 6, 7], pa.int32()),
        "name": pa.array(names).dictionary_encode(),
        "list": [[1], [], None, [2, 3], [4], [5], [6]],
        "when": pa.array([0, 1, 2, 3, 4, 5, None], pa.timestamp("us", "UTC")),
        "share": [0.1, float("nan"), None, 1e-300, 2.0, 3.0, -0.0],
    }
    return pa.table(columns).replace_schema_metadata({"who": "we"})


@pytest.mark.parametrize("n", [7, 0])
def test_predict_parquet_keeps_columns_and_types(run, tiny, n):
    table = parquet_table()[:n]
    pa.parquet.write_table(table, "in.parquet", row_group_size=2)
    _, said = run("predict in.parquet --output o.parquet")
    assert ("in.parquet has a header and no rows" in said) == (n == 0)
    found = pa.parquet.read_table("o.parquet")
    assert found.schema.metadata[b"who"] == b"we"
    assert str(found.select(table.column_names).to_pydict()) == str(table.to_pydict())
    assert found.schema.field("when").type == table.schema.field("when").type
    assert found.column_names == [*table.column_names, *NEW]
    answers = predict_names(tiny, [name for _, name, _ in ROWS[:n]])
    for name, values in answers_of(answers).items():
        assert found[name].to_pylist() == pytest.approx(values, abs=1e-6), name


def test_predict_nan_is_null_in_json(run):
    nan = float("nan")
    inf = float("inf")
    table = parquet_table().append_column("rows", [[[{"x": [1.5, nan, -inf]}]] * 7])
    took = pa.array([93_600, *range(6)], pa.duration("s"))
    table = table.append_column("took", took)
    pa.parquet.write_table(table, "in.parquet")
    run("predict in.parquet --output 1.ndjson")
    lines = text_of("1.ndjson").splitlines()
    rows = [json.loads(line, parse_constant=pytest.fail) for line in lines]
    assert [row["share"] for row in rows] == [0.1, None, None, 1e-300, 2.0, 3.0, -0.0]
    assert rows[1]["when"] == "1970-01-01 00:00:00.000001+00:00"
    assert rows[0]["rows"] == [{"x": [1.5, None, None]}]
    assert rows[0]["took"] == "1 day, 2:00:00"
    header, *rows = read_csv(
        run("predict in.parquet --format csv")[0]
    )  # nested values are JSON
    found = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["list"] for row in found[:4]] == ["[1]", "[]", "", "[2, 3]"]
    assert found[0]["rows"] == '[{"x": [1.5, null, null]}]'
    assert found[0]["took"] == "1 day, 2:00:00"
    Path("in.jsonl").write_text(
        '{"name": "Müller", "x": [1, {"y": NaN}], "z": 1e400}', encoding="utf-8"
    )
    out, _ = run("predict in.jsonl")
    assert '"Müller"' in out  # not escaped
    assert json.loads(out)["x"] == [1, {"y": None}]
    assert json.loads(out)["z"] == "1e400"  # no float is as large


@pytest.mark.parametrize("suffix, codec", [("gz", "gzip"), ("zst", "zstd")])
def test_predict_compressed_files_are_read_and_written(run, tiny, suffix, codec):
    write_csv("in.csv")
    data = Path("in.csv").read_bytes()
    # Of two members, as `cat` makes them.
    first = pa.compress(data[:50], codec, asbytes=True)
    second = pa.compress(data[50:], codec, asbytes=True)
    Path(f"in.csv.{suffix}").write_bytes(first + second)
    run(f"predict in.csv.{suffix} --output out.csv.{suffix}")
    with pa.input_stream(f"out.csv.{suffix}") as stream:
        check(read_csv(stream.read().decode()), tiny)


@pytest.mark.parametrize(
    "kind, name", [("csv", "-"), ("parquet", "/dev/stdin"), ("jsonl", "-")]
)
def test_predict_standard_input_detects_the_format(run, kind, name):
    write_csv("csv", delimiter=";")
    pa.parquet.write_table(parquet_table(), "parquet")
    Path("jsonl").write_bytes(gzip.compress("\n".join(JSON).encode()))
    with open(kind, "rb") as file, redirected(0, file.fileno()):
        _, said = run(f"predict {name} --adapt-priors --output out")
    assert f"{6 if kind == 'jsonl' else 7} rows: " in said, said
    os.rename(
        "out", "out.tsv" if kind == "parquet" else "out.csv"
    )  # which does not overrule
    table = tables.InputTable("out.tsv" if kind == "parquet" else "out.csv")
    assert (table.format, table.delimiter) == (kind, ";" if kind == "csv" else None)


def test_predict_output_may_be_called_as_a_model_that_ships(run):
    write_csv("in.csv")
    run("predict in.csv --model nationality --output nationality")
    assert read_csv(text_of("nationality"))[0][-3:] == NEW


def test_predict_pipe_is_read_and_appended_to_standard_output(run, tiny):
    os.mkfifo("pipe")
    write_csv("in.csv")
    writer = Thread(
        target=lambda: Path("pipe").write_bytes(Path("in.csv").read_bytes())
    )
    writer.start()
    Path("all.csv").write_text("old\n")
    with open("all.csv", "ab") as file, redirected(1, file.fileno()):
        _, said = run("predict pipe --output /dev/stdout")
    writer.join()
    assert said.startswith("7 rows: 5 predicted"), said
    old, text = text_of("all.csv").split("\n", 1)
    assert old == "old"
    check(read_csv(text), tiny)


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


# By options: the model in Python, and what it is asked.
ANSWERS = {
    "--model nationality --abstain --top 2 --known-words --set .9 --prefix new_": (
        lambda tiny: load_pretrained(abstain=True),
        {"top": 2, "known_words": True},
    ),
    "--model nationality --set .9 --priors population": (
        lambda tiny: load_pretrained(),
        {},
    ),
    "--model country --abstain --fallback": (countries, {}),
    "--model country --fallback --threshold .5": (
        countries,
        {"threshold": 0.5},
    ),
    "--model country --groups region --set .8": (
        lambda tiny: GroupedClassifier(load_pretrained("country")),
        {},
    ),
    "--model nationality --risk .1": (lambda tiny: load_pretrained(risk=0.1), {}),
    "--model country --risk .3 --abstain --fallback": (
        lambda tiny: load_pretrained("country", risk=0.3, fallback=M49),
        {},
    ),
    "--threshold .4": (lambda tiny: tiny, {"threshold": 0.4}),
    "--abstain --threshold 1": (lambda tiny: tiny, {"threshold": 1}),
    "--priors mix.csv": (mixed, {}),
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
        adapted,
        {"threshold": 0.4},
    ),
    "--model careful.skops --abstain": (careful, {}),
    "--model careful.joblib --abstain --trust-pickle": (careful, {}),
    "--model careful.skops --groups region": (GroupedClassifier, {}),
    "--model careful.skops --priors uniform": (
        lambda tiny: PriorShiftClassifier(tiny, priors="uniform"),
        {},
    ),
}


@pytest.mark.parametrize("options", ANSWERS)
def test_predict_answers_as_python(run, tiny, options):
    make, asked = ANSWERS[options]
    save(careful(tiny), "careful.skops")
    joblib.dump(careful(tiny), "careful.joblib")
    write_csv(
        "mix.csv", [*MIX.items(), ("Turkish", 0), ("Japanese", 0)], ("label", "share")
    )
    write_names(PEOPLE)
    words = options.split()
    given = dict(zip(words, [*words[1:], None], strict=True))
    run(f"predict in.csv {options} -o o.parquet")
    found = pa.parquet.read_table("o.parquet").to_pydict()
    model = make(tiny)
    answers = predict_names(model, PEOPLE, **asked)
    if "--set" in given:
        level = float(given["--set"])
        sets = predict_sets(model, PEOPLE, confidence_level=level).sets
        answers = dataclasses.replace(answers, sets=sets)
    expected = answers_of(
        answers, prefix=given.get("--prefix", ""), proba="--proba" in given
    )
    assert found.pop("name") == PEOPLE
    assert [*found] == [*expected]
    for column, values in expected.items():
        assert found[column] == pytest.approx(values, abs=2e-6), column


# Texts that Parquet can hold: no halves of letters.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LISTS = st.lists(TEXTS | st.none() | st.sampled_from(PEOPLE), min_size=1, max_size=7)


@given(names=LISTS, top=st.integers(1, 4))
@settings(
    deadline=None,
    derandomize=True,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_predict_writes_the_table_of_python(run, tiny, names, top):
    table = pa.table({"name": pa.array(names, pa.string())})
    pa.parquet.write_table(table, "in.parquet")
    # The exit status is 1 if no row has a name.
    run(f"predict in.parquet --top {top} --output out.parquet", code=None)
    found = pa.parquet.read_table("out.parquet").to_pydict()
    expected = predict_table(tiny, pd.DataFrame({"name": names}), top=top)
    assert [*found] == expected.columns.tolist()
    for column, values in found.items():
        expected_values = with_nulls(expected[column].astype(object).tolist())
        assert with_nulls(values) == pytest.approx(expected_values, abs=2e-6), column


@pytest.mark.parametrize("groups, kind", [([10, 20], pa.int64()), ("ab", pa.string())])
def test_predict_labels_and_groups_of_other_types_are_text(
    run, tiny, small_names, groups, kind
):
    labels = (small_names[1] == "Greek") + 2 * (small_names[1] == "Polish")
    one, other = groups
    fallback = [{0: one, 1: other, 2: other}]
    ngrams = make_pipeline(clone(tiny[0]), MultinomialNB())
    model = SelectiveClassifier(ngrams, coverage=0.9, fallback=fallback)
    save(model.fit(small_names[0], labels), "own.skops")
    write_names([*small_names[0], ""])
    run("predict in.csv --model own.skops --abstain --top 2 -o o.parquet")
    table = pa.parquet.read_table("o.parquet")
    expected = predict_names(model, [*small_names[0], ""], top=2).columns()
    for name in ("predicted", "predicted_2"):
        assert table.schema.field(name).type == kind
        values = [None if v is None else str(v) for v in expected[name].tolist()]
        found = [None if v is None else str(v) for v in table[name].to_pylist()]
        assert found == values
    answers = {*table["predicted"].to_pylist()}
    assert other in answers
    assert None in answers


def test_version_names_the_models_without_loading_them(run, monkeypatch):
    models = [load_pretrained(), load_pretrained("country")]
    names = map(fingerprint, models)
    monkeypatch.delattr("numpy.load")
    out, _ = run("--version")
    assert out == f"sknames, version {__version__} ({', '.join(names)})\n"


def test_shell_completes_a_command_after_version(capsys):
    completion = ShellComplete(main.cli, {}, "sknames", "_SKNAMES_COMPLETE")
    (found,) = completion.get_completions(["--version"], "pred")
    assert found.value == "predict"
    assert not capsys.readouterr().out


def test_predict_help_says_what_follows_a_group(run):
    out, _ = run("predict --help")
    assert "the most probable label follows a region as predicted_2" in " ".join(
        out.split()
    )


def test_predict_parquet_to_a_terminal_is_refused(run, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    write_csv("in.csv")
    out, said = run("predict in.csv --format parquet", code=2)
    assert not out
    assert "Parquet is not for a terminal: give --output" in said


BYLINES = (
    "Most of these names have initials instead of given names. "
    "Then accuracy is 13 to 16 "
)
LETTERS = (
    "2 names are UTF-8 that was read as Windows-1252: give --encoding auto, or export"
)


@pytest.mark.parametrize(
    "names, warning",
    [
        (["A. M. Kim", "Kim, J.-P.", "Anna Kim", "A. Lee"], BYLINES),
        (["A. Kim", "Bo Kim", "7"], None),
        (["JoÃ£o", "Å\x81ukasz", "Anna"], LETTERS),
    ],
)
@pytest.mark.parametrize("options", ["", "--threshold 1"])
def test_predict_form_of_names_is_warned_of(run, names, warning, options):
    write_names(names)
    _, said = run(f"predict in.csv {options}")
    assert said.count("warning") == (warning is not None)
    assert warning is None or f"sknames: warning: {warning}" in said
    pa.parquet.write_table(pa.table({"name": names}), "in.parquet")
    _, said = run(f"predict in.parquet -o o.parquet {options}")
    assert ("Windows-1252: export the table again" in said) == (warning == LETTERS)


@pytest.mark.parametrize(
    "options, n_few",
    [
        ("--model nationality", 3),
        ("--model country", 2),
        ("--model nationality --abstain --threshold 1", 0),
        ("--model country --groups region", 0),
        ("--model model.skops", 0),
    ],
)
def test_predictions_with_few_held_out_people_are_counted(run, options, n_few):
    few = ["Matti Virtanen", "Jón Jónsson", "Sardor Rashidov"]  # nationalities
    few_countries = ["Kwok Wai Chan", "Mwape Chanda"]
    write_names([*few, *few_countries, "Anna Müller", "7"])
    _, said = run(f"predict in.csv {options}")
    line = f"fewer than 20 held-out people, whose accuracy is not known: {n_few}.\n"
    assert (line in said) == ("held-out" in said) == (n_few > 0)


@pytest.mark.filterwarnings("ignore:The shares are rough")
def test_predict_letters_that_the_model_lacks_are_no_names(run, tiny, small_names):
    encode = CharEncoder(max_length=12, transliterate=False)
    own = Pipeline([("encode", encode), ("classify", tiny["classify"])])
    encode.fit(small_names[0])
    save(own, "own.skops")
    write_names(["王伟", "Kim"] * 60)
    for command in ("predict", "shares"):
        _, said = run(f"{command} in.csv --model own.skops")
        assert "60 no" in said, said


def test_several_processes_give_the_same_bytes(run, small_names, monkeypatch):
    started = []
    pool = models.ProcessPoolExecutor

    def start(jobs, *arguments):
        started.append(jobs)
        return pool(jobs, *arguments)

    monkeypatch.setattr(models, "ProcessPoolExecutor", start)
    write_names(small_names[0][::9])
    more = "--proba --priors population --groups region"
    for n in (1, 100):
        _, said = run(f"predict in.csv {more} --output {n}.csv --jobs {n}")
        assert said.startswith("23 rows: 23 predicted")
    assert text_of("1.csv") == text_of("100.csv")
    command = "shares in.csv --jobs"
    assert run(f"{command} 1")[0] == run(f"{command} 2")[0]
    write_csv("in.csv", ROWS[:2])
    run("predict in.csv --jobs 2")  # one chunk starts none
    assert started == [2, 2]  # as many as there are cores


def test_map_chunks_processes_read_few_chunks_and_end(folder):
    taken = []
    chunks = ((taken.append(k), "7" if k < 9 else "x") for k in range(50))
    mapped = models.map_chunks(int, chunks, 2)
    assert next(mapped) == (None, 7)
    assert len(taken) <= 5
    with pytest.raises(ValueError, match="invalid literal for int"):
        list(mapped)
    assert not active_children()
    endless = zip(count(), repeat("7"), strict=False)
    mapped = models.map_chunks(int, endless, 2)
    next(mapped)
    active_children()[0].kill()
    with pytest.raises(MemoryError, match="a worker died; memory may be full"):
        list(mapped)  # until it notices that a worker has died
    assert not active_children()


MEMORY = """
import re
from pathlib import Path
import resource
from sknames._cli import main

def peak():
    status = Path("/proc/self/status")  # of this program alone, unlike getrusage's
    if status.exists():
        return re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

for n in (50_000, 400_000):
    Path("in.csv").write_text("name\\n" + "Kowalski\\nNowak\\n" * (n // 2))
    main.run(["predict", "in.csv", "--output", "out.csv"])
    print(peak())
"""


def test_predict_more_rows_take_no_more_memory(folder):
    pytest.importorskip("resource")  # which Windows lacks
    done = run_process(sys.executable, "-c", MEMORY)
    assert "400,000 rows: 400,000 predicted" in done.stderr, done.stderr
    unit = 1 if sys.platform == "darwin" else 1024
    first, last = (int(peak) * unit for peak in done.stdout.split())
    assert last - first < 12e6
    assert last < 450e6


# ---- Shares


def write_list(names):
    """Write a list of few nationalities; names recur within and across chunks."""
    people = [*names[:100], *names[:40:3], *names[150:155].repeat(2)]
    people += ["", "7", "?!", "7"]
    write_csv("in.csv", [("1", name, "") for name in people])
    return [name for name in people if name]


def rows_of(text, delimiter=","):
    """Return the rows of CSV with their types, without the column names."""
    options = pa.csv.ParseOptions(delimiter=delimiter)
    table = pa.csv.read_csv(io.BytesIO(text.encode()), parse_options=options)
    return [tuple(row.values()) for row in table.to_pylist()]


def rows_of_shares(found, key=(), *counts):
    """Return the rows that a command writes of shares, or a comparison."""
    columns = []
    for name in found._columns:
        values = getattr(found, name)
        if values.dtype.kind == "f":
            values = values.round(6)
        # A limit that is not known is blank.
        columns.append([None if value != value else value for value in values.tolist()])
    return [(*key, *row, *counts) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize("name", ["model.skops", "nationality", "grouped.skops"])
def test_shares_of_chunks_are_those_of_the_whole(run, tiny, small_names, name):
    names = write_list(small_names[0])
    if name == "grouped.skops":  # their shares are sums of those of the nationalities
        save(GroupedClassifier(FrozenEstimator(tiny), groups="region"), name)
    model = load_pretrained() if name == "nationality" else load_model(name)
    out, said = run(f"shares in.csv --model {name}")
    assert out.startswith('"label","share","low","high"\n')
    expected = estimate_shares(model, names, random_state=0)
    assert rows_of(out) == rows_of_shares(expected)
    *notes, last = said.splitlines()
    assert last.startswith("128 rows: 124 names, 4 not names; ")
    # What a terminal shows below the counts of a table.
    shown = repr(expected).splitlines()
    (counts,) = (k for k, line in enumerate(shown) if " rows: " in line)
    of_python = [note.replace(*OPTION) for note in shown[counts + 1 :]]
    assert notes == [f"sknames: note: {note}" for note in of_python]


@pytest.fixture
def groups(small_names):
    """Write names, some of none, by region and year; return each group's names."""
    rows = []
    for k, name in enumerate(small_names[0]):
        rows.append((name, "NS"[k % 2], f" {2000 + k % 3}"))
    rows += [("7", "S", "2000"), ("", "S", "1999")]
    write_csv("in.csv", rows, ("name", "region", "year"), delimiter=";")
    table = pd.DataFrame(rows, columns=["name", "region", "year"])
    table["year"] = table.year.astype(int)
    return {key: some.name.tolist() for key, some in table.groupby(["region", "year"])}


def shares_of(model, groups):
    """Return the shares of each group with a name."""
    shares = {}
    with warnings.catch_warnings(action="ignore"):
        for key, names in groups.items():
            if names != [""]:
                shares[key] = estimate_shares(model, names, random_state=0)
    return shares


def test_shares_by_two_columns_are_those_of_each_group(run, tiny, groups, monkeypatch):
    expected = []
    shown = []
    regions = GroupedClassifier(tiny, groups="region")
    for key, found in shares_of(regions, groups).items():
        expected += rows_of_shares(found, key, found.n_names, found.n_not_names)
        shown.append("region: {}, year: {}\n{}".format(*key, found))
    expected.insert(6, ("S", 1999, "", None, None, None, 0, 1))
    shown.insert(3, "region: S, year: 1999\nno name; 1 not names")
    command = "shares in.csv --by 'Region, year' --groups region"
    out, said = run(f"{command} --plot o.svg --plot o.png")
    assert rows_of(out, ";") == expected
    of_all = "6 parts alike; the first (region: N, year: 2000): The shares are "
    assert said.startswith(f"sknames: warning: {of_all}rough"), said
    assert said.count("are rough") == 1
    assert "\n202 rows: 200 names, 2 not names; " in said
    assert Path("o.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert run(command)[0] == "\n\n".join(shown).replace(*OPTION) + "\n"
    monkeypatch.setattr(commands_shares, "MOST_PANELS", 6)
    _, said = run(f"{command} --plot out.svg", code=2)
    assert "--plot draws 6 parts at most, and --by Region, year gives 7" in said


def test_shares_against_compares_groups(run, tiny, groups):
    shares = shares_of(tiny, groups)
    rest = {}
    for key in shares:
        rest[key] = [name for other in groups if other != key for name in groups[other]]
    others = shares_of(tiny, rest)
    command = "shares in.csv --by region,year --against"
    expected = []
    for key, found in shares.items():
        compared = found.compare(others[key], same_source=True)
        expected += rows_of_shares(compared, key, found.n_names, found.n_not_names)
    expected[-12:-12] = [("S", 1999, "", *[None] * 6, 0, 1)]
    found = rows_of(run(f"{command} others")[0], ";")
    assert [row[:6] for row in found] == [row[:6] for row in expected]
    ends = [row[6:8] for row in found if row[6] is not None]
    of_lists = [row[6:8] for row in expected if row[6] is not None]
    assert_allclose(ends, of_lists, atol=0.08)  # others draw apart from their part
    other = shares.pop(("N", 2001))
    expected = []
    for key, found in shares.items():
        expected += rows_of_shares(found.compare(other, same_source=True), key)
    run(f"{command} N,2001 --output out.jsonl")
    rows = []
    for line in text_of("out.jsonl").splitlines():
        region, year, label, *values, _, _ = json.loads(line).values()
        if label:
            rows.append((region, int(year), label, *values))
    assert rows == expected
    _, said = run(f"{command} 2001", code=2)
    message = "--against 2001: no such part. Give others, or one of 'N,2000', 'N,2001'"
    assert message in said


@pytest.mark.parametrize(
    "values, against",
    [
        ([dt.date(2020, 1, 1), dt.date(2020, 1, 2)], "2020-01-01"),
        ([dt.time(8), dt.time(9)], "08:00:00"),
        ([dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 2)], "2020-01-01 00:00:00"),
        ([Decimal("1.50"), Decimal("2.00")], "1.50"),
        ([7, 8], "7"),
    ],
    ids=str,
)
def test_shares_by_values_of_parquet_are_text_without_marks(run, values, against):
    table = pa.table({"name": ["Kim", "Papadopoulos"], "group": values})
    pa.parquet.write_table(table, "in.parquet")
    command = "shares in.parquet --by group"
    out, _ = run(command)
    assert groups_in(out) == {*map(str, values)}
    out, _ = run(f"{command} --against '{against}'")
    assert groups_in(out) == {str(values[1])}


def groups_in(text):
    return {row["group"] for row in csv.DictReader(io.StringIO(text))}


def test_shares_group_without_others_to_compare_with_says_so(run, monkeypatch):
    write_csv("in.csv", [("Kim", "a"), ("", "b")], ("name", "group"))
    command = "shares in.csv --by group --against others"
    out, _ = run(command)
    _, (_, *of_a), (_, *of_b) = read_csv(out)
    assert of_a == [*[""] * 7, "1", "0"]
    assert of_b == [*[""] * 7, "0", "1"]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert run(command)[0] == (
        "group: a\nno estimate; 1 names\n\ngroup: b\nno name; 1 not names\n"
    )


@pytest.mark.parametrize(
    "command",
    [
        "shares in.csv --column n --by x --against others",
        "predict in.csv --column n --adapt-priors --proba",
        "predict in.csv --column n --adapt-priors --groups region --known-words",
    ],
)
def test_distinct_text_is_read_and_predicted_once(
    run, small_names, monkeypatch, command
):
    names = small_names[0][:60].tolist()
    rows = [(name, 0) for name in names] + [(name, 1) for name in names]
    write_csv("in.csv", rows, "nx")
    transform = CharEncoder.transform
    read = []

    def counting(encoder, X):
        read.extend(X)
        return transform(encoder, X)

    monkeypatch.setattr(CharEncoder, "transform", counting)
    run(command)
    assert len(read) - read.count("") == len({*names})


def test_draw_counts_the_rows_of_all_chunks(run):
    write_names(["Jan Nowak", "123", "Ana Kowalska", "", "Ali Demir", "Kim Lee"])
    out, _ = run("shares in.csv --draw 4")
    assert [row[0] for row in read_csv(out)[1:]] == ["0", "2", "4", "5"]


def test_shares_for_excel_have_its_mark_and_decimals(run, small_names):
    write_list(small_names[0])
    out, _ = run("shares in.csv")
    nothing, _ = run("shares in.csv -o o.csv --excel --decimal ,")
    assert not nothing
    text = Path("o.csv").read_bytes().decode("utf-8-sig")
    assert Path("o.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    rows = []
    for row in read_csv(text):
        rows.append([cell.replace(",", ".") for cell in row])
    assert rows == read_csv(out)
    assert re.search(r'^"Turkish","0,\d+","', text, re.MULTILINE)
    write_names(["Kim"])  # whose delimiter is not known
    out, _ = run("predict in.csv --decimal ,")
    assert '"Kim";"' in out


FORMULAS = ["=1+1", "+49 30", "-5-1", "@a", "-", "+-1", "=5"]
NO_FORMULAS = ["-5", "+1,234.50", "-1e-7", "-5%", "a=b", " =1", ""]


def test_predict_for_excel_writes_no_formula(run):
    cells = [*FORMULAS, *NO_FORMULAS]
    expected = [f"'{text}" for text in FORMULAS] + NO_FORMULAS
    write_csv("in.csv", [("Kim", text) for text in cells], ("name", "=x"))
    run("predict in.csv -o o.csv --excel")
    header, *rows = read_csv(Path("o.csv").read_text(encoding="utf-8-sig"))
    assert header[1] == "'=x"
    assert [row[1] for row in rows] == expected
    assert [row[1] for row in read_csv(run("predict in.csv")[0])] == ["=x", *cells]
    columns = {"name": "Kim", "x": pa.array(cells).dictionary_encode(), "n": -1}
    columns |= {name: [columns[name]] * len(cells) for name in ("name", "n")}
    pa.parquet.write_table(pa.table(columns), "in.parquet")
    run("predict in.parquet -o o.csv --excel")
    _, *rows = read_csv(Path("o.csv").read_text(encoding="utf-8-sig"))
    assert [row[1:3] for row in rows] == [[text, "-1"] for text in expected]


# ---- explain, evaluate and train


def test_explain_another_label_draws_what_speaks_against_it(run, tiny):
    lines = run("explain '王王 Nowak' --class Greek --top 2")[0].splitlines()
    found = character_importance(tiny, "王王 Nowak", label="Greek")
    best = np.argsort(-found.proba)[:2]
    for line, k in zip(lines[1:3], best, strict=True):
        assert line.split() == [tiny.classes_[k], f"{found.proba[k]:.1%}"]
    assert not lines[3]
    assert lines[4].startswith("      log odds of Greek ")
    rows = lines[5 : 5 + len(found.characters)]
    longest = np.abs(found.importance).max()
    for row, character, value in zip(
        rows, found.characters, found.importance, strict=True
    ):
        bar = ("#" if value > 0 else "-") * round(24 * abs(value) / longest)
        assert f" {character}  {value:+6.2f} {bar} " in row
    assert (found.importance < 0).any()
    # Where each begins.
    assert [row[:2].strip() for row in rows[:8]] == ["王", "", "", "", "王", "", "", ""]


def test_explain_own_labels_shows_features(run, tiny, small_names):
    names = small_names[0]
    labels = np.arange(200) % 2
    own = make_own_labels_pipeline(FrozenEstimator(tiny)).fit(names, labels)
    own = PriorShiftClassifier(FrozenEstimator(own)).fit(names)
    save(own, "own.skops")
    out, said = run("explain Maria --model own.skops --label 0")
    odds = feature_contributions(own, "Maria").log_odds(0)
    proba = own.predict_proba(["Maria"])[0]
    *shown, blank, of, most = out.splitlines()
    assert shown == [f"{k}  {proba[k]:6.1%}" for k in np.argsort(-proba)]
    assert not blank
    log_odds = np.log(proba[0] / proba[1])
    assert of.startswith(f"log odds of 0 against 1: {log_odds:+.2f}, of it ")
    by_features = odds.contributions.sum()
    assert f"it {odds.intercept:+.2f} by the intercept and {by_features:+.2f}" in of
    expected = []
    for feature, value in zip(odds.features[:8], odds.contributions, strict=False):
        expected.append(f"{feature!r} {value:+.2f}")
    assert most.split("  ")[1:] == expected
    bayes = make_own_labels_pipeline(FrozenEstimator(tiny))
    bayes.set_params(classify=MultinomialNB())
    save(bayes.fit(names, labels), "bayes.skops")
    _, said = run("explain Maria --model bayes.skops", code=2)
    assert "bayes.skops is none: only models are explained that `sknames" in said


def write_labelled(rows, path="in.csv"):
    write_csv(path, rows, header=("name", "nationality"))


def test_evaluate_with_training_names_counts_them(run, tiny, small_names):
    names, labels = small_names
    rows = [
        *zip(names, labels, strict=True),
        ("", "Greek"),
        ("Kowalski", " "),
        ("Kim", " Korean "),
    ]
    write_labelled(rows)
    learned = names[::4] + np.array(["", "  "] * 25, dtype=object)
    write_labelled(zip(learned, labels[::4], strict=True), "learned.csv")
    out, said = run("evaluate in.csv --train learned.csv --jobs 2")
    card = scorecard(tiny, [*names, "Kim"], [*labels, "Korean"])
    assert out == (
        f"{card.to_text()}\n\n50 rows (24.9%) have a name of the training table, 25 of "
        "them spelled identically\n"
    )
    assert said.startswith(
        "203 rows: 201 used, 1 of them with labels that the model does not know; 2 "
        "without a name or a label; "
    )


def test_evaluate_grouped_model_scores_groups(run, tiny, small_names):
    names, labels = small_names
    model = GroupedClassifier(FrozenEstimator(tiny), groups="region")
    save(model, "grouped.skops")
    write_labelled(zip(names, labels, strict=True))
    out, said = run("evaluate in.csv --model grouped.skops --jobs 2")
    card = scorecard(model, names, labels)
    assert out == card.to_text() + "\n"
    assert {*card.by_class["label"]} == {"Asia", "Europe"}
    assert said.startswith("200 rows: 200 used, 0 of them with labels that the model")


def test_train_fits_the_recipe_for_own_labels(run, small_names, monkeypatch):
    # Fewer of the last label.
    names = small_names[0][:170].tolist()
    labels = small_names[1][:170].tolist()
    write_labelled(zip(names, labels, strict=True))
    assert f"Up to {training.MOST_NAMES:,} names" in run("train --help")[0]
    monkeypatch.setattr(training, "MOST_NAMES", 170)
    _, said = run("train in.csv --output own.skops")
    assert said.startswith(
        "sknames: fits n-grams and features of the shipped model, for 170 names more "
        "accurate than a net from scratch.\n170 rows: learned 170 names of 4 labels, 0 "
        "without"
    )
    megabytes = Path("own.skops").stat().st_size / 1e6
    assert said.endswith(f" s; {megabytes:.1f} MB\n")
    own = load_model("own.skops")
    by_hand = make_own_labels_pipeline().fit(names, labels)
    assert_allclose(own.predict_proba(names), by_hand.predict_proba(names), atol=1e-12)
    frequencies = np.unique(labels, return_counts=True)[1] / len(labels)
    assert_allclose(own.class_prior_, frequencies)
    # The file holds the model: another one ships with a later version.
    monkeypatch.setattr(
        "sknames._name_encoder.pretrained_sha256", lambda target: "later"
    )
    more = "--threshold .6 --priors uniform"
    run(f"predict in.csv --model own.skops {more}")
    run("shares in.csv --model own.skops")
    _, said = run("predict in.csv --known-words --model own.skops", code=2)
    assert "the model has no table of words: leave it out" in said
    assert said.count("\n") == 1
    monkeypatch.setattr(training, "MOST_NAMES", 169)
    monkeypatch.setattr(training, "fit_net", lambda *names, **params: by_hand)
    _, said = run("train in.csv --output own.skops")
    assert said.startswith("sknames: fits a net from scratch, for 170 names m")


def test_train_options_are_parameters(run, small_names):
    names, labels = small_names
    rows = [*zip(names, labels, strict=True), ("", "Greek"), ("Kowalski", "")]
    write_csv("in.csv", rows, header=("who", "truth"))
    command = """train in.csv --column who --label truth --from-scratch
        --param max_length=20 --param cell=rnn --param hidden_size=8
        --param max_epochs=2 --param 'ngram_range=1, 3' --param embedding_dim=none
        --param early_stopping=true --param transliterate=unknown
        --param min_frequency=2"""
    for name in ("own.skops", "own.joblib"):
        _, said = run(f"{command} --output {name}")
        assert said.startswith(
            "202 rows: learned 200 names of 4 labels, 2 without a name"
        )
    params = {"cell": "rnn", "hidden_size": 8, "max_epochs": 2, "ngram_range": (1, 3)}
    params |= {"embedding_dim": None, "early_stopping": True, "random_state": 0}
    encode = CharEncoder(max_length=20, transliterate="unknown", min_frequency=2)
    by_hand = Pipeline(
        [("encode", encode), ("classify", NameNationalityClassifier(**params))]
    )
    by_hand.fit(list(names), list(labels))
    for model in (joblib.load("own.joblib"), load_model("own.skops")):
        assert str(model.get_params()) == str(by_hand.get_params())
        assert_array_equal(model.predict_proba(names), by_hand.predict_proba(names))


def test_documentation_commands_give_what_it_shows(folder, run_here, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    page = (Path(__file__).parent.parent / "docs" / "command_line.md").read_text(
        encoding="utf-8"
    )
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


BROKEN = "JoÃ£o Å\x81ukasz ÐšÐ¸Ñ€ José’s BÄ–".encode()  # the last but one is right
MIXED = "Kim Zieliński ".encode() + "Müller Bøe".encode("cp1252")
NOT_UTF_8 = "lines are not UTF-8, read as cp1252: "
REPAIRED = "lines had broken letters, repaired: "


@pytest.mark.parametrize(
    "encoding, text, names, warning",
    [
        ("auto", MIXED, "Kim Zieliński Müller Bøe", f"2 of 5 {NOT_UTF_8}'Müller'.\n"),
        ("auto", "Żak".encode(), "Żak", ""),
        ("auto", BROKEN, "João Łukasz Кир José’s BĖ", f"4 of 6 {REPAIRED}'João'.\n"),
        ("auto", "NÉ™biyev RENÉ’".encode(), "Nəbiyev RENÉ’", f"1 of 3 {REPAIRED}"),
        ("auto", "ð\xa0®·".encode(), "𠮷", f"1 of 2 {REPAIRED}'𠮷'"),
        ("auto", b"Jo\xc3\xa3o_\xe3", "João_ã", f"1 of 2 {NOT_UTF_8}'João_ã'"),
        ("cp1252", "Müller".encode("cp1252"), "Müller", ""),
    ],
)
def test_predict_says_which_lines_are_in_another_encoding(
    run, encoding, text, names, warning
):
    Path("in.csv").write_bytes(b"\n".join([b"name", *text.split(), b""]))
    out, said = run(f"predict in.csv --encoding {encoding}")
    assert ("warning" in said) == bool(warning)
    assert warning in said
    assert [row[0] for row in read_csv(out)[1:]] == names.split()


def test_predict_lines_that_end_in_cr_are_decoded_one_by_one(run):
    lines = "name\rĐặng\r".encode() + "Müller\rZoë\r".encode("cp1252")
    Path("in.csv").write_bytes(lines)
    out, said = run("predict in.csv --encoding auto")
    assert f"2 of 4 {NOT_UTF_8}'Müller'" in said
    assert [row[0] for row in read_csv(out)[1:]] == ["Đặng", "Müller", "Zoë"]


# ---- Errors


def parquet_of(names):
    """Return a Parquet file of a column of names."""
    file = io.BytesIO()
    pa.parquet.write_table(pa.table({"name": names}), file)
    return file.getvalue()


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("in.csv", b"name\nAnna\nB\xfc\n",
         [r"can't decode b'name\nAnna\nB\xfc", "encoding auto"]),
        ("in.csv", b"name;n\nBo;1\nBo;2;3\n",
         ["line 3 has 3 columns, not 2", "--delimiter"]),
        ("in.csv", b'name\n"' + b"Anna\n" * 900_000, ["is a quotation mark open"]),
        ("in.csv", b"", ["this is an empty file"]),
        ("in.csv", b"\xef\xbb\xbf\r\n", ["this is an empty file"]),
        ("in.csv", "name,n\nKim,1\n".encode("utf-16-le"),
         ["NUL", "give --encoding utf-16-le"]),
        ("in.json", b'[\n {"name": "Anna"}]',
         ["this is a JSON array: write one object a line"]),
        ("in.jsonl", b'{"name": "x"}\n\n{"name": \n', ["line 3 is not JSON"]),
        ("in.jsonl", b'{"name": "x"}\n[]\n', ["line 2 is [], not an object"]),
        ("in.jsonl", b'{"name": "\xfc"}\n', ["line 1 is not JSON", "can't decode"]),
        ("in.jsonl", b'{}\n{"name": NaN}\n\n{"name": ""}\n{"name": 7}',
         ["int (7) in row 4: give"]),
        ("in.parquet", parquet_of([None] * 4 + [7]),
         ["names of type str and got int (7)"]),
        ("in.parquet", parquet_of([None] * 4 + [["a"]]),
         ["got list (['a']) in row 5: give a --c"]),
        ("in.jsonl", b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
         ["line 1 is not JSON"]),
        ("in.jsonl", b'{"name": "' + b"x" * 20_000_000 + b'"}', ["line 1 is too long"]),
        ("in.parquet", b"name\nAnna\n", ["this is not a parquet file", "not whole"]),
        ("in.csv.zst", b"\x28\xb5\x2f\xfd and so on", ["damaged or not whole"]),
        ("in.csv.gz", gzip.compress(b"name\n" + os.urandom(9**6))[:9999],
         ["not whole"]),
        ("in.parquet.gz", gzip.compress(parquet_of(["Kim"])),
         ["Parquet in gzip: unpack it first"]),
        ("in.xlsx", b"PK\x03\x04\0", ["a zip or Excel file", "save the sheet as CSV"]),
        ("in.csv.bz2", bz2.compress(b"name\nKim\n"),
         ["compressed by bzip2 or xz: unpack it"]),
    ],
)  # fmt: skip
def test_predict_wrong_file_says_what_is_wrong(run, name, content, words):
    Path(name).write_bytes(content)
    _, said = run(f"predict {name} --output out", code=1)
    assert said.count("\n") == 1
    for word in [f"sknames: {name}: ", *words]:
        assert word in said, said
    assert ("not whole" in said) == (
        "not whole" in " ".join(words)
    )  # one step, not two
    assert sorted(os.listdir()) == sorted([name, "model.skops"])


def test_predict_bytes_are_written_to_parquet_only(run):
    view = pa.array(["Bo"], pa.string_view())
    pa.parquet.write_table(pa.table({"view": view, "name": ["Kim"]}), "in.parquet")
    assert read_csv(run("predict in.parquet --format csv")[0])[1][:2] == ["Bo", "Kim"]
    pa.parquet.write_table(pa.table({"name": ["Kim"], "raw": [b"\xff"]}), "in.parquet")
    for output, what in (
        ("out.csv", "Invalid UTF8 payload"),
        ("out.jsonl", r"bytes (b'\xff')"),
    ):
        _, said = run(f"predict in.parquet --output {output}", code=1)
        assert f"{what}: give --format parquet" in said
        assert not os.path.exists(output)
    run("predict in.parquet --output out.parquet")
    assert pa.parquet.read_table("out.parquet")["raw"].to_pylist() == [b"\xff"]


def test_predict_equal_headers_are_written_to_csv_only(run):
    header = ("note", "name", "note")
    write_csv("in.csv", header=header)
    out, _ = run("predict in.csv")
    assert [tuple(row[:3]) for row in read_csv(out)] == [header, *ROWS]
    for output in ("out.json", "out.parquet"):
        _, said = run(f"predict in.csv --output {output}", code=1)
        assert "two columns are called 'note': rename one" in said
        assert not os.path.exists(output)


@pytest.mark.parametrize(
    "text, line",
    [
        ('id,name,n\n1,"Jan,3\n2,Anna,4\n3,"Piotr",5\n', 2),
        (
            'id,name,n\n1,Jan,3\n\n2,"An""na\n",4\n3,"Jan;3\r4,Kim,4\r'
            '5,"Nowak; Piotr",5\n',
            6,
        ),
        ('id,name,note\n1,Jan,"a\nb"\n2,Anna,"x\n3,Piotr,"y"\n4,Kim,z\n', 4),
        ('name\n"Kim"\n"Jan, M\nBo\n"Anna, Maria"\n', 3),
        ('name,"note\nKim,1\nBo,"2"\n', 1),
        ('name\n"Kim\nBo\n\n', 2),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-32-be"])
def test_predict_open_quotation_mark_is_an_error(run, text, line, encoding):
    Path("in.csv").write_bytes(text.encode(encoding))
    _, said = run(f"predict in.csv --encoding {encoding} --output out.csv", code=1)
    assert (
        f"sknames: in.csv: a quotation mark stays open in line {line}: close it, or"
        in said
    )
    assert not os.path.exists("out.csv")


@pytest.mark.parametrize(
    "text, n_rows, row",
    [
        ('id,name\n1,"Jan,3\n2,Anna,4\n3,Piotr"\n4,"Ann\na"\n', 2, 2),
        ('name\nJan\nAnna\nBo\nPiotr\n"Kim\rBo"\n', 5, 6),
        ('name,note\n"Kim \n","a\n""b"" \r\nc"\n"Jan" Nowak,1\nBo,"x\n', 3, None),
        ('name,note\nKim,"' + "four\n" * 40_000 + '"\n', 1, None),
    ],
)
def test_predict_line_breaks_warn_in_names_only(run, text, n_rows, row):
    Path("in.csv").write_bytes(text.encode())
    _, said = run("predict in.csv --adapt-priors")
    assert f"{n_rows} rows: {n_rows} predicted" in said, said
    assert said.count("line break, ") == (row is not None)
    if row is not None:
        assert said.startswith(
            f"sknames: warning: in.csv: the name in row {row} has a line break"
        )
        assert "check that no quotation mark stays open" in said


@pytest.mark.parametrize("output", ["/dev/full", "out.csv.gz", "out.parquet"])
def test_predict_full_disk_leaves_the_old_file(run, output):
    resource = pytest.importorskip("resource")  # which Windows lacks
    write_csv("in.csv", [(os.urandom(9).hex(), "Anna", "") for _ in range(500)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if output == "/dev/full":
        reason = "No space left on device"
        step = "the output is not whole"
    else:
        Path(output).write_text("old")
        reason = "File too large"
        step = f"{output} was not written"
        # A limit on the size of files stands for a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        _, said = run(f"predict in.csv --output {output}", code=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert said == f"sknames: {reason}: {step}; make room.\n"
    if output != "/dev/full":
        assert sorted(os.listdir()) == sorted(["in.csv", "model.skops", output])
        assert Path(output).read_text() == "old"


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


def test_main_closed_streams_raise_only_for_output(run_main, monkeypatch):
    write_csv("in.csv")
    monkeypatch.setattr(sys, "stdout", None)
    arguments = ["predict", "in.csv", "--model", "model.skops"]
    code, said = run_main(*arguments)
    assert (code, said) == (
        1,
        "sknames: standard output is closed: give an --output.\n",
    )
    monkeypatch.setattr(sys, "stderr", None)
    assert run_main(*arguments, "--output", "out.csv") == (0, "")
    sys.stderr.close()
    assert text_of("out.csv").count("\n") == 9


def test_main_closed_pipe_ends_silently(run_main, monkeypatch):
    write_csv("in.csv", [("1", "Anna", "x" * 1000)] * 9)
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(
            sys, stream, getattr(sys, stream)
        )  # they are put back afterwards
    closed, ours = os.pipe()
    os.close(closed)
    with redirected(1, ours):
        assert run_main("predict", "in.csv", "--model", "model.skops") == (1, "")
    os.close(ours)


def test_main_on_an_old_terminal_replaces_characters(run_main, monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), "latin-1")
    monkeypatch.setattr(sys, "stdout", terminal)
    code, said = run_main("explain", "王Maria", "--model", "model.skops")
    assert code == 0, said
    assert terminal.buffer.getvalue().startswith(b"?Maria, read as "), said


class Boom:
    """A pickle that makes a folder when it is loaded."""

    def __reduce__(self):
        return (os.mkdir, ("boom",))


def test_predict_model_file_that_is_not_ours_is_refused(run, tiny):
    write_csv("in.csv")
    two_labels = make_pipeline(CharEncoder(), KNeighborsClassifier(1))
    two_labels.fit(["Ana", "Bo"], [["Polish", "Europe"], ["Turkish", "Asia"]])
    save({"a": np.arange(3)}, "other.skops")
    save(two_labels, "two.skops")
    joblib.dump(Boom(), "boom.joblib")
    for name, message in [
        ("other.skops", "other.skops is no model that takes names"),
        ("two.skops", "of shape (2, 2, 2) for two names: give a classifier with one"),
        ("boom.joblib", "trust_pickle=True) (on the command line: --trust-pickle)"),
    ]:
        _, said = run(f"predict in.csv --model {name}", code=1)
        assert message in said
    assert not os.path.exists("boom")


# Command lines, each with its exit status and some words of what is said.
REFUSED = """
predict in.csv --output out.xlsx
  2: is not written. Give a name in .csv
predict in.csv --output out.ZIP
  2: is not written. Give a name in .csv
predict in.csv --output out.jsonl --excel
  2: --excel is for CSV, not for jsonl
predict in.csv --output out.parquet --decimal ,
  2: --decimal is for CSV, not for
shares in.csv --output out.jsonl --excel --model nofile.skops
  2: --excel is for CSV, not for jsonl
predict in.jsonl --encoding auto
  2: --encoding is for CSV, not for jsonl: leave it out
predict in.jsonl --delimiter ,
  2: --delimiter is for CSV, not for jsonl
predict in.jsonl --no-header
  2: --no-header is for CSV, not for jsonl
predict in.csv --top 5
  1: top=5: the model has 4 labels. Lower top
predict in.csv --delimiter ab
  2: --delimiter 'ab': give one character, or tab
predict in.csv --delimiter ;
  1: has no ';': give another --delimiter, perhaps ','
predict in.csv --column id,surname
  2: no column 'surname': give --column, one of 'id'
predict wide.csv
  2: no column 'name': give --column, one of 'c0', 'c1',
predict wide.csv
  2: 'c18', 'c19', ... See `sknames predict --help`
predict taken.csv --column label
  2: has 2 columns 'label': rename one, or give --colu
predict taken.csv
  1: two columns are called 'reason': rename one, or --prefix
explain 123
  1: '123' has no nationality to explain (no known letter): give a name
explain a@b.org
  1: 'a@b.org' has no nationality to explain (address): give a name
explain Maria --class Klingon
  1: Greek', 'Japanese', 'Polish', 'Turkish'
evaluate five.csv
  1: None of the labels is one of the model's: expected some of
evaluate empty.csv --label note
  1: no row of empty.csv has a name and a label
predict in.csv --set 0.9
  1: for, got another model. Take
predict in.csv --set 0.9 --model nationality --priors uniform
  1: got other priors. Take
predict in.csv --set 0.9 --adapt-priors
  2: --adapt-priors does not go with --set, whi
predict in.csv --abstain --groups region
  2: needs a --threshold, since that of
predict in.csv --abstain --priors uniform
  2: needs a --threshold, since that of
predict in.csv --abstain --adapt-priors
  2: needs a --threshold, since that of
predict in.csv --abstain
  2: is no SelectiveClassifier: --abstain needs a --threshold
predict in.csv --fallback
  2: --fallback needs --abstain, --risk or --threshold, and a model that ships
predict in.csv --model country --abstain --fallback --priors uniform
  2: without other priors and groups
predict in.csv --threshold nan
  2: --threshold nan: give a number from 0 to 1
predict in.csv --threshold -0.01
  2: --threshold -0.01: give a number from 0 to 1
predict in.csv --threshold 1.01
  2: --threshold 1.01: give a number from 0 to 1
predict in.csv --risk .1
  2: --risk needs a model that ships
predict in.csv --model country --risk .1 --groups region
  2: --risk needs a model that ships, without other priors, groups
predict in.csv --model country --risk .1 --threshold .9
  2: groups and --threshold: give a --threshold instead
predict in.csv --model country --risk nan
  1: The 'risk' parameter of load_pretrained must be
predict in.csv --adapt-priors --priors uniform
  2: give one of them
predict in.csv --priors Elvish=1
  1: --priors got 'Elvish', but the model's
predict in.csv --priors 'Greek=.5, Greek =.5'
  1: --priors has 'Greek' twice
predict in.csv --priors Greek=.5
  1: give them 'others': 0.5, or
predict in.csv --priors others=1
  1: of a label next to 'others', got none
predict in.csv --priors in.csv
  2: in.csv has no column 'label'
predict in.csv --priors mix.csv
  1: mix.csv: expected a label next to '.5'
predict in.csv --priors Greek=half
  1: of 'Greek' is 'half'; expected a num
predict in.csv --output ./in.csv
  1: --output ./in.csv: is INPUT itself: give another --output
predict in.csv --output hard.csv
  1: --output hard.csv: is INPUT itself
shares in.csv --output ./in.csv
  1: --output ./in.csv: is INPUT itself
train table.skops --output table.skops
  1: --output table.skops: is INPUT itself
predict in.csv --output model.skops
  1: --output model.skops: is --model itself
predict in.csv --output mix.csv --priors ./mix.csv
  1: --output mix.csv: is --priors itself
shares in.csv --output mix.csv --against-mix ./mix.csv
  1: --output mix.csv: is --against-mix itself
shares in.csv --plot in.png --against-mix in.png
  1: --plot in.png: is --against-mix itself: give another --plot
shares in.csv --output new.png --plot ./new.png
  1: --output new.png: is --plot itself
predict in.csv --output ''
  1: --output : is no name of a file: give another
predict in.csv --output new/.
  1: --output new/.: is no name of a file
predict in.csv --priors no.csv
  1: no.csv: no such file: check the path
predict empty.csv --adapt-priors
  1: no row of empty.csv has a name
shares empty.csv
  1: no row of empty.csv has a name
shares in.csv --plot o.txt
  2: let its name end in .png
shares in.csv --by place
  2: no column 'place': give --by, one of 'id', 'name', 'note'
shares taken.csv --by share
  2: --by share: rename it, the output has another
shares taken.csv --by names
  2: --by names: rename it, the output has another
shares in.csv --against others
  2: --against compares the parts of --by: give both
shares one.csv --by nationality --against a
  1: Expected several parts to compare, got only a. Give other
shares one.csv --by nationality --against others
  1: Expected several parts to compare, got only a
shares odd.csv --by d --against others
  1: Expected no part called 'others', which stands for all other rows
shares odd.csv --by d,e --against x,y,z
  2: 2 parts are called so: rename a value, or leave a column of --by out
predict empty.csv -o o.parquet.gz
  2: give a name without .gz. See `sknames p
shares empty.csv -o o.zst --format parquet
  2: Parquet is compressed by itself
predict empty.csv --adapt-priors --output no/o
  1: no does not exist
shares empty.csv --plot no/o.png
  1: no does not exist
shares empty.csv --output no/o.csv
  1: no does not exist
train empty.csv --output folder.skops
  1: folder.skops: is a folder: give another
predict nofile.csv
  1: nofile.csv: No such file or directory: check the path
predict .
  1: .: Is a directory: choose another file
predict in.csv --model nofile.skops
  1: --model nofile.skops: no such file: check the path. The models that ship are
predict in.csv --model region
  1: expected nationality, country or a file. To sum their labels, give --groups
predict in.csv --encoding junk
  1: in.csv: unknown encoding junk: give the file's
predict in.csv --encoding zip
  1: in.csv: unknown encoding zip: give the file's --encoding, e.g. --encoding cp1252
predict in.csv --encoding utf-16
  1: give --encoding utf-16-le
predict byte.csv --encoding auto
  1: can't decode b'M\\x81ller
predict byte.csv --encoding auto
  1: e.g. --encoding cp850.
predict byte.csv --encoding cp1252
  1: e.g. --encoding cp850.
predict 1250.csv --encoding auto
  1: e.g. --encoding cp1250 or cp850.
predict in.csv --abstian
  2: No such option '--abstian'. Did you mean '--abstain'? See `sknames predict --help`
predict in.csv --model countries
  1: models that ship are nationality and
predict in.csv --priors Turkish:0.5
  1: give pairs such as Turkish=.5
shares in.csv --groups TS=Turkish
  2: 'TS=Turkish' is not one of 'subregion', 'region'
train in.csv --target country
  2: No such option '--target'. See `sk
in.csv
  2: No such command 'in.csv'. Give predict, shares, rates, explain, evaluate, tr
explain Anna Müller
  2: Quote the name: sknames explain "Anna Müller". See `sk
predict 'Mehmet Yilmaz'
  1: no such file: check the path, or, for a single name, run sknames explain 'Meh
train in.csv --param cell=gru
  2: --param is of a net from scratch: give --from-
train in.csv --from-scratch --param cell=a
  1: 'cell' parameter of NameNationalityClass
train in.csv --from-scratch --param junk=1
  1: Valid parameters are: ['batch_size',
train in.csv --output model.txt
  1: model.txt should end in .skops
train one.csv
  1: all 3 names have the label 'a': give two or more
train in.csv --label truth
  2: no column 'truth': give --label, one of
"""
REFUSED = re.findall(r"^(.+)\n  (\d): (.+)$", REFUSED, re.M)


# What they are said of.
FILES = {
    "empty.csv": "id,name,note\n1,,\n2,123,\n",
    "one.csv": "name,nationality\nHans,a\nHans,a\nHans,a\n",
    # spellings of one name
    "five.csv": "name,nationality\n"
    + "Hans,Hans\nHANS,Hans\n" * 3
    + "a,a\nb,a\nc,a\nd,a\n",
    "wide.csv": ",".join(f"c{k}" for k in range(21)),
    "taken.csv": "name,reason,share,names,label,label\nKim,a,b,c,d,e\n",
    "odd.csv": 'name,d,e\nKim,"x,y",z\nLee,x,"y,z"\nBo,others,\n',
    "table.skops": "name,nationality\nHans,a\nAnna,b\n",
    "mix.csv": "label,share\nGreek,.5\n,.5\n",
    "in.jsonl": '{"name": "Kim"}\n',
    "byte.csv": b"name\nM\x81ller\n",
    "1250.csv": "name\nAnna Źak\n".encode("cp1250"),
}


@pytest.fixture
def files_of_errors(folder):
    """Write files that do not fit, and return the names of all there are."""
    rows = [(*row, "ab"[k % 2]) for k, row in enumerate(ROWS)]
    write_csv("in.csv", rows, header=("id", "name", "note", "nationality"))
    for name, text in FILES.items():
        Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    os.link("in.csv", "hard.csv")
    os.mkdir("folder.skops")
    return sorted(os.listdir())


@pytest.mark.parametrize("line, code, words", REFUSED)
def test_what_does_not_fit_is_refused(run, files_of_errors, line, code, words):
    command, _, others = line.partition(" ")
    output = {"predict": "-o out.csv", "shares": "-o out.csv", "train": "-o own.skops"}
    out, said = run(f"{command} {output.get(command, '')} {others}", code=int(code))
    assert not out
    assert words in said
    assert said.endswith(".\n"), said
    assert said.count("\n") == 1 + said.startswith("sknames: fits"), said
    assert sorted(os.listdir()) == files_of_errors


def test_train_output_in_a_read_only_folder_is_refused_before_the_work(
    run, monkeypatch
):
    write_csv("in.csv", [("", "")], ("name", "nationality"))  # which has no names
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    _, said = run("train in.csv --output own.skops", code=1)
    assert "does not exist or is read-only" in said, said


# ---- The process


@pytest.mark.parametrize("command", [["-m", "sknames"], ["bin/sknames"]])
def test_ctrl_c_during_the_imports_shows_no_traceback(folder, monkeypatch, command):
    code = (
        "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
    )
    Path("numpy.py").write_text(code)
    Path("bin").mkdir()
    Path("bin/sknames").write_text("from sknames.__main__ import main; main()")
    package = Path(sknames.__file__).parents[1]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.getcwd(), str(package)]))
    assert (
        run_process(
            sys.executable, *command, "predict", "-", code=-signal.SIGINT
        ).stderr
        == ""
    )


@pytest.mark.parametrize(
    "number, jobs, output, said",
    [
        (
            signal.SIGINT,
            1,
            "out.csv",
            "sknames: stopped: nothing was written.\n",
        ),  # at the input
        (signal.SIGTERM, 1, "out.csv", "sknames: stopped: out.csv was not written.\n"),
        (signal.SIGINT, 2, "-", "sknames: stopped: the output is not whole.\n"),
        (signal.SIGKILL, 2, "-", ""),
    ],
)
def test_predict_signal_leaves_no_file_and_no_process(
    folder, number, jobs, output, said
):
    write_csv("in.csv", [("1", f"Anna {k}", "x" * 50) for k in range(200_000)])
    waits = "nothing" in said
    arguments = [
        "predict",
        "-" if waits else "in.csv",
        "--jobs",
        str(jobs),
        "--output",
        output,
    ]
    with process(
        *arguments, "--model", "model.skops", stdin=subprocess.PIPE
    ) as running:
        if waits:
            running.stdin.write(Path("in.csv").read_bytes())
            running.stdin.flush()  # when the process has read most of it, so has begun
        elif output == "-":
            running.stdout.read(1)
        else:
            wait_for(lambda: any(".part" in name for name in os.listdir()))
        while running.poll() is None:  # it may just be about to wait for input
            (os.kill if number == signal.SIGTERM else os.killpg)(running.pid, number)
            with suppress(subprocess.TimeoutExpired):
                running.wait(5)
        running.stdout.read()
        assert (
            running.stderr.read().decode() == said
        )  # until no process holds the pipes
        assert running.returncode == (
            128 + number if number == signal.SIGTERM else -number
        )
    assert sorted(os.listdir()) == ["in.csv", "model.skops"]


def test_stop_while_a_process_starts_ends_by_the_signal(folder):
    code = (
        "import signal; from sknames._cli import main; "
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]); "
        "main._stop(signal.SIGINT, None)"
    )
    said = run_process(sys.executable, "-c", code, code=-signal.SIGINT).stderr
    assert said == "sknames: stopped: nothing was written.\n"


def wait_for(condition):
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("missing", ["click", "pyarrow"])
def test_main_missing_package_is_named(missing, monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda *handler: None)
    monkeypatch.setattr(
        sknames, "_cli", sknames._cli
    )  # the attribute is put back afterwards
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
def test_predict_bar_on_a_terminal_shows_a_percentage_of_bytes(run, monkeypatch, path):
    people = {"name": ["Anna"] * 60, "text": ["x" * 50_000] * 60}
    write_csv("in.csv", zip(*people.values(), strict=True), [*people])
    as_it_is = {"use_dictionary": False, "compression": "none"}
    pa.parquet.write_table(pa.table(people), "in.parquet", **as_it_is)
    monkeypatch.setattr(sys, "stderr", Terminal())
    ended = []
    close = tqdm.close
    monkeypatch.setattr(tqdm, "close", lambda bar: (ended.append(bar.n), close(bar)))
    run(f"predict {path} --output o.csv")
    said = sys.stderr.getvalue()
    assert re.search(r"\d+%\|.*/3\.\d+M \[.*B/s\]", said), said
    assert "60 rows: 60 predicted" in said
    assert ended[0] == pytest.approx(os.path.getsize(path), rel=1e-4)


# ---- Whole files


def test_whole_file_removes_what_a_killed_command_left(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f".file.{ended.pid}.part"
    at_work = tmp_path / f".file.{os.getppid()}.part"
    for path in (left, at_work):
        path.touch()
    with files.whole_file(str(tmp_path / "file")) as file:
        file.write(b"new")
    assert not left.exists()
    assert at_work.exists()


def test_predict_line_without_an_end_is_refused_before_it_fills_the_memory(run):
    with gzip.open("in.csv.gz", "wb", compresslevel=1) as file:
        file.write(b"name\n" + b"a" * (tables.BYTES_OF_CHUNK + 1))
    _, said = run("predict in.csv.gz", code=1)
    assert "in.csv.gz: line 2 is too long: is this CSV?" in said


@pytest.mark.parametrize(
    "command, make",
    [
        ("predict in.csv --priors Greek=.25,others=.75", rare_greek),
        ("shares in.csv", lambda tiny: tiny[-1]),
        (
            "predict in.csv --abstain --threshold .9",
            lambda tiny: SelectiveClassifier(tiny, threshold=0.9),
        ),
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
def test_parquet_and_the_last_line_name_the_model(
    run, tiny, small_names, command, make
):
    write_list(small_names[0])
    model = make(tiny)
    assumed = SelectiveClassifier(model, threshold=0).class_prior_  # of any model
    priors = dict(zip(model.classes_, assumed, strict=True))
    _, said = run(f"{command} -o o.parquet")
    written = json.loads(pa.parquet.read_schema("o.parquet").metadata[b"sknames"])
    assert written["version"] == __version__
    assert written["fingerprint"] == fingerprint(model)
    assert written["priors"] == pytest.approx(priors)
    for output in ("-", "o.jsonl"):
        _, said = run(f"{command} -o {output}")
        assert said.endswith(f" s; sknames {__version__}, {fingerprint(model)}\n")


def test_whole_file_is_replaced_under_its_link_and_keeps_its_mode(tmp_path):
    folder = tmp_path / "folder"
    link = tmp_path / "link"
    folder.mkdir()
    target = folder / "file"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    with files.whole_file(str(link)) as file:
        # In the folder of the file, on whose disk there is room; hidden.
        (part,) = set(os.listdir(folder)) - {"file"}
        assert part.startswith(".")
        assert target.read_text() == "old"
        file.write(b"new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert os.listdir(folder) == ["file"]

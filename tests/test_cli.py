"""Tests of the command line."""

import bz2
import csv
import fcntl
import gzip
import io
import json
import os
import pty
import re
import resource
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
import warnings
from contextlib import contextmanager, suppress
from itertools import count, repeat
from multiprocessing import active_children
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
import skops.io
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from tqdm import tqdm

import sknames.__main__
from sknames import (
    CharEncoder,
    GroupedClassifier,
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    _name_encoder,
    estimate_shares,
    load_pretrained,
    make_own_labels_pipeline,
    predict_names,
    predict_table,
    spelling_groups,
)
from sknames._cli import files, main, models, tables
from sknames._cli import shares as commands_shares
from sknames._cli import train as training
from sknames.inspection import character_importance, feature_contributions, prefix_proba
from sknames.metrics import scorecard
from sknames.metrics._scorecard import accuracy_gain, figures, ngram_svm
from sknames.pretrained import _model_files as _model_files
from sknames.pretrained import predict_sets
from tests.conftest import run_process, start_process

ROWS = [
    ("007", "Yılmaz, Mehmet", "NA"),
    ("008", "", 'he said "hi"'),
    ("", "Kowalski", "two\nlines"),
    ("1e5", " \u200b", "1,5; 2"),
    ("2020-01-01", "王伟", "\ttab"),
    ("007", "Papadopoulos", "null"),
    ("true", "O'Brien", ""),
]
NAMES = [name for _, name, _ in ROWS]
MISSING = [False, True, False, True, False, False, False]
NEW = ["predicted", "probability", "reason"]


@pytest.fixture(scope="module")
def model(small_names):
    classify = NameNationalityClassifier(hidden_size=8, max_epochs=2, random_state=0)
    return Pipeline([("encode", CharEncoder(max_length=20)), ("classify", classify)]).fit(
        *small_names
    )


@pytest.fixture
def folder(tmp_path, monkeypatch, model):
    """Make a current folder with a model in it; chunks have three rows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tables, "CHUNK_ROWS", 3)
    monkeypatch.setattr(models.joblib, "cpu_count", lambda: 2)
    (tmp_path / "model.skops").write_bytes(skops.io.dumps(model))
    return tmp_path


@pytest.fixture
def run(folder, capfd):
    """Return a function that runs a command: (standard output, standard error)."""

    def run(*arguments, code=0):
        found = main.run([str(argument) for argument in arguments])
        said = capfd.readouterr()
        assert code in (None, found), said
        return said

    return run


@pytest.fixture
def predict(run):
    """Return a function that predicts with model.skops: (standard output, standard error)."""

    def predict(*arguments, code=0):
        return run("predict", *arguments, "--model", "model.skops", code=code)

    return predict


def process(*arguments, **options):
    """Start a command as a process, which ends with the block."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return start_process(sys.executable, "-m", "sknames", *arguments, **pipes | options)


@contextmanager
def standard_input(path):
    before = os.dup(0)
    with open(path, "rb") as file:
        os.dup2(file.fileno(), 0)
    yield
    os.dup2(before, 0)
    os.close(before)


def write_csv(path, rows=ROWS, header=("id", "name", "note"), delimiter=",", **options):
    with open(path, "w", newline="", **{"encoding": "utf-8"} | options) as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])


def text_of(path):
    return Path(path).read_bytes().decode()


def read_csv(text, delimiter=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def expected(model):
    """Return the new columns for ROWS."""
    names = [name for (_, name, _), missing in zip(ROWS, MISSING, strict=True) if not missing]
    found = iter(zip(model.predict(names), model.predict_proba(names).max(axis=1), strict=True))
    return [
        ("", "", "missing name") if missing else (label, round(probability, 6), "")
        for missing, (label, probability) in (
            (missing, (None, None) if missing else next(found)) for missing in MISSING
        )
    ]


def check(rows, model):
    """Assert that rows, lists of str with a header, are ROWS with predictions."""
    assert rows[0] == ["id", "name", "note", *NEW]
    assert [tuple(row[:3]) for row in rows[1:]] == ROWS
    for row, (label, probability, reason) in zip(rows[1:], expected(model), strict=True):
        assert (row[3], row[5]) == (label, reason)
        assert row[4] == probability or float(row[4]) == probability


# ---- Tables


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("output", ["-", "out.csv", "out.tsv"])
def test_predict_csv_of_any_dialect_keeps_it(predict, model, delimiter, output):
    write_csv("in.csv", delimiter=delimiter)
    out, said = predict("in.csv", "--output", output)
    text = out if output == "-" else text_of(output)
    check(read_csv(text, "\t" if output == "out.tsv" else delimiter), model)
    assert said.startswith("7 rows: 5 predicted, 2 missing name; ")


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_predict_any_line_ends_and_marks_keeps_values(predict, ends, encoding):
    rows = [["id", "name"], ["007", "Müller"], ["", "王伟"], [f"a{ends}b", "Bo"]]
    text = ends * 2 + ends.join(map('"{0[0]}","{0[1]}"'.format, rows))
    Path("in.csv").write_bytes(text.encode(encoding))
    out, _ = predict("in.csv")
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
    assert next(iter(tables.Table("in.csv"))).num_columns == n_columns


def test_reader_blank_lines_above_the_header_are_no_rows(folder):
    (folder / "in.csv").write_bytes(b"\n\r\n\rname\nBo\n\nKim\n")
    (chunk,) = tables.Table("in.csv")
    assert chunk.to_pydict() == {"name": ["Bo", "", "Kim"]}


def test_reader_chunks_have_few_rows_and_few_bytes(folder, monkeypatch):
    rows = [json.dumps({"name": "Kim", "x": "x" * n}) for n in (9, 9, 9, 9, 99, 9, 9)]
    (folder / "in.jsonl").write_text("\n".join(rows), encoding="utf-8")
    monkeypatch.setattr(tables, "CHUNK_BYTES", 130)
    assert [len(chunk) for chunk in tables.Table("in.jsonl")] == [3, 2, 2]
    monkeypatch.setattr(tables, "BATCH_ROWS", 1)
    write_csv("in.csv", [("Kim", "x" * n) for n in (9, 9, 9, 9, 99, 9, 9)], ("name", "x"))
    assert [len(chunk) for chunk in tables.Table("in.csv")] == [3, 2, 2]
    (folder / "in.jsonl").write_text("\n" * 130 + rows[0], encoding="utf-8")
    assert [len(chunk) for chunk in tables.Table("in.jsonl")] == [1]


def test_predict_given_delimiter_uses_it(predict):
    Path("in.csv").write_text("name^n,m\nKowalski^1,2\n", encoding="utf-8")
    out, _ = predict("in.csv", "--delimiter", "^")
    assert [row[:2] for row in read_csv(out, "^")] == [["name", "n,m"], ["Kowalski", "1,2"]]
    _, said = predict("in.csv", "--delimiter", ";", code=1)
    assert "has no ';': give another --delimiter, perhaps ','" in said


@pytest.mark.parametrize("header", ["name", "id,name", "id,name\n"])
def test_predict_no_rows_keeps_columns_and_warns(predict, header):
    Path("in.csv").write_text(header, encoding="utf-8")
    out, said = predict("in.csv")
    assert "warning: in.csv has a header and no rows" in said
    assert read_csv(out) == [[*header.strip().split(","), *NEW]]
    pa.parquet.write_table(parquet_table()[:0], "in.parquet")
    _, said = predict("in.parquet", "--output", "out.parquet")
    assert "warning: in.parquet has a header and no rows" in said
    found = pa.parquet.read_table("out.parquet")
    assert found.column_names == [*parquet_table().column_names, *NEW] and not len(found)


def test_predict_list_without_header_warns(predict):
    Path("in.csv").write_text("Mehmet Yılmaz\nAnna\n", encoding="utf-8")
    _, said = predict("in.csv")
    assert "took 'Mehmet Yılmaz' for the header: if it is a name, --no-header" in said
    out, said = predict("in.csv", "--no-header")
    assert said.startswith("2 rows: 2 predicted")
    assert [row[0] for row in read_csv(out)] == ["name", "Mehmet Yılmaz", "Anna"]
    for header in ("Full name", "surname", "customer_full", "First_Name", "x@y", "7"):
        Path("in.csv").write_text(f"{header}\nAnna\n", encoding="utf-8")
        assert predict("in.csv")[1].startswith("1 rows"), header


def test_predict_no_header_numbers_columns(predict):
    Path("in.csv").write_text("1,Anna,Kowalski\n2,,Kim\n3,,\n", encoding="utf-8")
    out, said = predict("in.csv", "--no-header", "--column", "2,3")
    assert said.startswith("3 rows: 2 predicted, 1 missing name; ")
    assert read_csv(out)[0] == ["1", "2", "3", *NEW]
    Path("in.csv").write_text('Anna\n"Kim\nBo"\n', encoding="utf-8")
    _, said = predict("in.csv", "--no-header")
    assert "the name in row 2 has a line break" in said


def test_predict_two_columns_joins_them(predict, model):
    rows = [("Anna", "x", "Kowalski"), (" Jan ", "x", "Maria  Nowak "), ("", "x", "Kim")]
    rows.append(("", "", ""))
    write_csv("in.csv", rows, ("Given", "x", "family"))
    out, _ = predict("in.csv", "--column", "given, family")
    found = read_csv(out)[1:]
    assert [tuple(row[:3]) for row in found] == rows
    names = ["Anna Kowalski", "Jan Maria Nowak", "Kim"]
    assert [row[3] for row in found] == [*model.predict(names), ""]
    _, said = predict("in.csv", "--column", "given,surname", code=2)
    assert "no column 'surname': give --column, one of 'Given'" in said
    write_csv("in.csv", [("Kim",)], ("given, family",))  # a name may hold a comma
    predict("in.csv", "--column", "given, family")


JSON = [
    '{"name": "Yılmaz", "big": 123456789012345678901234567890, "x": 1.10}',
    '  {"x": {"deep": [1, null]}, "name": null}  ',
    "",
    "{}",
    '{"name":"Kowalski","date":"2020-01-01T00:00:00","name2":"\\u00fc"}',
    '{"name": "Papadopoulos"}',
    '{"name": "", "x": false }',
]


def test_predict_json_lines_keeps_values(predict, model):
    with open("in.jsonl", "w", encoding="utf-8-sig") as file:
        file.write("\r\n".join(JSON))
    out, _ = predict("in.jsonl")
    for line, before in zip(out.splitlines(), filter(None, JSON), strict=True):
        row, before = json.loads(line), json.loads(before)
        assert list(row) == [*before, *NEW] and before.items() <= row.items()
        if before.get("name"):
            assert row["predicted"] == model.predict([row["name"]])[0]
            assert row["reason"] is None
        else:
            assert [row[column] for column in NEW] == [None, None, "missing name"]


def test_predict_half_of_a_character_in_json_stays_escaped(predict):
    line = '{"name": "Kowalski\\ud800"}'
    Path("in.jsonl").write_text(line, encoding="utf-8")
    out, said = predict("in.jsonl")
    assert out.startswith(line[:-1]), said


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_predict_json_to_table_writes_text(predict, format):
    rows = [{"name": "Kim", "x": 1}, {"name": "7", "y": [1, "ü"]}, {"x": None}]
    rows.append({"x": 2.5, "y": True})
    Path("in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    _, said = predict("in.jsonl", "--output", f"out.{format}")
    assert said.startswith("4 rows: 1 predicted, 2 missing name, 1 no known letter;"), said
    read = pa.csv.read_csv if format == "csv" else pa.parquet.read_table
    found = read(f"out.{format}")
    assert found["x"].cast(pa.string()).to_pylist()[::3] == ["1", "2.5"]
    assert found["y"].to_pylist()[1::2] == ['[1, "ü"]', "true"]
    with open("in.jsonl", "a", encoding="utf-8") as file:
        file.write('\n{"z": 1}')
    _, said = predict("in.jsonl", "--output", f"out.{format}", code=1)
    assert "a row has 'z', which the first 3 rows lack: give --format jsonl" in said


def parquet_table():
    return pa.table(
        {
            "number": pa.array([1, None, 3, 4, 5, 6, 7], pa.int32()),
            "name": pa.array([n or None for _, n, _ in ROWS]).dictionary_encode(),
            "list": [[1], [], None, [2, 3], [4], [5], [6]],
            "when": pa.array([0, 1, 2, 3, 4, 5, None], pa.timestamp("us", "UTC")),
            "share": [0.1, float("nan"), None, 1e-300, 2.0, 3.0, -0.0],
        }
    ).replace_schema_metadata({"who": "we"})


def test_predict_parquet_keeps_columns_and_types(predict, model):
    table = parquet_table()
    pa.parquet.write_table(table, "in.parquet", row_group_size=2)
    predict("in.parquet", "--output", "o.parquet")
    found = pa.parquet.read_table("o.parquet")
    assert found.schema.metadata[b"who"] == b"we"
    assert str(found.select(table.column_names).to_pydict()) == str(table.to_pydict())
    assert found.schema.field("when").type == table.schema.field("when").type
    answers = zip(*(found[column].to_pylist() for column in NEW), strict=True)
    assert [tuple("" if x is None else x for x in row) for row in answers] == expected(model)


def test_predict_nan_is_null_in_json(predict):
    nan, inf = float("nan"), float("inf")
    table = parquet_table().append_column("rows", [[[{"x": [1.5, nan, -inf]}]] * 7])
    pa.parquet.write_table(table, "in.parquet")
    predict("in.parquet", "--output", "1.ndjson")
    lines = text_of("1.ndjson").splitlines()
    rows = [json.loads(line, parse_constant=pytest.fail) for line in lines]
    assert [row["share"] for row in rows] == [0.1, None, None, 1e-300, 2.0, 3.0, -0.0]
    assert rows[1]["when"] == "1970-01-01 00:00:00.000001+00:00"
    assert rows[0]["rows"] == [{"x": [1.5, None, None]}]
    header, *rows = read_csv(predict("in.parquet", "--format", "csv")[0])  # nested values are JSON
    found = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["list"] for row in found[:4]] == ["[1]", "[]", "", "[2, 3]"]
    assert found[0]["rows"] == '[{"x": [1.5, null, null]}]'
    Path("in.jsonl").write_text('{"name": "Müller", "x": [1, {"y": -1e999}]}', encoding="utf-8")
    out, _ = predict("in.jsonl")
    assert '"Müller"' in out and json.loads(out)["x"] == [1, {"y": None}]  # not escaped


@pytest.mark.parametrize("suffix, codec", [("gz", "gzip"), ("zst", "zstd")])
def test_predict_compressed_files_are_read_and_written(predict, model, suffix, codec):
    write_csv("in.csv")
    data = Path("in.csv").read_bytes()
    parts = data[:50], data[50:]  # of two members, as `cat` makes them
    Path(f"in.csv.{suffix}").write_bytes(
        b"".join(pa.compress(p, codec, asbytes=True) for p in parts)
    )
    predict(f"in.csv.{suffix}", "--output", f"out.csv.{suffix}")
    with pa.input_stream(f"out.csv.{suffix}") as stream:
        check(read_csv(stream.read().decode()), model)


@pytest.mark.parametrize("kind, name", [("csv", "-"), ("parquet", "/dev/stdin"), ("jsonl", "-")])
def test_predict_standard_input_detects_the_format(predict, kind, name):
    write_csv("csv", delimiter=";")
    pa.parquet.write_table(parquet_table(), "parquet")
    Path("jsonl").write_bytes(gzip.compress("\n".join(JSON).encode()))
    with standard_input(kind):
        _, said = predict(name, "--adapt-priors", "--output", "out")
    assert said.startswith(f"{6 if kind == 'jsonl' else 7} rows: "), said
    os.rename("out", "out.tsv" if kind == "parquet" else "out.csv")  # which does not overrule
    table = tables.Table("out.tsv" if kind == "parquet" else "out.csv")
    assert (table.format, table.delimiter) == (kind, ";" if kind == "csv" else None)


def test_predict_braces_in_csv_are_no_json(predict):
    Path("in.csv").write_text("{name}\nKim\n", encoding="utf-8")
    assert "\n1 rows: 1 predicted" in predict("in.csv")[1]


def test_predict_pipe_is_read_and_appended_to_standard_output(folder, model):
    os.mkfifo("pipe")
    write_csv("in.csv")
    Path("all.csv").write_text("old\n")
    arguments = ["predict", "pipe", "--model", "model.skops", "--output", "/dev/stdout"]
    with open("all.csv", "ab") as file, process(*arguments, stdout=file) as running:
        Path("pipe").write_bytes(Path("in.csv").read_bytes())
        said = running.stderr.read().decode()
    assert running.returncode == 0 and said.startswith("7 rows: 5 predicted"), said  # and no bar
    old, text = text_of("all.csv").split("\n", 1)
    assert old == "old"
    check(read_csv(text), model)


# ---- What predict adds


ODD = ["Yılmaz", "123", "a@b.org", "", "Kowalski", "😀", "Papadopoulos"]
WHY = ["", "no known letter", "address", "missing name", "", "no known letter", ""]


def test_predict_abstain_withholds_what_is_unsure(predict, model):
    write_csv("odd.csv", [[name] for name in ODD], ["name"])
    sure = model.predict_proba([ODD[0], ODD[4], ODD[6]]).max(axis=1)
    threshold = np.sort(sure)[1]  # of three one is above
    out, said = predict("odd.csv", "--abstain", "--threshold", threshold)
    assert "1 predicted, 1 address, 1 missing name, 2 no known letter, 2 unsure; " in said
    expected = predict_names(model, ODD, threshold=threshold).reasons.tolist()
    assert [row[-1] for row in read_csv(out)[1:]] == expected
    _, said = predict("odd.csv", "--abstain", "--threshold", 1)
    assert said.startswith("7 rows: 0 predicted, 1 address")  # without a warning


@pytest.mark.parametrize("name", ["own.skops", "own.joblib"])
def test_predict_abstain_uses_the_threshold_of_the_model(run, model, small_names, name):
    write_csv("odd.csv", [[name] for name in ODD], ["name"])
    selective = SelectiveClassifier(FrozenEstimator(model), coverage=0.5).fit(*small_names)
    with open(name, "wb") as file:
        _model_files.save_model(selective, file, name)
    out, _ = run("predict", "odd.csv", "--model", name, "--abstain", "--trust-pickle")
    assert [row[-1] for row in read_csv(out)[1:]] == selective.reasons(ODD).tolist()


def test_predict_column_that_exists_asks_for_a_prefix(predict):
    write_csv("in.csv", header=("id", "name", "reason"))
    _, said = predict("in.csv", "--output", "out.csv", code=1)
    assert "two columns are called 'reason': rename one, or --prefix" in said
    assert not os.path.exists("out.csv")
    out, _ = predict("in.csv", "--prefix", "new_")
    assert read_csv(out)[0][3:] == ["new_predicted", "new_probability", "new_reason"]


@pytest.mark.parametrize(
    "header, column, words",
    [
        ("id who note", [], "column 'name': give --column, one of 'id', 'who', 'note'. See `sk"),
        ("id who note", ["--column", "WHO"], "7 rows: 5 predicted"),
        ("id Name note", [], "7 rows: 5 predicted"),
        ("Name name note", [], "7 rows: 5 predicted"),
        ("name name note", [], "has 2 columns 'name'"),
        (" ".join(f"c{k}" for k in range(21)), [], "'c18', 'c19', ... See"),
    ],
)
def test_predict_column_of_names_is_chosen(predict, header, column, words):
    header = header.split()
    write_csv("in.csv", ROWS if len(header) == 3 else [], header)
    assert words in predict("in.csv", *column, code=None)[1]
    write_csv("in.csv", [("", "Kim")], header=("name", "who"))
    assert "warning: in.csv has no name in it: check --column" in predict("in.csv")[1]


def test_predict_parquet_to_a_terminal_is_refused(predict, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    write_csv("in.csv")
    out, said = predict("in.csv", "--format", "parquet", code=2)
    assert not out and "Parquet is not for a terminal: give --output" in said


def test_answers_several_processes_give_the_same_bytes(predict, small_names, monkeypatch):
    started, pool = [], models.ProcessPoolExecutor

    def start(jobs, *arguments):
        started.append(jobs)
        return pool(jobs, *arguments)

    monkeypatch.setattr(models, "ProcessPoolExecutor", start)
    write_csv("in.csv", [("1", name, "") for name in small_names[0][::9]])
    more = ["--proba", "--priors", "population", "--groups", "region"]
    for n in (1, 100):
        _, said = predict("in.csv", *more, "--output", f"{n}.csv", "--jobs", n)
        assert said.startswith("23 rows: 23 predicted")
    assert text_of("1.csv") == text_of("100.csv")
    write_csv("in.csv", ROWS[:2])
    predict("in.csv", "--jobs", 2)  # one chunk starts none
    assert started == [2]  # as many as there are cores


def test_answers_processes_read_few_chunks_and_end(folder):
    taken = []
    chunks = ((taken.append(k), "7" if k < 9 else "x") for k in range(50))
    answers = models.answers(int, chunks, 2)
    assert next(answers) == (None, 7) and len(taken) <= 5
    with pytest.raises(ValueError, match="invalid literal for int"):
        list(answers)
    assert not active_children()
    answers = models.answers(int, zip(count(), repeat("7")), 2)  # until it is noticed
    next(answers)
    active_children()[0].kill()
    with pytest.raises(MemoryError, match="a worker died; memory may be full"):
        list(answers)
    assert not active_children()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_predict_stopped_takes_its_processes_along(folder, number):
    write_csv("in.csv", [("1", "Anna", "x" * 100)] * 100_000)
    with process("predict", "in.csv", "--model", "model.skops", "--jobs", "2") as running:
        running.stdout.read(1)
        os.killpg(running.pid, number)
        _, said = running.communicate(timeout=200)  # until no process holds the pipes
    written = number != signal.SIGKILL
    assert said.decode() == "sknames: stopped: the output is not whole.\n" * written


def test_predict_more_rows_take_no_more_memory(tmp_path):
    command = """
import re
from pathlib import Path
import resource
from sknames._cli import main

def peak():
    status = Path("/proc/self/status")  # of this program alone, unlike getrusage's
    if status.exists():
        return re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

for n in (600_000, 1_800_000):
    with open("in.csv", "wb") as file:
        file.write(b"name\\n")
        for _ in range(n // 1000):
            file.write(b"Kowalski\\nNowak\\n" * 500)
    main.run(["predict", "in.csv", "--output", "out.csv"])
    print(peak())
"""
    done = run_process(sys.executable, "-c", command, cwd=tmp_path)
    assert "1,800,000 rows: 1,800,000 predicted" in done.stderr, done.stderr
    unit = 1 if sys.platform == "darwin" else 1024
    first, last = (int(peak) * unit for peak in done.stdout.split())
    assert last - first < 50e6
    assert last < 450e6


# ---- Priors and shares

# The small model is indeed unsure.
of_an_unsure_model = pytest.mark.filterwarnings("ignore:The model is unsure")


def write_list(names):
    """Write a list of few nationalities; names recur in their own and in other chunks."""
    people = [*names[:100], *names[:40:3], *names[150:155].repeat(2), "", "7", "?!", "7"]
    write_csv("in.csv", [("1", name, "") for name in people])
    return [name for name in people if name]


def rows_of(text, delimiter=","):
    """Return the rows of CSV with their types, without the column names."""
    options = pa.csv.ParseOptions(delimiter=delimiter)
    table = pa.csv.read_csv(io.BytesIO(text.encode()), parse_options=options)
    return [tuple(row.values()) for row in table.to_pylist()]


def rows_of_shares(found, key=(), *counts):
    """Return the rows that a command writes of shares, or a comparison."""
    columns = [found[name] for name in found._columns]
    columns = [values.round(6) if values.dtype.kind == "f" else values for values in columns]
    return [(*key, *row, *counts) for row in zip(*(c.tolist() for c in columns), strict=True)]


@of_an_unsure_model
@pytest.mark.parametrize("name", ["model.skops", "nationality", "grouped.skops"])
def test_shares_of_chunks_are_those_of_the_whole(run, model, small_names, name):
    names = write_list(small_names[0])
    if name == "grouped.skops":  # their shares are sums of those of the nationalities
        grouped = GroupedClassifier(FrozenEstimator(model), groups="region")
        Path(name).write_bytes(skops.io.dumps(grouped))
    expected = estimate_shares(_model_files.load_model(name), names, random_state=0)
    out, said = run("shares", "in.csv", "--model", name)
    assert out.startswith('"label","share","low","high"\n')
    assert rows_of(out) == rows_of_shares(expected)
    assert said.startswith("128 rows: 124 names, 4 not names; ")


@pytest.fixture
def groups(small_names):
    """Write a table of names, some of none, by region and year; return the names of each."""
    rows = [(name, "NS"[k % 2], f" {2000 + k % 3}") for k, name in enumerate(small_names[0])]
    rows += [("7", "S", "2000"), ("", "S", "1999")]
    write_csv("in.csv", rows, ("name", "region", "year"), delimiter=";")
    table = pd.DataFrame(rows, columns=["name", "region", "year"])
    table["year"] = table.year.astype(int)
    return {key: some.name.tolist() for key, some in table.groupby(["region", "year"])}


@of_an_unsure_model
@pytest.mark.filterwarnings("default:The shares are rough")
def test_shares_by_two_columns_are_those_of_each_group(run, model, groups, monkeypatch):
    grouped, expected, shown = GroupedClassifier(model, groups="region"), [], []
    for (region, year), names in groups.items():
        title = f"region: {region}, year: {year}\n"
        if names == [""]:
            expected.append((region, year, "", None, None, None, 0, 1))
            shown.append(title + "no name; 1 not names")
        else:
            with warnings.catch_warnings(action="ignore"):
                found = estimate_shares(grouped, names, random_state=0)
            counts = found.n_names, found.n_not_names
            expected += rows_of_shares(found, (region, year), *counts)
            shown.append(f"{title}{found}")
    command = ["shares", "in.csv", "--model", "model.skops", "--by", "Region, year"]
    command += ["--groups", "region"]
    out, said = run(*command, "--plot", "o.svg", "--plot", "o.png")
    assert rows_of(out, ";") == expected
    assert said.startswith("sknames: warning: region: N, year: 2000: The shares are rough"), said
    assert "\n202 rows: 200 names, 2 not names; " in said
    assert Path("o.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert run(*command)[0] == "\n\n".join(shown) + "\n"
    monkeypatch.setattr(commands_shares, "MOST_PANELS", 6)
    _, said = run(*command, "--plot", "out.svg", code=2)
    assert "--plot draws 6 groups at most, and --by Region, year gives 7" in said
    _, said = run("shares", "in.csv", "--by", "place", code=2)
    assert "no column 'place': give --by, one of 'name', 'region', 'year'" in said
    for name in ("share", "names"):
        write_csv("in.csv", [("Kim", 1)], ("name", name))
        _, said = run("shares", "in.csv", "--by", name, code=2)
        assert f"--by {name}: rename it, the output has another" in said


@of_an_unsure_model
@pytest.mark.filterwarnings("ignore:The shares are rough")
def test_shares_against_compares_groups(run, model, groups):
    shares = {
        key: estimate_shares(model, names, random_state=0)
        for key, names in groups.items()
        if names != [""]
    }
    command = ["shares", "in.csv", "--model", "model.skops", "--by", "region,year", "--against"]
    expected = []
    for key, found in shares.items():
        rest = [name for other, names in groups.items() if other != key for name in names]
        other = estimate_shares(model, rest, random_state=0)
        compared = found.compare(other, same_source=True)
        expected += rows_of_shares(compared, key, found.n_names, found.n_not_names)
    expected[-12:-12] = [("S", 1999, "", *[None] * 6, 0, 1)]
    assert rows_of(run(*command, "others")[0], ";") == expected
    other = shares.pop(("N", 2001))
    expected = [
        row
        for key, found in shares.items()
        for row in rows_of_shares(found.compare(other, same_source=True), key)
    ]
    run(*command, "N,2001", "--output", "out.jsonl")
    rows = [tuple(json.loads(line).values())[:-2] for line in text_of("out.jsonl").splitlines()]
    assert [(r, int(y), *row) for r, y, *row in rows if row[0]] == expected
    _, said = run(*command, "2001", code=2)
    assert "--against 2001: no such group. Give others, or one of 'N,2000', 'N,2001', '" in said
    _, said = run("shares", "in.csv", "--against", "others", code=2)
    assert "--against compares the groups of --by: give both" in said


@of_an_unsure_model
def test_shares_distinct_name_is_predicted_once(run, small_names, monkeypatch):
    names, asked = write_list(small_names[0]), []

    def predict(model, names, **options):
        asked.extend(names)
        return predict_names(model, names, **options)

    monkeypatch.setattr(models, "predict_names", predict)
    run("shares", "in.csv", "--model", "model.skops")
    assert sorted(asked) == sorted({*names, ""})


@of_an_unsure_model
def test_shares_for_excel_have_its_mark_and_decimals(run, small_names):
    write_list(small_names[0])
    command = ["shares", "in.csv", "--model", "model.skops", "-o", "o.csv"]
    out, _ = run(*command[:-2])
    nothing, _ = run(*command, "--excel", "--decimal", ",")
    assert not nothing
    text = Path("o.csv").read_bytes().decode("utf-8-sig")
    assert Path("o.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert [[x.replace(",", ".") for x in row] for row in read_csv(text)] == read_csv(out)
    assert re.search(r'^"Turkish","0,\d+","', text, re.MULTILINE)
    Path("in.csv").write_text("name\nKim\n")  # whose delimiter is not known
    assert '"Kim";"' in run("predict", "in.csv", "--model", "model.skops", "--decimal", ",")[0]


@of_an_unsure_model
def test_predict_adapt_priors_is_prior_shift_classifier(run, model, small_names):
    names = write_list(small_names[0])
    adapted = PriorShiftClassifier(FrozenEstimator(model)).fit(names)
    assert (adapted.predict(names) != model.predict(names)).any()
    shares = estimate_shares(model, names)
    mix = dict(zip(shares.label, shares.share, strict=True))
    by_shares = PriorShiftClassifier(model, priors=mix)
    names = [name for name in names if name not in ("7", "?!")]
    run("shares", "in.csv", "--model", "model.skops", "--output", "mix.csv")
    arguments = ["predict", "in.csv", "--model", "model.skops", "--proba", "--output"]
    run(*arguments, "1.csv", "--adapt-priors")
    run(*arguments, "2.csv", "--priors", "mix.csv")
    for output, expected in [("1.csv", adapted), ("2.csv", by_shares)]:
        rows = [row for row in read_csv(text_of(output))[1:] if row[3]]
        assert [row[1] for row in rows] == names
        assert [row[3] for row in rows] == expected.predict(names).tolist()
        found = np.array([row[5:-1] for row in rows], dtype=float)
        np.testing.assert_allclose(found, expected.predict_proba(names), atol=2e-6, rtol=0)


def test_predict_columns_are_those_of_predict_table(run):
    names = [*ODD, "Kim", "Anna"]
    write_csv("in.csv", [[name] for name in names], ["name"])
    options = ["--top", 2, "--known-words", "--abstain"]
    out, _ = run("predict", "in.csv", *options, "--set", "0.9", "--prefix", "new ")
    (_, *header), *rows = read_csv(out)
    model = load_pretrained(abstain=True)
    table = predict_table(model, names, top=2, known_words=True, prefix="new ")
    for column in table.columns[1:]:
        cells = [row[1 + header.index(column)] for row in rows]
        values = table[column].astype(object).fillna("").astype(str).tolist()
        if "probability" in column:
            cells = np.array([cell or 0 for cell in cells], dtype=float)
            values = np.array([value or 0 for value in values], dtype=float)
            np.testing.assert_allclose(cells, values, rtol=0, atol=6e-7)
        else:
            assert cells == values, column
    reasons, sets = (
        [row[1 + header.index(f"new {name}")] for row in rows] for name in ("reason", "set")
    )
    assert "unsure" in reasons
    assert [bool(found) for found in sets] == [reason in ("", "unsure") for reason in reasons]


def test_predict_set_adds_the_sets_of_the_shipped_model(run):
    write_csv("odd.csv", [[name] for name in ODD], ["name"])
    whole, _ = run("predict", "odd.csv", "--set", "0.9")
    header, *rows = read_csv(whole)
    assert header == ["name", "predicted", "probability", "set", "reason"]
    sets = predict_sets(load_pretrained(), ODD)
    expected = [";".join(found) if not why else "" for found, why in zip(sets, WHY, strict=True)]
    assert [row[3] for row in rows] == expected
    assert run("predict", "odd.csv", "--set", "0.9", "--priors", "population")[0] == whole


@pytest.mark.filterwarnings("default:The shares are rough")
def test_predict_letters_that_the_model_lacks_are_no_names(run, small_names):
    encoder = CharEncoder(max_length=20, transliterate=False)
    tiny = Pipeline(
        [("encode", encoder), ("classify", NameNationalityClassifier(hidden_size=8, max_epochs=1))]
    )
    Path("own.skops").write_bytes(skops.io.dumps(tiny.fit(*small_names)))
    write_csv("in.csv", [["王伟"], ["Kim"]] * 60, ["name"])
    for command in ("predict", "shares"):
        _, said = run(command, "in.csv", "--model", "own.skops")
        assert "60 no" in said, said


def test_predict_groups_is_grouped_classifier(predict, model):
    write_csv("in.csv")
    names = [name for (_, name, _), missing in zip(ROWS, MISSING, strict=True) if not missing]
    options = ["--priors", "Greek=.25,Polish=.75", "--groups", "region"]
    out, said = predict("in.csv", *options, "--proba")
    header, *rows = read_csv(out)
    assert header[3:7] == ["predicted", "probability", "probability_Asia", "probability_Europe"]
    fitted = PriorShiftClassifier(model, priors={"Greek": 0.25, "Polish": 0.75})
    expected = GroupedClassifier(fitted, groups="region").predict(names).tolist()
    assert [row[3] for row in rows if row[3]] == expected
    _, said = predict("in.csv", *options, "--top", "3", code=1)
    assert "top=3: the model has 2 labels" in said


@pytest.mark.parametrize("options", [["--groups", "region"], ["--priors", "uniform"]])
def test_predict_other_priors_and_groups_of_a_model_that_abstains(run, predict, model, options):
    write_csv("in.csv")
    names = ["Ana", "Yuki", "Jan", "Ali"]
    careful = SelectiveClassifier(FrozenEstimator(model), coverage=0.5)
    careful.fit(names, model.classes_)
    Path("careful.skops").write_bytes(skops.io.dumps(careful))
    found = run("predict", "in.csv", "--model", "careful.skops", *options)[0]
    assert found == predict("in.csv", *options)[0]


def test_predict_fallback_is_the_model_that_falls_back(run):
    names = ["Iker Casillas", "Aoife Byrne", "Lee", "Juan Perez", "7"]
    write_csv("in.csv", [[name] for name in names], ["name"])
    command = ["predict", "in.csv", "--model", "country"]
    out, said = run(*command, "--abstain", "--fallback")
    model = load_pretrained("country", abstain=True, fallback=["subregion", "region"])
    table = predict_table(model, names)
    header, *rows = read_csv(out)
    assert header == [*table.columns]
    for column in ("predicted", "level", "reason"):
        cells = [row[header.index(column)] for row in rows]
        assert cells == table[column].fillna("").tolist()
    given, _ = run(*command, "--abstain", "--fallback", "--threshold", f"{model.threshold_}")
    assert given == out
    _, said = run(*command, "--fallback", code=2)
    assert "--fallback needs --abstain and a model that ships" in said
    _, said = run(*command, "--abstain", "--fallback", "--priors", "uniform", code=2)
    assert "without other priors and groups" in said


def test_countries_are_those_of_their_model(run):
    names = ["Giuseppe Rossi", "Lee", "7", *ODD]
    write_csv("in.csv", [[name] for name in names], ["name"])
    out, _ = run("predict", "in.csv", "--model", "country", "--abstain", "--set", "0.8")
    careful = load_pretrained("country", abstain=True)
    table = predict_table(careful, names)
    predicted, sets = zip(*((row[1], row[3]) for row in read_csv(out)[1:]), strict=True)
    assert [*predicted] == table.predicted.fillna("").tolist() and predicted[0] == "IT"
    expected = predict_sets(careful, names, coverage=0.8)
    assert sets[:2] == tuple(map(";".join, expected[:2]))
    assert run("predict", "in.csv", "--model", "country")[0] != out
    out, _ = run("explain", "Giuseppe Rossi", "--model", "country")
    assert "\nIT " in out
    shown = ["--set", "0.8", "--groups", "region"]  # as in Python
    out, _ = run("predict", "in.csv", "--model", "country", *shown)
    expected = predict_sets(GroupedClassifier(load_pretrained("country")), names, coverage=0.8)
    assert [row[3] for row in read_csv(out)[1:3]] == [*map(";".join, expected[:2])]


# ---- explain, evaluate and train


def test_explain_shows_characters_and_ngrams(run, model):
    out, said = run("explain", "王王 Maria", "--model", "model.skops", "--top", "2")
    name = "王王 Maria"
    found, prefixes = character_importance(model, name), prefix_proba(model, name)
    lines = out.splitlines()
    assert lines[0] == f"{name}, read as {''.join(found.characters)}"
    best = np.argsort(-found.proba)[:2]
    assert [line.split() for line in lines[1:3]] == [
        [model.classes_[k], f"{found.proba[k]:.1%}"] for k in best
    ]
    assert lines[4].split() == [*f"log odds of {found.label} if the name ended there".split()]
    rows = lines[5 : 5 + len(found.characters)]
    longest = np.abs(found.importance).max()
    for row, character, value, proba in zip(
        rows, found.characters, found.importance, prefixes.proba, strict=True
    ):
        bar = ("#" if value > 0 else "-") * round(24 * abs(value) / longest)
        assert f" {character}  {value:+6.2f} {bar} " in row
        k = proba.argmax()
        assert row.endswith(f"  {model.classes_[k]} {proba[k]:.0%}")
    # Where a character of the name begins that is read otherwise:
    assert [row[:2].strip() for row in rows[:8]] == ["王", "", "", ""] * 2
    said = lines[5 + len(rows) + 1]
    other = np.argsort(-found.proba)[1]
    odds = np.log(found.proba.max() / found.proba[other])
    assert f"log odds of {found.label} against {model.classes_[other]}: {odds:+.2f}, of" in said


def test_explain_own_labels_shows_features(run, model, small_names):
    names, labels = small_names[0], np.arange(200) % 2
    own = make_own_labels_pipeline(FrozenEstimator(model)).fit(names, labels)
    own = PriorShiftClassifier(FrozenEstimator(own)).fit(names)
    Path("own.skops").write_bytes(skops.io.dumps(own))
    out, said = run("explain", "Maria", "--model", "own.skops", "--label", "0")
    odds = feature_contributions(own, "Maria").log_odds(0)
    proba = own.predict_proba(["Maria"])[0]
    *shown, blank, of, most = out.splitlines()
    assert shown == [f"{k}  {proba[k]:6.1%}" for k in np.argsort(-proba)] and not blank
    assert of.startswith(f"log odds of 0 against 1: {np.log(proba[0] / proba[1]):+.2f}, of it ")
    assert f"it {odds.intercept:+.2f} by the intercept and {odds.contributions.sum():+.2f}" in of
    pairs = zip(odds.features[:8], odds.contributions, strict=False)
    assert most == "  " + "  ".join(f"{feature!r} {value:+.2f}" for feature, value in pairs)
    bayes = make_own_labels_pipeline(FrozenEstimator(model)).set_params(classify=MultinomialNB())
    Path("bayes.skops").write_bytes(skops.io.dumps(bayes.fit(names, labels)))
    _, said = run("explain", "Maria", "--model", "bayes.skops", code=2)
    assert "bayes.skops is none: only models are explained that `sknames" in said


def test_explain_another_nationality_shows_it(run, model):
    out, _ = run("explain", "Maria", "--model", "model.skops", "--label", "Greek")
    assert "log odds of Greek " in out
    out, said = run("explain", "Maria", "--model", "model.skops", "--label", "Klingon", code=1)
    assert "Klingon" in said and "Greek" in said


def write_labelled(rows, path="in.csv"):
    write_csv(path, rows, header=("name", "nationality"))


@pytest.mark.parametrize("has_train", [False, True])
def test_evaluate_prints_the_scorecard(run, model, small_names, has_train):
    names, labels = small_names
    rows = [*zip(names, labels, strict=True), ("", "Greek"), ("Kowalski", " "), ("Kim", " Korean ")]
    write_labelled(rows)
    learned, more = names[::4] + np.array(["", "  "] * 25, dtype=object), []
    if has_train:
        write_labelled(zip(learned, labels[::4], strict=True), "learned.csv")
        more = ["--train", "learned.csv", "--jobs", "2"]
    out, said = run("evaluate", "in.csv", "--model", "model.skops", *more)
    names, labels = [*names, "Kim"], [*labels, "Korean"]
    card = scorecard(model, names, labels)
    assert out.startswith(card.to_text() + "\n")
    if has_train:
        _, overlap, _, *rows = out.removeprefix(card.to_text() + "\n").splitlines()
        assert overlap.startswith("50 rows (24.9%) have a name of the training table, 25 of them")
        svm = ngram_svm().fit(learned, small_names[1][::4])
        expected = {"most frequent label": labels.count("Greek") / 201}
        expected |= {"n-grams + LinearSVC": svm.score(names, labels), "model.skops": card.accuracy}
        for row, (title, accuracy) in zip(rows, expected.items(), strict=True):
            assert row.startswith(f"{title:19}  {accuracy:.4f} (")
    else:
        assert out == card.to_text() + "\n"
    assert said == (
        "203 rows: 201 used, 1 of them with labels that the model does not know; 2 without a "
        "name or a label\n"
    )


def test_evaluate_against_ngrams_compares_in_pairs(run, model, small_names):
    known = small_names[1] != "Greek"
    names, labels = (column[known][:130] for column in small_names)  # fewer of the last label
    write_labelled(zip(names, labels, strict=True))
    out, said = run("evaluate", "in.csv", "--model", "model.skops", "--against", "ngrams")
    cv, groups = StratifiedGroupKFold(5, shuffle=True, random_state=0), spelling_groups(names)
    ngrams, card = (
        figures(labels, cross_val_predict(own, names, labels, groups=groups, cv=cv))
        for own in (ngram_svm(), make_own_labels_pipeline())
    )
    own, predicted = scorecard(model, names, labels), model.predict(names)
    assert "Greek" in predicted
    own.macro_f1 = f1_score(labels, predicted, labels=np.unique(labels), average="macro")
    for line, expected in zip(out.splitlines()[-3:], (ngrams, card, own), strict=True):
        numbers = [expected["accuracy"], *expected["accuracy_interval"], expected["macro_f1"]]
        if expected is not ngrams:
            gain, low, high = accuracy_gain(expected["is_right"], ngrams["is_right"])
            numbers += [gain, low, high]
            assert gain == pytest.approx(expected["accuracy"] - ngrams["accuracy"])
        found = re.findall(r"[+-]?\d\.\d{4}", line)
        assert found == [f"{x:{'+' if k > 3 else ''}.4f}" for k, x in enumerate(numbers)]
    others = zip(names, np.char.add(labels, "s"), strict=True)  # which the model lacks
    write_labelled(others)
    lines, said = run("evaluate", "in.csv", "--model", "model.skops", "--against", "ngrams")
    assert lines.splitlines() == out.splitlines()[-4:-1]
    assert f"{len(names)} used, {len(names)} of them with labels that the model does" in said
    write_labelled([*zip(names, labels, strict=True)][45:55])
    run("evaluate", "in.csv", "--model", "model.skops", "--against", "ngrams")


def test_train_fits_the_recipe_for_own_labels(run, small_names, monkeypatch):
    names, labels = (column[:170].tolist() for column in small_names)  # fewer of the last label
    write_labelled(zip(names, labels, strict=True))
    assert f"Up to {training.MOST_NAMES:,} names" in run("train", "--help")[0]
    monkeypatch.setattr(training, "MOST_NAMES", 170)
    _, said = run("train", "in.csv", "--output", "own.skops")
    assert said.startswith(
        "sknames: fits n-grams and features of the shipped model, for 170 names more accurate than "
        "a net from scratch.\n170 rows: learned 170 names of 4 labels, 0 without"
    )
    own = _model_files.load_model("own.skops")
    by_hand = make_own_labels_pipeline().fit(names, labels)
    np.testing.assert_allclose(own.predict_proba(names), by_hand.predict_proba(names), atol=1e-12)
    frequencies = np.unique(labels, return_counts=True)[1] / len(labels)
    np.testing.assert_allclose(own.class_prior_, frequencies)
    # The file holds the model: another one ships with a later version.
    monkeypatch.setattr(_name_encoder, "pretrained_sha256", lambda target: "later")
    model = ["--model", "own.skops"]
    more = ["--abstain", "--threshold", ".6", "--priors", "uniform"]
    run("predict", "in.csv", *model, *more)
    run("shares", "in.csv", *model)
    for arguments, why in (
        (["predict", "in.csv", "--known-words"], "the model has no table of words: leave it out"),
        (["predict", "in.csv", "--abstain"], "is no SelectiveClassifier: --abstain needs a --thre"),
    ):
        _, said = run(*arguments, *model, code=2)
        assert why in said and said.count("\n") == 1
    monkeypatch.setattr(training, "MOST_NAMES", 169)
    monkeypatch.setattr(training, "fit_net", lambda *names, **params: by_hand)
    _, said = run("train", "in.csv", "--output", "own.skops")
    assert said.startswith("sknames: fits a net from scratch, for 170 names m")


def test_train_options_are_parameters(run, small_names):
    names, labels = small_names
    rows = [*zip(names, labels, strict=True), ("", "Greek"), ("Kowalski", "")]
    write_csv("in.csv", rows, header=("who", "truth"))
    arguments = ["train", "in.csv", "--column", "who", "--label", "truth", "--from-scratch"]
    given = ["max_length=20", "cell=rnn", "hidden_size=8", "max_epochs=2", "ngram_range=1, 3"]
    given += ["embedding_dim=none", "early_stopping=true"]
    given += ["transliterate=unknown", "min_frequency=2"]
    params = [word for pair in given for word in ("--param", pair)]
    for name in ("own.skops", "own.joblib"):
        _, said = run(*arguments, *params, "--output", name)
        assert said.startswith("202 rows: learned 200 names of 4 labels, 2 without a name")
    model = joblib.load("own.joblib")
    params = {"cell": "rnn", "hidden_size": 8, "max_epochs": 2, "ngram_range": (1, 3)}
    params |= {"embedding_dim": None, "early_stopping": True, "random_state": 0}
    classify = NameNationalityClassifier(**params)
    assert str(model["classify"].get_params()) == str(classify.get_params())
    encode = CharEncoder(max_length=20, transliterate="unknown", min_frequency=2)
    assert str(model["encode"].get_params()) == str(encode.get_params())
    by_hand = Pipeline([("encode", encode), ("classify", classify)])
    by_hand.fit(list(names), list(labels))
    same = by_hand.predict_proba(names)
    np.testing.assert_array_equal(model.predict_proba(names), same)
    again = skops.io.load(
        "own.skops", trusted=["sknames.CharEncoder", "sknames.NameNationalityClassifier"]
    )
    np.testing.assert_array_equal(again.predict_proba(names), same)
    run("predict", "in.csv", "--model", "own.skops", "--column", "who")


def test_documentation_commands_give_what_it_shows(run, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    page = (Path(__file__).parent.parent / "docs" / "command_line.md").read_text(encoding="utf-8")
    for name, text in re.findall(r"```text\n# (.*)\n([^`]*)```", page):
        Path(name).write_text(text, encoding="utf-8")
    n_run = 0
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for command, said in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            before, _, command = command.rpartition(" | ")
            if before:
                Path("stdin").write_text(run_process("sh", "-c", before).stdout, encoding="utf-8")
                with open("stdin", "rb") as file:
                    os.dup2(file.fileno(), 0)
            program, *arguments = shlex.split(command)
            assert program == "sknames"
            found = run(*arguments, code=None)
            found, said = (
                re.sub(r"\d+\.\d (s|MB)\b", r"... \1", t) for t in ("".join(found), said)
            )
            assert found == said, command
            n_run += 1
    assert n_run >= 10


MIXED = "name\nKim\nZieliński\n".encode() + "Müller\nBøe\n".encode("cp1252")
BROKEN = "name\nJoÃ£o\nÅ\x81ukasz\nÐšÐ¸Ñ€\nJosé’s\nBÄ–\n"  # the last but one is right


@pytest.mark.parametrize(
    "encoding, text, warning",
    [
        ("auto", MIXED, "2 of 5 lines are not UTF-8, read as cp1252: 'Müller'.\n"),
        ("auto", "name\nŻak\n".encode(), None),
        ("auto", "name\nŻak\n".encode("utf-16"), None),
        ("auto", BROKEN.encode(), "4 of 6 lines had broken letters, repaired: 'João'.\n"),
        (
            "auto",
            b"name\nJo\xc3\xa3o \xe3\n",
            "1 of 2 lines are not UTF-8, read as cp1252: 'João ã'",
        ),
        ("cp1252", "name\nMüller\n".encode("cp1252"), None),
        ("utf-16-le", "\ufeffname\nꧻ\n".encode("utf-16-le"), None),
    ],
)
def test_predict_says_which_lines_are_in_another_encoding(predict, encoding, text, warning):
    Path("in.csv").write_bytes(text)
    out, said = predict("in.csv", "--encoding", encoding)
    assert ("warning" in said) == (warning is not None)
    assert (warning or "") in said
    names = [row[0] for row in read_csv(out)[1:]]
    if encoding == "auto" and text == MIXED:
        assert names == ["Kim", "Zieliński", "Müller", "Bøe"]
    elif text == BROKEN.encode():
        assert names == ["João", "Łukasz", "Кир", "José’s", "BĖ"]
    elif b" " not in text:
        encoding = {"auto": "utf-16" if b"\0" in text else "utf-8"}.get(encoding, encoding)
        assert names == text.decode(encoding).split()[1:]


def test_predict_byte_of_no_encoding_is_an_error(predict):
    Path("in.csv").write_bytes(b"name\nM\x81ller\n")
    out, said = predict("in.csv", "--encoding", "auto", code=1)
    assert not out and r"can't decode b'M\x81ller" in said and "give the file's" in said


def test_predict_gives_the_reasons_of_python(predict, judged):
    rows = [json.dumps({"name": text, "reason_of_python": why}) for text, why in judged.items()]
    Path("in.jsonl").write_text("\n".join(rows), encoding="utf-8")
    lines = map(json.loads, predict("in.jsonl")[0].splitlines())
    found = {line["name"]: line["reason"] or "" for line in lines}
    assert found == judged


@pytest.mark.parametrize(
    "names, warning",
    [
        (
            ["A. M. Kim", "Kim, J.-P.", "Anna Kim"],
            "Most of these names have initials instead of given names. Then accuracy is 15 to 20 ",
        ),
        (["A. Kim", "Bo Kim", "7"], None),
        (
            ["JoÃ£o", "Å\x81ukasz", "Anna"],
            "2 names are UTF-8 that was read as Windows-1252: give --encoding auto, or export",
        ),
    ],
)
@pytest.mark.parametrize("options", [[], ["--abstain", "--threshold", "1"]])
def test_predict_form_of_names_is_warned_of(predict, names, warning, options):
    write_csv("in.csv", [[name] for name in names], ["name"])
    _, said = predict("in.csv", *options)
    assert said.count("warning") == (warning is not None)
    assert f"sknames: warning: {warning or ''}" in said or warning is None


# ---- Errors


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("in.csv", b"name\nAnna\nB\xfc\n", [r"can't decode b'name\nAnna\nB\xfc", "encoding auto"]),
        ("in.csv", b"name;n\nBo;1\nBo;2;3\n", ["line 3 has 3 columns, not 2", "--delimiter"]),
        ("in.csv", b'name,n\n"Kim,1\nBo,2\n', ["a quotation mark stays open in line 2"]),
        ("in.csv", b'name\n"' + b"Anna\n" * 900_000, ["is a quotation mark open"]),
        ("in.csv", b"", ["this is an empty file"]),
        ("in.csv", b"\xef\xbb\xbf\r\n", ["this is an empty file"]),
        ("in.csv", "name,n\nKim,1\n".encode("utf-16-le"), ["NUL", "give --encoding utf-16-le"]),
        ("in.json", b'[\n {"name": "Anna"}]', ["this is a JSON array: write one object a line"]),
        ("in.jsonl", b'{"name": "x"}\n\n{"name": \n', ["line 3 is not JSON"]),
        ("in.jsonl", b'{"name": "x"}\n[]\n', ["line 2 is [], not an object"]),
        ("in.jsonl", b'{"name": "\xfc"}\n', ["line 1 is not JSON", "can't decode"]),
        ("in.jsonl", b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", ["line 1 is not JSON"]),
        ("in.jsonl", b'{"name": "' + b"x" * 20_000_000 + b'"}', ["line 1 is too long"]),
        ("in.parquet", b"name\nAnna\n", ["this is not a parquet file", "not whole"]),
        ("in.csv.zst", b"\x28\xb5\x2f\xfd and so on", ["damaged or not whole"]),
        ("in.csv.gz", gzip.compress(b"name\n" + os.urandom(9**6))[:9999], ["not whole"]),
        ("in.xlsx", b"PK\x03\x04\0", ["a zip or Excel file", "save the sheet as CSV"]),
        ("in.csv.bz2", bz2.compress(b"name\nKim\n"), ["compressed by bzip2 or xz: unpack it"]),
    ],
)  # fmt: skip
def test_predict_wrong_file_says_what_is_wrong(predict, name, content, words):
    Path(name).write_bytes(content)
    _, said = predict(name, "--output", "out", code=1)
    assert said.count("\n") == 1
    for word in [f"sknames: {name}: ", *words]:
        assert word in said, said
    assert ("not whole" in said) == ("not whole" in " ".join(words))  # one step, not two
    assert sorted(os.listdir()) == sorted([name, "model.skops"])


def test_predict_bytes_are_written_to_parquet_only(predict):
    view = pa.array(["Bo"], pa.string_view())
    pa.parquet.write_table(pa.table({"view": view, "name": ["Kim"]}), "in.parquet")
    assert read_csv(predict("in.parquet", "--format", "csv")[0])[1][:2] == ["Bo", "Kim"]
    pa.parquet.write_table(pa.table({"name": ["Kim"], "raw": [b"\xff"]}), "in.parquet")
    for output, what in (("out.csv", "Invalid UTF8 payload"), ("out.jsonl", r"bytes (b'\xff')")):
        _, said = predict("in.parquet", "--output", output, code=1)
        assert f"{what}: give --format parquet" in said and not os.path.exists(output)
    predict("in.parquet", "--output", "out.parquet")
    assert pa.parquet.read_table("out.parquet")["raw"].to_pylist() == [b"\xff"]


@pytest.mark.parametrize("value, kind", [(7, "int"), (["Kim"], "list")])
@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_predict_names_that_are_not_text_raise(predict, value, kind, format):
    columns = {"name": [*[None] * 4, value], "family": [None] * 5}
    pa.parquet.write_table(pa.table(columns), "in.parquet")
    rows = [{"name": name, "family": None} for name in [None, float("nan"), None, "", value]]
    Path("in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    for more in ([], ["--column", "family,name"]):
        _, said = predict(f"in.{format}", *more, code=1)
        assert said.startswith(f"sknames: in.{format}: expected names of type str")
        assert f"got {kind} ({value!r}) in row 5: give a --column of text" in said


def test_predict_equal_headers_are_written_to_csv_only(predict):
    header = ("note", "name", "note")
    write_csv("in.csv", header=header)
    assert [tuple(row[:3]) for row in read_csv(predict("in.csv")[0])] == [header, *ROWS]
    for output in ("out.json", "out.parquet"):
        _, said = predict("in.csv", "--output", output, code=1)
        assert "two columns are called 'note': rename one" in said and not os.path.exists(output)


@pytest.mark.parametrize(
    "text, line",
    [
        ('id,name,n\n1,"Jan,3\n2,Anna,4\n3,"Piotr",5\n', 2),
        ('id,name,n\n1,Jan,3\n\n2,"An""na\n",4\n3,"Jan;3\r4,Kim,4\r5,"Nowak; Piotr",5\n', 6),
        ('id,name,note\n1,Jan,"a\nb"\n2,Anna,"x\n3,Piotr,"y"\n4,Kim,z\n', 4),
        ('name\n"Kim"\n"Jan, M\nBo\n"Anna, Maria"\n', 3),
        ('name,"note\nKim,1\nBo,"2"\n', 1),
        ('name\n"Kim\nBo\n\n', 2),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-32-be"])
def test_predict_open_quotation_mark_is_an_error(predict, text, line, encoding):
    Path("in.csv").write_bytes(text.encode(encoding))
    _, said = predict("in.csv", "--encoding", encoding, "--output", "out.csv", code=1)
    assert f"sknames: in.csv: a quotation mark stays open in line {line}: close it, or" in said
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
def test_predict_line_breaks_warn_in_names_only(predict, text, n_rows, row):
    Path("in.csv").write_bytes(text.encode())
    _, said = predict("in.csv", "--adapt-priors")
    assert f"{n_rows} rows: {n_rows} predicted" in said, said
    assert said.count("\n") == 1 + (row is not None)
    if row is not None:
        assert said.startswith(f"sknames: warning: in.csv: the name in row {row} has a line break")
        assert "check that no quotation mark stays open" in said


@pytest.mark.parametrize("output", ["/dev/full", "out.csv.gz", "out.parquet"])
def test_predict_full_disk_leaves_the_old_file(predict, output):
    write_csv("in.csv", [(os.urandom(9).hex(), "Anna", "") for _ in range(500)])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if output == "/dev/full":
        reason, step = "No space left on device", "the output is not whole"
    else:
        Path(output).write_text("old")
        reason, step = "File too large", f"{output} was not written"
        # A limit on the size of files stands for a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, before[1]))
    try:
        _, said = predict("in.csv", "--output", output, code=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert said == f"sknames: {reason}: {step}; make room.\n"
    if output != "/dev/full":
        assert sorted(os.listdir()) == sorted(["in.csv", "model.skops", output])
        assert Path(output).read_text() == "old"


def test_predict_closed_pipe_ends_silently(folder):
    write_csv("in.csv", [("1", "Anna", "x" * 1000)] * 500)
    with process("predict", "in.csv", "--model", "model.skops") as running:
        running.stdout.read(1)
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 1


@pytest.fixture
def run_main(folder, monkeypatch, capfd):
    """Return a function that runs `main` in this process with arguments: its exit code."""
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
    assert (code, said) == (1, "sknames: standard output is closed: give an --output.\n")
    monkeypatch.setattr(sys, "stderr", None)
    assert run_main(*arguments, "--output", "out.csv") == (0, "")
    sys.stderr.close()
    assert text_of("out.csv").count("\n") == 9


def test_main_on_an_old_terminal_replaces_characters(run_main, monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), "latin-1")
    monkeypatch.setattr(sys, "stdout", terminal)
    code, said = run_main("explain", "王Maria", "--model", "model.skops")
    assert code == 0 and terminal.buffer.getvalue().startswith(b"?Maria, read as "), said


def test_predict_model_file_that_is_not_ours_is_refused(run):
    write_csv("in.csv")
    two_labels = make_pipeline(CharEncoder(), KNeighborsClassifier(1))
    two_labels.fit(["Ana", "Bo"], [["Polish", "Europe"], ["Turkish", "Asia"]])
    for model, message in [
        ({"a": np.arange(3)}, "other.skops is no model that takes names"),
        (two_labels, "of shape (2, 2, 2) for two names: give a classifier with one"),
    ]:
        Path("other.skops").write_bytes(skops.io.dumps(model))
        _, said = run("predict", "in.csv", "--model", "other.skops", code=1)
        assert message in said


class Boom:
    """A pickle that makes a folder when it is loaded."""

    def __reduce__(self):
        return (os.mkdir, ("boom",))


def test_predict_pickle_asks_for_trust(run, model):
    write_csv("in.csv")
    joblib.dump(Boom(), "boom.joblib")
    _, said = run("predict", "in.csv", "--model", "boom.joblib", code=1)
    assert "use load_model(path, trust_pickle=True) (on the command line: --trust-pickle)" in said
    assert not os.path.exists("boom")
    joblib.dump(model, "model.joblib")
    out, _ = run("predict", "in.csv", "--model", "model.joblib", "--trust-pickle")
    check(read_csv(out), model)


REFUSED = [
    ("predict in.csv --output out.xlsx", "is not written. Give a name in .csv", 2),
    ("predict in.csv --output out.ZIP", "is not written. Give a name in .csv", 2),
    ("predict in.csv --output out.jsonl --excel", "--excel is for CSV, not for jsonl", 2),
    ("predict in.csv --output out.parquet --decimal ,", "--decimal is for CSV, not for", 2),
    ("predict in.csv --top 5", "top=5: the model has 4 labels. Lower top", 1),
    ("predict in.csv --delimiter ab", "--delimiter 'ab': give one character, or tab", 2),
    ("explain 123", "'123' has no nationality to explain (no known letter): give a name", 1),
    ("explain a@b.org", "'a@b.org' has no nationality to explain (address): give a name", 1),
    ("evaluate five.csv", "None of the labels is one of the model's: expected some of", 1),
    ("evaluate empty.csv --label note", "no row of empty.csv has a name and a label", 1),
    ("predict in.csv --set 0.9", "for, got another model. Take", 1),
    ("predict in.csv --set 0.9 --model nationality --priors uniform", "got other priors. Take", 1),
    ("predict in.csv --set 0.9 --adapt-priors", "--adapt-priors does not go with --set, whi", 2),
    ("predict in.csv --abstain --groups region", "--abstain with --groups needs a --thresh", 2),
    ("predict in.csv --abstain", "is no SelectiveClassifier: --abstain needs a --threshold", 2),
    ("predict in.csv --threshold .5", "--threshold needs --abstain, and a number from 0 to 1", 2),
    ("predict in.csv --abstain --threshold nan", "and a number from 0 to 1", 2),
    ("predict in.csv --abstain --threshold -0.01", "and a number from 0 to 1", 2),
    ("predict in.csv --adapt-priors --priors uniform", "give one of them", 2),
    ("predict in.csv --priors Elvish=1", "--priors of 'Elvish' is 1.0; expected", 1),
    ("predict in.csv --priors Greek=.5", "--priors sum to 0.5; expected 1", 1),
    ("predict in.csv --priors 'Greek=.5, Greek =.5'", "--priors has 'Greek' twice", 1),
    ("predict in.csv --priors in.csv", "in.csv has no column 'label'", 2),
    ("predict in.csv --priors no.csv", "no.csv: No such file or directory", 1),
    ("predict empty.csv --adapt-priors", "no row of empty.csv has a name", 1),
    ("shares empty.csv", "no row of empty.csv has a name", 1),
    ("shares in.csv --plot o.txt", "let its name end in .png", 2),
    # Raised before the names are read.
    ("predict empty.csv --adapt-priors --output no/o", "no does not exist", 1),
    ("shares empty.csv --plot no/o.png", "no does not exist", 1),
    ("shares empty.csv --output no/o.csv", "no does not exist", 1),
    ("predict nofile.csv", "nofile.csv: No such file or directory: check the path", 1),
    ("predict .", ".: Is a directory: choose another file", 1),
    ("predict in.csv --model nofile.skops", "nofile.skops: No such file or directory", 1),
    ("predict in.csv --encoding junk", "in.csv: unknown encoding junk: give the file's", 1),
    ("predict in.csv --encoding zip", "in.csv: unknown encoding zip: give the file's", 1),
    ("predict in.csv --encoding utf-16", "give --encoding utf-16-le", 1),
    ("train in.csv --param cell=gru", "--param is of a net from scratch: give --from-", 2),
    ("train in.csv --from-scratch --param cell=a", "'cell' parameter of NameNationalityClass", 1),
    (
        "train in.csv --from-scratch --param callbacks=[1]",
        "skorch callbacks, or pairs of a name",
        1,
    ),
    ("train in.csv --from-scratch --param junk=1", "Valid parameters are: ['batch_size', ", 1),
    ("train in.csv --output model.txt", "model.txt should end in .skops", 1),
    ("train one.csv", "all 3 names have the label 'a': give two or more", 1),
    ("evaluate five.csv --against ngrams", "needs two labels with 5 different names or more", 1),
    ("train in.csv --label truth", "no column 'truth': give --label, one of", 2),
    ("train in.csv --junk", "No such option", 2),
]


@pytest.mark.parametrize("arguments, words, code", REFUSED)
def test_what_does_not_fit_is_refused(run, arguments, words, code):
    rows = [(*row, "ab"[k % 2]) for k, row in enumerate(ROWS)]
    write_csv("in.csv", rows, header=("id", "name", "note", "nationality"))
    write_csv("empty.csv", [("1", "", ""), ("2", "123", "")])
    write_csv("one.csv", [("Hans", "a")] * 3, header=("name", "nationality"))
    labels = [("Hans", "HANS")[k % 2] for k in range(6)], [*"abcdef"]  # spellings of one name
    rows = [(name, names[0]) for names in labels for name in names]
    write_csv("five.csv", rows, header=("name", "nationality"))
    files = sorted(os.listdir())
    command, *others = shlex.split(arguments)
    defaults = [] if command == "train" else ["--model", "model.skops"]
    if command in ("predict", "shares", "train"):
        defaults += ["--output", "own.skops" if command == "train" else "out.csv"]
    out, said = run(command, *defaults, *others, code=code)
    assert not out and words in said and said.endswith(".\n"), said
    assert said.count("\n") == 1 + said.startswith("sknames: fits"), said
    assert sorted(os.listdir()) == files


@pytest.mark.parametrize("command", [["-m", "sknames"], ["bin/sknames"]])
def test_ctrl_c_during_the_imports_shows_no_traceback(folder, monkeypatch, command):
    code = "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(60)"
    Path("numpy.py").write_text(code)
    Path("bin").mkdir()
    Path("bin/sknames").write_text("from sknames.__main__ import main; main()")
    package = Path(sknames.__file__).parents[1]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.getcwd(), str(package)]))
    assert run_process(sys.executable, *command, "predict", "-", code=-signal.SIGINT).stderr == ""


@pytest.mark.parametrize(
    "number, jobs, is_open",
    [(signal.SIGINT, "2", True), (signal.SIGTERM, "1", False)],
)
def test_predict_signal_leaves_no_file_and_no_process(folder, number, jobs, is_open):
    write_csv("in.csv", [(str(k), f"Anna {k}", "") for k in range(300_000)])
    arguments = ["predict", "-", "--jobs", jobs, "--model", "model.skops", "--output", "out.csv"]
    with process(*arguments, stdin=subprocess.PIPE) as running:
        running.stdin.write(Path("in.csv").read_bytes())
        running.stdin.flush()  # when the process has read most of it, so has begun
        if not is_open:
            running.stdin.close()
            wait_for(lambda: any(".part" in name for name in os.listdir()))
        while running.poll() is None:  # it may just be about to wait for input
            (os.killpg if number == signal.SIGINT else os.kill)(running.pid, number)
            with suppress(subprocess.TimeoutExpired):
                running.wait(5)
        said = running.stderr.read().decode()  # until no process is left
        written = "nothing was written" if is_open else "out.csv was not written"
        assert said == f"sknames: stopped: {written}.\n"
        assert running.returncode == (-number if number == signal.SIGINT else 128 + number)
    assert sorted(os.listdir()) == ["in.csv", "model.skops"]


def test_stop_while_a_process_starts_ends_by_the_signal(folder):
    code = (
        "import signal; from sknames._cli import main; "
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]); main._stop(signal.SIGINT, None)"
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
    monkeypatch.setattr(sknames, "_cli", sknames._cli)  # the attribute is put back afterwards
    for name in [name for name in sys.modules if name.startswith(("sknames._cli", missing))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(
        SystemExit, match=rf"needs {missing}. Install it: pip install 'sknames\[cli"
    ):
        sknames.__main__.main()


def test_predict_bar_on_a_terminal_shows_a_percentage_of_bytes(run, monkeypatch):
    write_csv("in.csv", [("1", "Anna", "x" * 50_000)] * 60)
    ended, close = [], tqdm.close
    monkeypatch.setattr(tqdm, "close", lambda bar: (ended.append(bar.n), close(bar)))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with open(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        run("predict", "in.csv", "--output", "o.csv", "--model", "model.skops")
        said = ""
        while not said.endswith(" s\r\n"):
            said += os.read(ours, 100_000).decode()
    os.close(ours)
    assert re.search(r"\d+%\|.*/3\.\d+M \[.*B/s\]", said), said
    assert "60 rows: 60 predicted" in said
    assert ended[0] == os.path.getsize("in.csv")


def test_output_in_a_read_only_folder_is_refused_before_the_work(run, monkeypatch):
    write_csv("in.csv", [("", "")], ("name", "nationality"))  # which has no names
    os.mkdir("folder.skops")
    _, said = run("train", "in.csv", "--output", "folder.skops", code=1)
    assert "folder.skops: is a folder: give another --output" in said, said
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    _, said = run("train", "in.csv", "--output", "own.skops", code=1)
    assert "does not exist or is read-only" in said, said


# ---- Whole files


def test_whole_file_is_replaced_under_its_link_and_keeps_its_mode(tmp_path):
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    target = folder / "file"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    with files.whole_file(str(link)) as file:
        # Beside the file, on whose disk there is room; hidden.
        (part,) = set(os.listdir(folder)) - {"file"}
        assert part.startswith(".") and target.read_text() == "old"
        file.write(b"new")
    assert link.is_symlink() and target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert os.listdir(folder) == ["file"]

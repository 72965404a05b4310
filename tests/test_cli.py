"""Tests of the command line."""

import bz2
import csv
import fcntl
import gzip
import io
import json
import lzma
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
from contextlib import contextmanager, suppress
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
import skops.io
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import f1_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
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
    predict_table,
)
from sknames._cli import files, main, models, tables
from sknames._cli import train as training
from sknames.inspection import character_importance, prefix_proba
from sknames.metrics import scorecard
from sknames.metrics._scorecard import accuracy_gain
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
    models.load.cache_clear()
    models.model_of.cache_clear()
    (tmp_path / "model.skops").write_bytes(skops.io.dumps(model))
    return tmp_path


@pytest.fixture
def run(folder, capfd):
    """Return a function that runs a command: (exit code, standard output, standard error)."""

    def run(*arguments):
        code = main.run([str(argument) for argument in arguments])
        return code, *capfd.readouterr()

    return run


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
def test_predict_csv_of_any_dialect_keeps_it(run, model, delimiter, output):
    write_csv("in.csv", delimiter=delimiter)
    code, out, said = run("predict", "in.csv", "--model", "model.skops", "--output", output)
    assert code == 0, said
    text = out if output == "-" else text_of(output)
    check(read_csv(text, "\t" if output == "out.tsv" else delimiter), model)
    assert said.startswith("7 rows: 5 predicted, 2 missing name; ")


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_predict_any_line_ends_and_marks_keeps_values(run, ends, quoted, encoding):
    rows = [["id", "name"], ["007", "Müller"], ["", 'O"Brien'], ["x", "王伟"]]
    file = io.StringIO()
    if quoted:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator=ends).writerows(rows)
    else:
        file.write(ends * 2 + ends.join(map(",".join, rows)))
    with open("in.csv", "wb") as out:
        out.write(file.getvalue().encode(encoding))
    code, out, said = run("predict", "in.csv", "--model", "model.skops")
    assert code == 0, said
    assert [row[:2] for row in read_csv(out)] == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_predict_line_ends_in_values_keeps_them(run, encoding):
    text = '"name","note"\r\n"Kim","a\r\nb"\r\n"Bo","c\nd"\r\n'
    Path("in.csv").write_bytes(text.encode(encoding))
    code, out, said = run("predict", "in.csv", "--model", "model.skops")
    assert code == 0, said
    assert [row[1] for row in read_csv(out)] == ["note", "a\r\nb", "c\nd"]


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
    assert next(iter(tables.TableReader("in.csv"))).num_columns == n_columns


def test_reader_blank_lines_above_the_header_are_no_rows(folder):
    (folder / "in.csv").write_bytes(b"\n\r\n\rname\nBo\n\nKim\n")
    (chunk,) = tables.TableReader("in.csv")
    assert chunk.to_pydict() == {"name": ["Bo", "", "Kim"]}


def test_reader_chunks_have_few_rows_and_few_bytes(folder, monkeypatch):
    rows = [json.dumps({"name": "Kim", "x": "x" * n}) for n in (9, 9, 9, 9, 99, 9, 9)]
    (folder / "in.jsonl").write_text("\n".join(rows), encoding="utf-8")
    monkeypatch.setattr(tables, "CHUNK_BYTES", 130)
    assert [len(chunk) for chunk in tables.TableReader("in.jsonl")] == [3, 2, 2]
    (folder / "in.jsonl").write_text("\n" * 130 + rows[0], encoding="utf-8")
    assert [len(chunk) for chunk in tables.TableReader("in.jsonl")] == [1]


def test_predict_given_delimiter_uses_it(run):
    Path("in.csv").write_text("name^n,m\nKowalski^1,2\n", encoding="utf-8")
    arguments = ["predict", "in.csv", "--model", "model.skops", "--delimiter"]
    _, out, _ = run(*arguments, "^")
    assert [row[:2] for row in read_csv(out, "^")] == [["name", "n,m"], ["Kowalski", "1,2"]]
    code, _, said = run(*arguments, ";")
    assert code == 1 and "has no ';': give another --delimiter, perhaps ','" in said


@pytest.mark.parametrize("header", ["name", "id,name", "id,name\n"])
def test_predict_no_rows_warns(run, header):
    Path("in.csv").write_text(header, encoding="utf-8")
    code, out, said = run("predict", "in.csv", "--model", "model.skops")
    assert code == 0 and "warning: in.csv has a header and no rows" in said
    assert read_csv(out) == [[*header.strip().split(","), *NEW]]


def test_predict_parquet_without_rows_keeps_its_columns(run):
    pa.parquet.write_table(parquet_table()[:0], "in.parquet")
    arguments = ["--model", "model.skops", "--output", "out.parquet"]
    code, _, said = run("predict", "in.parquet", *arguments)
    assert code == 0 and "warning: in.parquet has a header and no rows" in said
    found = pa.parquet.read_table("out.parquet")
    assert found.column_names == [*parquet_table().column_names, *NEW] and not len(found)


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_reader_has_done_the_total_at_the_end(folder, kind):
    Path("in.jsonl").write_text("\n".join(JSON), encoding="utf-8")
    pa.parquet.write_table(parquet_table(), "in.parquet", row_group_size=2)
    reader = tables.TableReader(f"in.{kind}")
    chunks = [*reader]
    assert reader.total - len(chunks) <= reader.done <= reader.total  # each may be rounded down


def test_predict_list_without_header_warns(run):
    Path("in.csv").write_text("Mehmet Yılmaz\nAnna\n", encoding="utf-8")
    arguments = ["predict", "in.csv", "--model", "model.skops"]
    _, out, said = run(*arguments)
    assert "took 'Mehmet Yılmaz' for the header: if it is a name, --no-header" in said
    code, out, said = run(*arguments, "--no-header")
    assert code == 0 and said.startswith("2 rows: 2 predicted")
    assert [row[0] for row in read_csv(out)] == ["name", "Mehmet Yılmaz", "Anna"]
    for header in ("Full name", "surname", "customer_full", "First_Name", "x@y", "7"):
        Path("in.csv").write_text(f"{header}\nAnna\n", encoding="utf-8")
        assert run(*arguments)[2].startswith("1 rows"), header


def test_predict_no_header_numbers_columns(run):
    Path("in.csv").write_text("1,Anna,Kowalski\n2,,Kim\n3,,\n", encoding="utf-8")
    arguments = ["predict", "in.csv", "--model", "model.skops", "--no-header", "--column"]
    _, out, said = run(*arguments, "2,3")
    assert said.startswith("3 rows: 2 predicted, 1 missing name; ")
    assert read_csv(out)[0] == ["1", "2", "3", *NEW]
    Path("in.csv").write_text('Anna\n"Kim\nBo"\n', encoding="utf-8")
    assert "the name in row 2 has a line break" in run(*arguments[:-1])[2]


def test_predict_two_columns_joins_them(run, model):
    rows = [("Anna", "x", "Kowalski"), (" Jan ", "x", "Maria  Nowak "), ("", "x", "Kim")]
    rows.append(("", "", ""))
    write_csv("in.csv", rows, ("Given", "x", "family"))
    arguments = ["predict", "in.csv", "--model", "model.skops", "--column"]
    code, out, said = run(*arguments, "given, family")
    assert code == 0, said
    found = read_csv(out)[1:]
    assert [tuple(row[:3]) for row in found] == rows
    names = ["Anna Kowalski", "Jan Maria Nowak", "Kim"]
    assert [row[3] for row in found] == [*model.predict(names), ""]
    code, _, said = run(*arguments, "given,surname")
    assert code == 2 and "no column 'surname': give --column, one of 'Given'" in said
    write_csv("in.csv", [("Kim",)], ("given, family",))  # a name may hold a comma
    assert run(*arguments, "given, family")[0] == 0


JSON = [
    '{"name": "Yılmaz", "big": 123456789012345678901234567890, "x": 1.10}',
    '  {"x": {"deep": [1, null]}, "name": null}  ',
    "",
    "{}",
    '{"name":"Kowalski","date":"2020-01-01T00:00:00","name2":"\\u00fc"}',
    '{"name": "Papadopoulos"}',
    '{"name": "", "x": false }',
]


def test_predict_json_lines_keeps_values(run, model):
    with open("in.jsonl", "w", encoding="utf-8-sig") as file:
        file.write("\r\n".join(JSON))
    code, out, said = run("predict", "in.jsonl", "--model", "model.skops")
    assert code == 0, said
    for line, before in zip(out.splitlines(), filter(None, JSON), strict=True):
        row, before = json.loads(line), json.loads(before)
        assert list(row) == [*before, *NEW] and before.items() <= row.items()
        if before.get("name"):
            assert row["predicted"] == model.predict([row["name"]])[0]
            assert row["reason"] is None
        else:
            assert [row[column] for column in NEW] == [None, None, "missing name"]


def test_predict_half_of_a_character_in_json_stays_escaped(run):
    line = '{"name": "Kowalski\\ud800"}'
    Path("in.jsonl").write_text(line, encoding="utf-8")
    code, out, said = run("predict", "in.jsonl", "--model", "model.skops")
    assert code == 0 and out.startswith(line[:-1]), said


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_predict_json_to_table_writes_text(run, format):
    rows = [{"name": "Kim", "x": 1}, {"name": "7", "y": [1, "ü"]}, {"x": None}]
    rows.append({"x": 2.5, "y": True})
    Path("in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    arguments = ["predict", "in.jsonl", "--model", "model.skops", "--output", f"out.{format}"]
    code, _, said = run(*arguments)
    assert code == 0 and said.startswith(
        "4 rows: 1 predicted, 2 missing name, 1 no known letter;"
    ), said
    read = pa.csv.read_csv if format == "csv" else pa.parquet.read_table
    found = read(f"out.{format}")
    assert found["x"].cast(pa.string()).to_pylist()[::3] == ["1", "2.5"]
    assert found["y"].to_pylist()[1::2] == ['[1, "ü"]', "true"]
    with open("in.jsonl", "a", encoding="utf-8") as file:
        file.write('\n{"z": 1}')
    code, _, said = run(*arguments)
    assert code == 1 and "a row has 'z', which the first 3 rows lack: give --format jsonl" in said


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


def test_predict_parquet_keeps_columns_and_types(run, model):
    table = parquet_table()
    pa.parquet.write_table(table, "in.parquet", row_group_size=2)
    code, _, said = run("predict", "in.parquet", "--model", "model.skops", "--output", "o.parquet")
    assert code == 0, said
    found = pa.parquet.read_table("o.parquet")
    assert found.schema.metadata[b"who"] == b"we"
    assert str(found.select(table.column_names).to_pydict()) == str(table.to_pydict())
    assert found.schema.field("when").type == table.schema.field("when").type
    answers = zip(*(found[column].to_pylist() for column in NEW), strict=True)
    assert [tuple("" if x is None else x for x in row) for row in answers] == expected(model)


def test_predict_nan_is_null_in_json(run):
    nan, inf = float("nan"), float("inf")
    table = parquet_table().append_column("rows", [[[{"x": [1.5, nan, -inf]}]] * 7])
    pa.parquet.write_table(table.append_column("large", [[inf] * 7]), "in.parquet")
    arguments = ["--model", "model.skops", "--output"]
    assert run("predict", "in.parquet", *arguments, "1.ndjson")[0] == 0
    rows = [{"name": "Müller", "x": nan}, {"x": [1, {"y": -inf}]}, {}]
    text = "\n".join(map(json.dumps, rows)).replace("-Infinity", "1e999")
    Path("in.jsonl").write_text(text, encoding="utf-8")
    assert run("predict", "in.jsonl", *arguments, "2.jsonl")[0] == 0
    first, second = (
        [json.loads(line, parse_constant=pytest.fail) for line in text_of(name).splitlines()]
        for name in ("1.ndjson", "2.jsonl")
    )
    assert '"Müller"' in text_of("2.jsonl")  # not escaped
    assert [row["share"] for row in first] == [0.1, None, None, 1e-300, 2.0, 3.0, -0.0]
    assert first[1]["when"] == "1970-01-01 00:00:00.000001+00:00"
    assert (first[0]["rows"], first[0]["large"]) == ([{"x": [1.5, None, None]}], None)
    assert [row.get("x", "-") for row in second] == [None, [1, {"y": None}], "-"]
    # Values that CSV lacks are text in JSON.
    for name in ("in.parquet", "in.jsonl"):
        assert run("predict", name, *arguments, "out.csv")[0] == 0
        header, *rows = read_csv(text_of("out.csv"))
        if name == "in.parquet":
            found = [dict(zip(header, row, strict=True)) for row in rows]
            assert [row["list"] for row in found[:4]] == ["[1]", "[]", "", "[2, 3]"]
            assert found[0]["rows"] == '[{"x": [1.5, null, null]}]'
    assert [row[1] for row in rows] == ["", '[1, {"y": null}]', ""]


@pytest.mark.parametrize("method", ["gz", "zst"])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_predict_compressed_files_are_read_and_written(run, model, method, kind):
    write_csv("in.csv")
    codec = {"gz": "gzip", "zst": "zstd"}[method]
    with pa.OSFile("in.csv", "rb") as plain:
        data = plain.read()
    half = len(data) // 2
    with open(f"in.csv.{method}", "wb") as file:  # of two members, as `cat` makes them
        for part in (data[:half], data[half:]):
            with pa.BufferOutputStream() as buffer:
                with pa.CompressedOutputStream(buffer, codec) as stream:
                    stream.write(part)
                file.write(buffer.getvalue())
    output = f"out.{kind}.{method}"
    code, _, said = run("predict", f"in.csv.{method}", "--model", "model.skops", "--output", output)
    assert code == 0, said
    with pa.CompressedInputStream(pa.OSFile(output, "rb"), codec) as stream:
        data = stream.read()
    if kind == "parquet":
        found = pa.parquet.read_table(pa.BufferReader(data))
        assert found["name"].to_pylist() == [name for _, name, _ in ROWS]
        return
    text = data.decode()
    if kind == "csv":
        check(read_csv(text), model)
    else:
        assert [json.loads(line)["name"] for line in text.splitlines()] == [r[1] for r in ROWS]


def test_predict_standard_input_detects_the_format(run):
    write_csv("csv", delimiter=";")
    pa.parquet.write_table(parquet_table(), "parquet")
    Path("jsonl").write_bytes(gzip.compress("\n".join(JSON).encode()))
    arguments = ["--model", "model.skops", "--adapt-priors", "--output", "out"]
    for kind, name, n in [
        ("csv", "-", 7),
        ("parquet", "-", 7),
        ("jsonl", "-", 6),
        ("csv", "/dev/stdin", 7),
    ]:
        with standard_input(kind):
            code, _, said = run("predict", name, *arguments)
        assert code == 0 and said.startswith(f"{n} rows: "), said
        if kind == "csv":
            assert len(read_csv(text_of("out"), ";")) == 8
        elif kind == "jsonl":
            assert text_of("out").count("\n") == 6
        else:
            assert pa.parquet.read_table("out").num_rows == 7


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_predict_content_overrules_the_name(run, kind):
    name = "in.csv" if kind == "jsonl" else "in.jsonl"
    if kind == "jsonl":
        Path(name).write_text('\ufeff\n{ "name": "Kim, Bo"}\n{}\n', encoding="utf-8")
    else:
        pa.parquet.write_table(pa.table({"name": ["Kim, Bo", None]}), name)
    code, _, said = run("predict", name, "--model", "model.skops", "--output", "out")
    assert code == 0 and said.startswith("2 rows: 1 predicted, 1 missing name; "), said
    assert tables.TableReader("out").format == kind
    Path("in.csv").write_text("{name}\nKim\n", encoding="utf-8")  # which is no JSON
    assert "\n1 rows: 1 predicted" in run("predict", "in.csv", "--model", "model.skops")[2]


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


def test_predict_top_and_proba_adds_columns(run, model):
    write_csv("in.csv")
    code, out, said = run("predict", "in.csv", "--model", "model.skops", "--top", 3, "--proba")
    assert code == 0, said
    header, *rows = read_csv(out)
    assert header[3:] == [
        *("predicted", "probability", "predicted_2", "probability_2"),
        *("predicted_3", "probability_3"),
        *(f"probability_{label}" for label in model.classes_),
        "reason",
    ]
    proba = model.predict_proba([name for _, name, _ in ROWS])
    order = np.argsort(-proba, axis=1, kind="stable")[:, :3]
    for row, missing, values, best in zip(rows, MISSING, proba, order, strict=True):
        if missing:
            assert set(row[3:-1]) == {""}
            continue
        assert row[3:9:2] == model.classes_[best].tolist()
        found = np.array([*row[4:9:2], *row[9:-1]], dtype=float)
        np.testing.assert_allclose(found, [*values[best], *values], atol=6e-7, rtol=0)


ODD = ["Yılmaz", "123", "a@b.org", "", "Kowalski", "😀", "Papadopoulos"]
WHY = ["", "no known letter", "address", "missing name", "", "no known letter", ""]


def test_predict_abstain_withholds_what_is_unsure(run, model):
    write_csv("odd.csv", [[name] for name in ODD], ["name"])
    sure = model.predict_proba([ODD[0], ODD[4], ODD[6]]).max(axis=1)
    threshold = np.sort(sure)[1]  # of three one is above
    code, out, said = run(
        *["predict", "odd.csv", "--model", "model.skops", "--abstain", "--threshold", threshold],
        *["--top", 2, "--proba"],
    )
    assert (
        code == 0
        and "1 predicted, 1 address, 1 missing name, 2 no known letter, 2 unsure; " in said
    )
    header, *rows = read_csv(out)
    at = {name: k for k, name in enumerate(header)}
    why = np.array(WHY, dtype=object)
    why[[0, 4, 6]] = np.where(sure > threshold, "", "unsure")
    assert [row[at["reason"]] for row in rows] == why.tolist()
    for row, reason in zip(rows, why, strict=True):
        for name in ("predicted", "probability", "predicted_2", "probability_2"):
            assert (row[at[name]] == "") == (reason != "")
        assert (row[at["probability_Greek"]] == "") == (reason not in ("", "unsure"))
    _, _, said = run("predict", "odd.csv", "--model", "model.skops", "--abstain", "--threshold", 1)
    assert said.startswith("7 rows: 0 predicted, 1 address")  # without a warning


def test_predict_abstain_uses_the_threshold_of_the_model(run, model, small_names):
    write_csv("odd.csv", [[name] for name in ODD], ["name"])
    selective = SelectiveClassifier(FrozenEstimator(model), coverage=0.5).fit(*small_names)
    for name in ("own.skops", "own.joblib"):
        with open(name, "wb") as file:
            _model_files.save_model(selective, file, name)
        code, out, said = run(
            *["predict", "odd.csv", "--model", name, "--abstain", "--trust-pickle"]
        )
        assert code == 0, said
        expected = selective.reasons(ODD).tolist()
        assert [row[-1] for row in read_csv(out)[1:]] == expected


def test_predict_column_that_exists_asks_for_a_prefix(run):
    write_csv("in.csv", header=("id", "name", "reason"))
    arguments = ["predict", "in.csv", "--model", "model.skops", "--output", "out.csv"]
    code, _, said = run(*arguments)
    assert code == 1 and "two columns are called 'reason': rename one, or --prefix" in said
    assert not os.path.exists("out.csv")
    assert run(*arguments, "--prefix", "new_")[0] == 0
    rows = read_csv(text_of("out.csv"))
    assert rows[0][3:] == ["new_predicted", "new_probability", "new_reason"]


def test_predict_column_of_names_is_chosen(run):
    arguments = ["predict", "in.csv", "--model", "model.skops"]
    write_csv("in.csv", header=("id", "who", "note"))
    code, _, said = run(*arguments, "--output", "out.csv")
    assert code == 2 and not os.path.exists("out.csv")
    assert "no column 'name': give --column, one of 'id', 'who', 'note'. See `sknames" in said
    assert run(*arguments, "--column", "WHO")[2].startswith("7 rows: 5 predicted")
    write_csv("in.csv", header=("id", "Name", "note"))
    assert run(*arguments)[2].startswith("7 rows: 5 predicted")
    write_csv("in.csv", header=("Name", "name", "note"))
    assert run(*arguments)[2].startswith("7 rows: 5 predicted")
    write_csv("in.csv", header=("name", "name", "note"))
    code, _, said = run(*arguments)
    assert code == 2 and "has 2 columns 'name'" in said
    write_csv("in.csv", [], header=[f"c{k}" for k in range(21)])
    assert "'c18', 'c19', ... See" in run(*arguments)[2]
    write_csv("in.csv", [("", "Kim")], header=("name", "who"))
    assert "warning: in.csv has no name in it: check --column" in run(*arguments)[2]


def test_predict_excel_starts_csv_with_a_mark(run, model):
    write_csv("in.csv")
    arguments = ["predict", "in.csv", "--model", "model.skops", "--excel", "--output"]
    assert run(*arguments, "out.csv")[0] == 0
    check(read_csv(Path("out.csv").read_bytes().decode("utf-8-sig")), model)
    assert Path("out.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_predict_parquet_to_a_terminal_is_refused(run, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    write_csv("in.csv")
    code, out, said = run("predict", "in.csv", "--model", "model.skops", "--format", "parquet")
    assert (code, out) == (2, "") and "Parquet is not for a terminal: give --output" in said


@pytest.fixture
def started(monkeypatch):
    """Return a list of the processes that answer."""
    processes, start = [], models._start

    def count(*arguments):
        processes.append(start(*arguments))
        return processes[-1]

    monkeypatch.setattr(models, "_start", count)
    return processes


def test_answers_several_processes_give_the_same_bytes(run, small_names, started):
    write_csv("in.csv", [("1", name, "") for name in small_names[0][::9]])
    more = ["--proba", "--priors", "population", "--groups", "region"]
    for n in (1, 100):
        arguments = ["--model", "model.skops", *more, "--output", f"{n}.csv"]
        code, _, said = run("predict", "in.csv", *arguments, "--jobs", n)
        assert code == 0, said
        assert said.startswith("23 rows: 23 predicted")
    assert text_of("1.csv") == text_of("100.csv")
    assert len(started) == 2  # as many as there are cores
    write_csv("in.csv", ROWS[:2])
    assert run("predict", "in.csv", "--model", "model.skops", "--jobs", 2)[0] == 0
    assert len(started) == 2  # one chunk starts none


def test_answers_processes_read_few_chunks_and_end(folder, started):
    taken = []
    chunks = ((taken.append(k), ["Kowalski"] if k < 9 else [1]) for k in range(50))
    answers = models.answers(chunks, models.Job("model.skops"), 2)
    next(answers)
    assert len(taken) <= 6
    with pytest.raises(TypeError, match="Expected names of type str and got int"):
        list(answers)
    answers = models.answers(((k, ["Kim"]) for k in range(50)), models.Job("model.skops"), 2)
    next(answers)
    started[2].terminate()
    started[2].wait(60)
    with pytest.raises(MemoryError, match="a worker died; memory may be full"):
        list(answers)
    assert [process.returncode for process in started] == [
        *(-signal.SIGKILL, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGKILL)
    ]


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


@of_an_unsure_model
@pytest.mark.parametrize("name", ["model.skops", "pretrained", "grouped.skops"])
def test_shares_of_chunks_are_those_of_the_whole(run, model, small_names, name):
    names = write_list(small_names[0])
    if name == "grouped.skops":  # their shares are sums of those of the nationalities
        Path(name).write_bytes(skops.io.dumps(GroupedClassifier(FrozenEstimator(model), "region")))
    expected = estimate_shares(_model_files.load_model(name), names, random_state=0)
    code, out, said = run("shares", "in.csv", "--model", name)
    assert code == 0, said
    header, *rows = read_csv(out)
    assert header == ["label", "share", "low", "high"]
    assert [row[0] for row in rows] == expected.label.tolist()
    shares = np.array([row[1:] for row in rows], dtype=float)
    for values, column in zip(shares.T, header[1:], strict=True):
        np.testing.assert_array_equal(values, expected[column])
    assert said.startswith("128 rows: 124 names, 4 not names; ")


@of_an_unsure_model
@pytest.mark.filterwarnings("ignore:The shares are rough")
def test_shares_by_a_column_are_those_of_each_group(run, model, small_names, monkeypatch):
    people = ["7", *small_names[0][:100], *small_names[0][:40:3], ""]
    groups = [["south", " north "][k % 3 == 1] for k in range(len(people))]
    write_csv("in.csv", [(g, name, "") for g, name in zip(groups, people, strict=True)])
    table = pd.DataFrame({"group": groups, "name": people})
    expected = {
        group.strip(): estimate_shares(model, names, random_state=0)
        for group, names in table.groupby("group")["name"]
    }
    arguments = ["shares", "in.csv", "--model", "model.skops", "--by", "ID"]
    code, out, said = run(*arguments)
    assert code == 0 and said.startswith("116 rows: 114 names, 2 not names; "), said
    header, *rows = read_csv(out)
    assert header == ["ID", "label", "share", "low", "high", "names", "not_names"]
    assert [(*row[:2], float(row[2]), float(row[4]), *map(int, row[5:])) for row in rows] == [
        (g, *row, shares.n_names, shares.n_not_names)
        for g, shares in expected.items()
        for row in zip(shares.label, shares.share, shares.high, strict=True)
    ]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    shown = "\n\n".join(f"ID: {g}\n{shares}" for g, shares in expected.items())
    assert run(*arguments)[1] == shown + "\n"
    for by, more, why in (
        ("place", [], "no column 'place': give --by, one of 'id', 'name', 'note'"),
        ("note", ["--plot", "a.png"], "--by note: leave --plot out"),
        ("share", [], "--by share: rename it, the output has another"),
        ("names", [], "--by names: rename it, the output has another"),
    ):
        code, _, said = run(*arguments[:-1], by, *more)
        assert code == 2 and why in said


@pytest.mark.filterwarnings("default:The shares are rough")
def test_shares_group_without_names_is_a_row(run, monkeypatch):
    rows = [("north", "Hans Müller", ""), ("west", "", ""), ("west", "123", ""), ("", "?", "")]
    write_csv("in.csv", rows)
    arguments = ["shares", "in.csv", "--model", "model.skops", "--by", "id"]
    code, out, said = run(*arguments)
    assert code == 0 and said.startswith("sknames: warning: id north: The shares are rough"), said
    first, *others = [row for row in read_csv(out)[1:] if row[0] != "north"]
    assert [first, *others] == [["", "", "", "", "", "0", "1"], ["west", "", "", "", "", "0", "2"]]
    assert {tuple(row[5:]) for row in read_csv(out)[1:] if row[0] == "north"} == {("1", "0")}
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert run(*arguments)[1].endswith("\n\nid: west\nno name; 2 not names\n")


@of_an_unsure_model
def test_shares_distinct_name_is_predicted_once(run, small_names, monkeypatch):
    names, asked = write_list(small_names[0]), []
    real = models.answer

    def answer(job, names):
        asked.extend(names)
        return real(job, names)

    monkeypatch.setattr(models, "answer", answer)
    assert run("shares", "in.csv", "--model", "model.skops")[0] == 0
    assert sorted(asked) == sorted({*names, ""})


@of_an_unsure_model
def test_shares_are_text_on_a_terminal_and_csv_in_files(run, small_names, monkeypatch):
    write_list(small_names[0])
    arguments = ["shares", "in.csv", "--model", "model.skops"]
    _, out, _ = run(*arguments)
    code, nothing, said = run(*arguments, "--output", "o.csv", "--plot", "o.png")
    assert (code, nothing) == (0, ""), said
    assert text_of("o.csv") == out
    assert Path("o.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    _, out, _ = run(*arguments)
    assert out.startswith("label      share   95 % interval\n")
    assert "\n128 rows: 124 names (105 distinct), 4 not names\n" in out
    assert sorted(os.listdir()) == ["in.csv", "model.skops", "o.csv", "o.png"]


@of_an_unsure_model
def test_predict_adapt_priors_is_prior_shift_classifier(run, model, small_names):
    names = write_list(small_names[0])
    adapted = PriorShiftClassifier(model).fit(names)
    assert (adapted.predict(names) != model.predict(names)).any()
    shares = estimate_shares(model, names)
    mix = dict(zip(shares.label, shares.share, strict=True))
    by_shares = PriorShiftClassifier(model, priors=mix).fit(names)
    names = [name for name in names if name not in ("7", "?!")]
    assert run("shares", "in.csv", "--model", "model.skops", "--output", "mix.csv")[0] == 0
    arguments = ["predict", "in.csv", "--model", "model.skops", "--proba", "--output"]
    code, _, said = run(*arguments, "1.csv", "--adapt-priors")
    assert code == 0, said
    assert run(*arguments, "2.csv", "--priors", "mix.csv")[0] == 0
    for output, expected in [("1.csv", adapted), ("2.csv", by_shares)]:
        rows = [row for row in read_csv(text_of(output))[1:] if row[3]]
        assert [row[1] for row in rows] == names
        assert [row[3] for row in rows] == expected.predict(names).tolist()
        found = np.array([row[5:-1] for row in rows], dtype=float)
        np.testing.assert_allclose(found, expected.predict_proba(names), atol=2e-6, rtol=0)


@pytest.mark.filterwarnings("default:The shares are rough")
def test_shares_of_few_names_warn(run):
    write_csv("in.csv", [("1", "Kim", "")] * 200)
    code, _, said = run("shares", "in.csv", "--model", "model.skops")
    assert code == 0
    assert said.startswith("sknames: warning: The shares are rough: expected at least 100")


def test_predict_set_adds_the_sets_of_the_shipped_model(run):
    write_csv("odd.csv", [[name] for name in ODD], ["name"])
    code, whole, said = run("predict", "odd.csv", "--set", "0.9")
    assert code == 0, said
    header, *rows = read_csv(whole)
    assert header == ["name", "predicted", "probability", "set", "reason"]
    sets = predict_sets(load_pretrained(), ODD)
    expected = [";".join(found) if not why else "" for found, why in zip(sets, WHY, strict=True)]
    assert [row[3] for row in rows] == expected
    for options, message in [
        (["--set", "0.9", "--model", "model.skops"], "for, got another model. Take"),
        (["--set", "0.9", "--priors", "uniform"], "for, got other priors. Take"),
        (
            ["--set", "0.9", "--adapt-priors"],
            "--adapt-priors does not go with --set, which is",
        ),
        (["--abstain", "--groups", "region"], "--abstain with --groups needs a --threshold"),
    ]:
        code, out, said = run("predict", "odd.csv", *options)
        assert code and not out and message in said
    assert run("predict", "odd.csv", "--set", "0.9", "--priors", "population")[1] == whole
    assert (
        run("predict", "odd.csv", "--abstain", "--groups", "region", "--threshold", "0.6")[0] == 0
    )


def test_predict_columns_are_those_of_predict_table(run):
    names = [*ODD, "Kim", "Anna"]
    write_csv("in.csv", [[name] for name in names], ["name"])
    options = ["--top", 2, "--known-words", "--abstain"]
    code, out, said = run("predict", "in.csv", *options, "--set", "0.9", "--prefix", "new ")
    assert code == 0, said
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


@pytest.mark.filterwarnings("default:The shares are rough")
def test_predict_letters_that_the_model_lacks_are_no_names(run, small_names):
    encoder = CharEncoder(max_length=20, transliterate=False)
    tiny = Pipeline(
        [("encode", encoder), ("classify", NameNationalityClassifier(hidden_size=8, max_epochs=1))]
    )
    Path("own.skops").write_bytes(skops.io.dumps(tiny.fit(*small_names)))
    write_csv("in.csv", [["王伟"], ["Kim"]] * 60, ["name"])
    for command in ("predict", "shares"):
        code, _, said = run(command, "in.csv", "--model", "own.skops")
        assert code == 0 and "60 no" in said, said


def test_predict_groups_is_grouped_classifier(run, model):
    write_csv("in.csv")
    names = [name for (_, name, _), missing in zip(ROWS, MISSING, strict=True) if not missing]
    options = ["--priors", "Greek=.25,Polish=.75", "--groups", "region"]
    code, out, said = run("predict", "in.csv", "--model", "model.skops", *options, "--proba")
    assert code == 0, said
    header, *rows = read_csv(out)
    assert header[3:7] == ["predicted", "probability", "probability_Asia", "probability_Europe"]
    fitted = PriorShiftClassifier(model, priors={"Greek": 0.25, "Polish": 0.75}).fit(names)
    expected = GroupedClassifier(fitted, "region").predict(names).tolist()
    assert [row[3] for row in rows if row[3]] == expected
    code, _, said = run("predict", "in.csv", "--model", "model.skops", *options, "--top", "3")
    assert code == 1 and "top=3: the model has 2 labels" in said


def test_predict_other_priors_and_groups_of_a_model_that_abstains(run, model):
    write_csv("in.csv")
    careful = SelectiveClassifier(model, coverage=0.5).fit(
        ["Ana", "Yuki", "Jan", "Ali"], model.classes_
    )
    Path("careful.skops").write_bytes(skops.io.dumps(careful))
    for options in (["--groups", "region"], ["--priors", "uniform"]):
        expected = run("predict", "in.csv", "--model", "model.skops", *options)[1]
        assert run("predict", "in.csv", "--model", "careful.skops", *options)[1] == expected


def test_countries_are_those_of_their_model(run):
    names = ["Iker Casillas", "Lee", "7", *ODD]
    write_csv("in.csv", [[name] for name in names], ["name"])
    code, out, said = run("predict", "in.csv", "--model", "country", "--abstain", "--set", "0.8")
    assert code == 0, said
    careful = load_pretrained("country", abstain=True)
    table = predict_table(careful, names)
    predicted, sets = zip(*((row[1], row[3]) for row in read_csv(out)[1:]), strict=True)
    assert [*predicted] == table.predicted.fillna("").tolist() and predicted[0] == "ES"
    expected = predict_sets(careful, names, coverage=0.8)
    assert sets[:2] == tuple(map(";".join, expected[:2]))
    assert run("predict", "in.csv", "--model", "country")[1] != out
    code, out, _ = run("explain", "Iker Casillas", "--model", "country")
    assert code == 0 and "\nES " in out
    shown = ["--set", "0.8", "--groups", "region"]  # as in Python
    _, out, _ = run("predict", "in.csv", "--model", "country", *shown)
    expected = predict_sets(GroupedClassifier(load_pretrained("country")), names, coverage=0.8)
    assert [row[3] for row in read_csv(out)[1:3]] == [*map(";".join, expected[:2])]


# ---- explain, evaluate and train


def test_explain_shows_characters_and_ngrams(run, model):
    code, out, said = run("explain", "王王 Maria", "--model", "model.skops", "--top", "2")
    assert code == 0, said
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


def test_explain_another_nationality_shows_it(run, model):
    code, out, _ = run("explain", "Maria", "--model", "model.skops", "--label", "Greek")
    assert code == 0 and "log odds of Greek " in out
    code, out, said = run("explain", "Maria", "--model", "model.skops", "--label", "Klingon")
    assert code == 1 and "Klingon" in said and "Greek" in said


@pytest.mark.parametrize(
    "name, why", [("123", "no known letter"), ("", "missing name"), ("a@b.org", "address")]
)
def test_explain_no_name_says_why(run, name, why):
    code, out, said = run("explain", name, "--model", "model.skops")
    assert (code, out) == (1, "")
    assert f"{name!r} has no nationality to explain ({why}): give a name" in said


def test_evaluate_prints_the_scorecard(run, model, small_names):
    names, labels = small_names
    rows = [*zip(names, labels, strict=True), ("", "Greek"), ("Kowalski", " "), ("Kim", " Korean ")]
    write_csv("in.csv", rows, header=("name", "nationality"))
    truth = [*labels, "Korean"]
    learned = [f"{name}  " for name in names[::4]], labels[::4]
    write_csv("learned.csv", zip(*learned, strict=True), header=("name", "nationality"))
    for more, train in (([], None), (["--train", "learned.csv", "--jobs", "2"], learned)):
        code, out, said = run("evaluate", "in.csv", "--model", "model.skops", *more)
        assert code == 0, said
        assert out == scorecard(model, [*names, "Kim"], truth, train=train).to_text() + "\n"
        assert said == (
            "203 rows: 201 used, 1 of them with labels that the model does not know; 2 without a "
            "name or a label\n"
        )
    write_csv("in.csv", rows[-1:], header=("name", "nationality"))
    code, _, said = run("evaluate", "in.csv", "--model", "model.skops")
    assert code == 1 and "None of the labels is one of the model's: expected some of" in said
    write_csv("in.csv", rows[-3:-1], header=("name", "nationality"))
    code, _, said = run("evaluate", "in.csv", "--model", "model.skops")
    assert code == 1 and "no row of in.csv has a name and a label" in said


def test_evaluate_against_ngrams_compares_in_pairs(run, model, small_names):
    known = small_names[1] != "Greek"
    names, labels = (column[known][:130] for column in small_names)  # fewer of the last label
    write_csv("in.csv", zip(names, labels, strict=True), header=("name", "nationality"))
    code, out, said = run("evaluate", "in.csv", "--model", "model.skops", "--against", "ngrams")
    assert code == 0, said
    card = scorecard(make_own_labels_pipeline(), names, labels, cv=5)
    own = scorecard(model, names, labels)
    ngrams, predicted = card.baselines["n-gram LinearSVC"], model.predict(names)
    assert "Greek" in predicted
    own.macro_f1 = f1_score(labels, predicted, labels=np.unique(labels), average="macro")
    for line, expected in zip(out.splitlines()[-3:], (ngrams, card, own), strict=True):
        figures = [expected["accuracy"], *expected["accuracy_interval"], expected["macro_f1"]]
        if expected is not ngrams:
            gain, low, high = accuracy_gain(expected.is_right, ngrams["is_right"])
            figures += [gain, low, high]
            assert gain == pytest.approx(expected.accuracy - ngrams["accuracy"])
        found = re.findall(r"[+-]?\d\.\d{4}", line)
        assert found == [f"{x:{'+' if k > 3 else ''}.4f}" for k, x in enumerate(figures)]
    others = zip(names, np.char.add(labels, "s"), strict=True)  # which the model lacks
    write_csv("in.csv", others, header=("name", "nationality"))
    code, lines, said = run("evaluate", "in.csv", "--model", "model.skops", "--against", "ngrams")
    assert code == 0 and lines.splitlines() == out.splitlines()[-4:-1]
    assert f"{len(names)} used, {len(names)} of them with labels that the model does" in said
    write_csv("in.csv", [*zip(names, labels, strict=True)][45:55], header=("name", "nationality"))
    assert run("evaluate", "in.csv", "--model", "model.skops", "--against", "ngrams")[0] == 0


def test_train_fits_the_recipe_for_own_labels(run, small_names, monkeypatch):
    names, labels = (column[:170].tolist() for column in small_names)  # fewer of the last label
    write_csv("in.csv", zip(names, labels, strict=True), header=("name", "nationality"))
    assert f"Up to {training.MOST_NAMES:,} names" in run("train", "--help")[1]
    monkeypatch.setattr(training, "MOST_NAMES", 170)
    code, _, said = run("train", "in.csv", "--output", "own.skops")
    assert code == 0 and said.startswith(
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
    models.load.cache_clear()
    models.model_of.cache_clear()
    model = ["--model", "own.skops"]
    more = ["--abstain", "--threshold", ".6", "--priors", "uniform"]
    assert run("predict", "in.csv", *model, *more)[0] == 0
    assert run("shares", "in.csv", *model)[0] == 0
    for arguments, why in (
        (["predict", "in.csv", "--known-words"], "own.skops has no table of words: leave it out"),
        (["predict", "in.csv", "--abstain"], "is no SelectiveClassifier: --abstain needs a --thre"),
        (["explain", "Ana"], "only nets are explained, such as `sknames train --from-scratch` wri"),
    ):
        code, _, said = run(*arguments, *model)
        assert code == 2 and why in said and said.count("\n") == 1
    monkeypatch.setattr(training, "MOST_NAMES", 169)
    monkeypatch.setattr(training, "fit_net", lambda *names, **params: by_hand)
    code, _, said = run("train", "in.csv", "--output", "own.skops")
    assert code == 0 and said.startswith("sknames: fits a net from scratch, for 170 names m")


def test_train_options_are_parameters(run, small_names):
    names, labels = small_names
    rows = [*zip(names, labels, strict=True), ("", "Greek"), ("Kowalski", "")]
    write_csv("in.csv", rows, header=("who", "truth"))
    arguments = ["train", "in.csv", "--column", "who", "--label", "truth", "--from-scratch"]
    given = ["max_length=20", "cell=rnn", "hidden_size=8", "max_epochs=2", "ngram_range=1, 3"]
    given += [
        "embedding_dim=none",
        "early_stopping=true",
        "transliterate=unknown",
        "min_frequency=2",
    ]
    params = [word for pair in given for word in ("--param", pair)]
    for name in ("own.skops", "own.pkl", "own.joblib"):
        code, _, said = run(*arguments, *params, "--output", name)
        assert code == 0, said
        assert said.startswith("202 rows: learned 200 names of 4 labels, 2 without a name")
    model = joblib.load("own.joblib")
    classify = NameNationalityClassifier(
        cell="rnn",
        hidden_size=8,
        max_epochs=2,
        ngram_range=(1, 3),
        embedding_dim=None,
        early_stopping=True,
        random_state=0,
    )
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
    assert run("predict", "in.csv", "--model", "own.skops", "--column", "who")[0] == 0


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
            _, *found = run(*arguments)
            found, said = (
                re.sub(r"\d+\.\d (s|MB)\b", r"... \1", t) for t in ("".join(found), said)
            )
            assert found == said, command
            n_run += 1
    assert n_run >= 10


MIXED = "name\nKim\nZieliński\n".encode() + "Müller\nBøe\n".encode("cp1252")


@pytest.mark.parametrize(
    "encoding, text, warning",
    [
        ("auto", MIXED, "2 of 5 lines are cp1252, read as cp1252: 'Müller'.\n"),
        ("auto", "name\nŻak\n".encode(), None),
        ("cp1252", MIXED, "1 of 5 lines are UTF-8, read as cp1252: 'ZieliÅ„ski'. If that"),
        ("latin-1", MIXED, "1 of 5 lines are UTF-8, read as latin-1: 'ZieliÅ\\x84ski'. If that"),
        ("cp1252", "name\nMüller\n".encode("cp1252"), None),
        ("gbk", "name\n联通\n".encode("gbk"), None),  # whose bytes are also UTF-8
        ("utf-16-le", "name\nꧻ\n".encode("utf-16-le"), None),
    ],
)
def test_predict_says_which_lines_are_in_another_encoding(run, encoding, text, warning):
    Path("in.csv").write_bytes(text)
    code, out, said = run("predict", "in.csv", "--model", "model.skops", "--encoding", encoding)
    assert code == 0 and ("warning" in said) == (warning is not None)
    assert (warning or "") in said
    names = [row[0] for row in read_csv(out)[1:]]
    if encoding == "auto" and text == MIXED:
        assert names == ["Kim", "Zieliński", "Müller", "Bøe"]
    else:
        assert names == text.decode(encoding if encoding != "auto" else "utf-8").split()[1:]


def test_predict_byte_of_no_encoding_is_an_error(run):
    Path("in.csv").write_bytes(b"name\nM\x81ller\n")
    code, out, said = run("predict", "in.csv", "--model", "model.skops", "--encoding", "auto")
    assert code == 1 and not out and "can't decode byte 0x81" in said and "give the file's" in said


def test_predict_gives_the_reasons_of_python(run, judged):
    rows = [json.dumps({"name": text, "reason_of_python": why}) for text, why in judged.items()]
    Path("in.jsonl").write_text("\n".join(rows), encoding="utf-8")
    assert run("predict", "in.jsonl", "--model", "model.skops", "--output", "out.jsonl")[0] == 0
    lines = map(json.loads, text_of("out.jsonl").splitlines())
    found = {line["name"]: line["reason"] or "" for line in lines}
    assert found == judged


# ---- Errors


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("in.csv", b"name\nAnna\nB\xfc\n", ["Row #3", "1 of 3 lines are not UTF-8", "cp1252"]),
        ("in.csv", "name\nŻak\nB".encode() + b"\xfc", ["1 of 3 lines", "give --encoding auto"]),
        ("in.csv", b"name;n\nBo;1\nBo;2;3\n", ["Row #3: Expected 2 columns, got 3", "--delimiter"]),
        ("in.csv", b'name,n\n"Kim,1\nBo,2\n', ["Row #2: Expected 2 columns, got 1"]),
        ("in.csv", b'"name\n' + b"Anna\n" * 40_000, ["a quotation mark stays open in line 1"]),
        ("in.csv", b'name\n"' + b"Anna\n" * 900_000, ["is a quotation mark open"]),
        ("in.csv", b"", ["this is an empty file"]),
        ("in.csv", b"\xef\xbb\xbf\r\n", ["this is an empty file"]),
        ("in.csv", "name,n\nKim,1\n".encode("utf-16-le"), ["NUL", "give --encoding utf-16-le"]),
        ("in.json", b'[\n {"name": "Anna"}]', ["this is a JSON array: write one object a line"]),
        ("in", b'\xef\xbb\xbf[{"name": "Anna"}]', ["this is a JSON array"]),
        ("in.jsonl", b'{"name": "x"}\n\n{"name": \n', ["line 3 is no JSON"]),
        ("in.jsonl", b'{"name": "x"}\n[]\n', ["line 2 is [], not an object"]),
        ("in.jsonl", b'{"name": "x"}\nnull\n', ["line 2 is null, not an object"]),
        ("in.jsonl", b'{"name": "\xfc"}\n', ["line 1 is no JSON", "can't decode"]),
        ("in.jsonl", b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", ["line 1 is no JSON"]),
        ("in.jsonl", b'{"name": "' + b"x" * 20_000_000 + b'"}', ["line 1 is too long"]),
        ("in.parquet", b"name\nAnna\n", ["this is not a parquet file", "not whole"]),
        ("in.parquet", b"PAR1 and so on", ["damaged or not whole"]),
        ("in.csv.zst", b"\x28\xb5\x2f\xfd and so on", ["damaged or not whole"]),
        ("in.csv.gz", gzip.compress(b"name\n" + os.urandom(9**6))[:9999], ["not whole"]),
        ("in.xlsx", b"PK\x03\x04\0", ["a zip or Excel file", "save the sheet as CSV"]),
        ("in.csv.bz2", bz2.compress(b"name\nKim\n"), ["compressed by bzip2 or xz: unpack it"]),
        ("in.csv.xz", lzma.compress(b"name\nKim\n"), ["compressed by bzip2 or xz: unpack it"]),
    ],
)  # fmt: skip
def test_predict_wrong_file_says_what_is_wrong(run, name, content, words):
    Path(name).write_bytes(content)
    code, _, said = run("predict", name, "--model", "model.skops", "--output", "out")
    assert code == 1 and said.count("\n") == 1
    for word in [f"sknames: {name}: ", *words]:
        assert word in said, said
    assert ("not whole" in said) == ("not whole" in " ".join(words))  # one step, not two
    assert sorted(os.listdir()) == sorted([name, "model.skops"])


def test_predict_bytes_are_written_to_parquet_only(run):
    view = pa.array(["Bo"], pa.string_view())
    pa.parquet.write_table(pa.table({"view": view, "name": ["Kim"]}), "in.parquet")
    assert read_csv(run("predict", "in.parquet", "--format", "csv")[1])[1][:2] == ["Bo", "Kim"]
    pa.parquet.write_table(pa.table({"name": ["Kim"], "raw": [b"\xff"]}), "in.parquet")
    arguments = ["predict", "in.parquet", "--model", "model.skops", "--output"]
    for output, what in (("out.csv", "Invalid UTF8 payload"), ("out.jsonl", r"bytes (b'\xff')")):
        code, _, said = run(*arguments, output)
        assert code == 1 and f"{what}: give --format parquet" in said, said
        assert not os.path.exists(output)
    assert run(*arguments, "out.parquet")[0] == 0
    assert pa.parquet.read_table("out.parquet")["raw"].to_pylist() == [b"\xff"]


@pytest.mark.parametrize(
    "value, kind", [(True, "bool"), (7, "int"), (["Kim"], "list"), ({"first": "Kim"}, "dict")]
)
@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_predict_names_that_are_not_text_raise(run, value, kind, format):
    missing = [None] * 4 if format == "parquet" else [None, float("nan"), None, ""]
    columns = {"name": [*missing, value], "family": [None] * 5}
    if format == "parquet":
        pa.parquet.write_table(pa.table(columns), "in.parquet")
    else:
        rows = [{"name": name, "family": None} for name in columns["name"]]
        Path("in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    for more in ([], ["--column", "family,name"]):
        code, _, said = run("predict", f"in.{format}", "--model", "model.skops", *more)
        assert code == 1 and said.startswith(f"sknames: in.{format}: expected names of type str")
        assert f"got {kind} ({value!r}) in row 5: give a --column of text" in said
    code, _, said = run("predict", f"in.{format}", "--model", "model.skops", "--column", "family")
    assert code == 0 and "5 rows: 0 predicted, 5 missing name; " in said


def test_predict_equal_headers_are_written_to_csv_only(run):
    header = ("note", "name", "note")
    write_csv("in.csv", header=header)
    arguments = ["predict", "in.csv", "--model", "model.skops", "--output"]
    assert run(*arguments, "out.csv")[0] == 0
    assert [tuple(row[:3]) for row in read_csv(text_of("out.csv"))] == [header, *ROWS]
    for output in ("out.json", "out.parquet"):
        code, _, said = run(*arguments, output)
        assert code == 1 and "two columns are called 'note': rename one" in said
        assert not os.path.exists(output)


@pytest.mark.parametrize(
    "text, line",
    [
        ('id,name,n\n1,"Jan,3\n2,Anna,4\n3,"Piotr",5\n', 2),
        ('id,name,n\n1,Jan,3\n\n2,"An""na\n",4\n3,"Jan;3\r4,Kim,4\r5,"Nowak; Piotr",5\n', 6),
        ('id,name,n\r1,"Jan,3\r2,Anna,4\r3,"Piotr",5\r', 2),
        ('id,name,note\n1,Jan,"a\nb"\n2,Anna,"x\n3,Piotr,"y"\n4,Kim,z\n', 4),
        ('name\n"Kim"\n"Jan, M\nBo\n"Anna, Maria"\n', 3),
        ('name,"note\nKim,1\nBo,"2"\n', 1),
        ('name,n\nKim,"o\nBo,2\n', 2),
        ('name\n"Kim\nBo\n\n', 2),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-32-be"])
def test_predict_open_quotation_mark_is_an_error(run, text, line, encoding):
    Path("in.csv").write_bytes(text.encode(encoding))
    arguments = ["predict", "in.csv", "--model", "model.skops", "--encoding", encoding]
    code, _, said = run(*arguments, "--output", "out.csv")
    assert code == 1
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
def test_predict_line_breaks_warn_in_names_only(run, text, n_rows, row):
    Path("in.csv").write_bytes(text.encode())
    code, _, said = run("predict", "in.csv", "--model", "model.skops", "--adapt-priors")
    assert code == 0 and f"{n_rows} rows: {n_rows} predicted" in said, said
    assert said.count("\n") == 1 + (row is not None)
    if row is not None:
        assert said.startswith(f"sknames: warning: in.csv: the name in row {row} has a line break")
        assert "check that no quotation mark stays open" in said


@pytest.mark.parametrize("output", ["/dev/full", "out.csv.gz", "out.parquet", "out.csv"])
def test_predict_full_disk_leaves_the_old_file(run, output):
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
        code, _, said = run("predict", "in.csv", "--model", "model.skops", "--output", output)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 1 and said == f"sknames: {reason}: {step}; make room.\n"
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


def test_predict_model_file_that_is_not_ours_is_refused(folder, run):
    write_csv("in.csv")
    reader = make_pipeline(FunctionTransformer(os.path.basename), CountVectorizer())
    (folder / "other.skops").write_bytes(skops.io.dumps(reader))
    code, _, said = run("predict", "in.csv", "--model", "other.skops")
    assert code == 1 and "it holds the type posixpath.basename, which is not loaded" in said
    (folder / "no_model.skops").write_bytes(skops.io.dumps({"a": np.arange(3)}))
    code, _, said = run("predict", "in.csv", "--model", "no_model.skops")
    assert code == 1 and "no_model.skops is no model that takes names" in said
    two_labels = make_pipeline(CharEncoder(), KNeighborsClassifier(1))
    two_labels.fit(["Ana", "Bo"], [["Polish", "Europe"], ["Turkish", "Asia"]])
    (folder / "two_labels.skops").write_bytes(skops.io.dumps(two_labels))
    code, _, said = run("predict", "in.csv", "--model", "two_labels.skops")
    assert code == 1 and "of shape (2, 2, 2) for two names: give a classifier with one" in said


class Boom:
    """A pickle that makes a folder when it is loaded."""

    def __reduce__(self):
        return (os.mkdir, ("boom",))


def test_predict_pickle_asks_for_trust(run, model):
    write_csv("in.csv")
    joblib.dump(Boom(), "boom.joblib")
    code, _, said = run("predict", "in.csv", "--model", "boom.joblib")
    assert code == 1 and "give --trust-pickle" in said and not os.path.exists("boom")
    joblib.dump(model, "model.joblib")
    _, out, _ = run("predict", "in.csv", "--model", "model.joblib", "--trust-pickle")
    check(read_csv(out), model)


REFUSED = [
    ("predict in.csv --output out.xlsx", "is not written. Give a name in .csv", 2),
    ("predict in.csv --output out.ods", "is not written. Give a name in .csv", 2),
    ("predict in.csv --output out.csv.xz", "is not written. Give a name in .csv", 2),
    ("predict in.csv --output out.csv.bz2", "is not written. Give a name in .csv", 2),
    ("predict in.csv --output out.ZIP", "is not written. Give a name in .csv", 2),
    ("predict in.csv --output out.jsonl --excel", "--excel is for CSV", 2),
    ("predict in.csv --top 5", "top=5: the model has 4 labels. Lower top", 1),
    ("predict in.csv --delimiter ab", "--delimiter 'ab': give one character, or tab", 2),
    ("predict in.csv --abstain", "is no SelectiveClassifier: --abstain needs a --threshold", 2),
    ("predict in.csv --threshold .5", "--threshold needs --abstain, and a number from 0 to 1", 2),
    ("predict in.csv --abstain --threshold nan", "and a number from 0 to 1", 2),
    ("predict in.csv --abstain --threshold 1.01", "and a number from 0 to 1", 2),
    ("predict in.csv --abstain --threshold -0.01", "and a number from 0 to 1", 2),
    ("predict in.csv --adapt-priors --priors uniform", "give one of them", 2),
    ("predict in.csv --priors Elvish=1", "--priors of 'Elvish' is 1.0; expected", 1),
    ("predict in.csv --priors Greek=x", "--priors of 'Greek' is 'x'; expected", 1),
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
    ("shares in.csv --output o.parquet", "shares are plain CSV", 2),
    ("shares in.csv --output o.csv.gz", "shares are plain CSV", 2),
    ("predict nofile.csv", "nofile.csv: No such file or directory: check the path", 1),
    ("predict .", ".: Is a directory: choose another file", 1),
    ("predict in.csv --model nofile.skops", "nofile.skops: No such file or directory", 1),
    ("predict in.csv --encoding junk", "unknown encoding: junk", 1),
    ("predict in.csv --encoding utf-16", "give --encoding utf-16-le", 1),
    ("train in.csv --param cell=gru", "--param is of a net from scratch: give --from-", 2),
    ("train in.csv --from-scratch --param cell=a", "'cell' parameter of NameNationalityClass", 1),
    (
        "train in.csv --from-scratch --param callbacks=[1]",
        "skorch callbacks, or pairs of a name",
        1,
    ),
    ("train in.csv --from-scratch --param transliterate=a", "'transliterate' parameter of Char", 1),
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
    labels = [("Hans", "HANS")[k % 2] for k in range(6)], ["Jan"] * 6  # spellings of two names
    rows = [(name, names[0]) for names in labels for name in names]
    write_csv("five.csv", rows, header=("name", "nationality"))
    files = sorted(os.listdir())
    command, *others = shlex.split(arguments)
    defaults = [] if command == "train" else ["--model", "model.skops"]
    if command != "evaluate":
        defaults += ["--output", "own.skops" if command == "train" else "out.csv"]
    found, out, said = run(command, *defaults, *others)
    assert (found, out) == (code, "") and words in said and said.endswith(".\n"), said
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
    [(signal.SIGINT, "2", True), (signal.SIGINT, "2", False), (signal.SIGTERM, "1", False)],
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
        assert run("predict", "in.csv", "--output", "o.csv", "--model", "model.skops")[0] == 0
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
    code, _, said = run("train", "in.csv", "--output", "folder.skops")
    assert code == 1 and "folder.skops: is a folder: give another --output" in said, said
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    code, _, said = run("train", "in.csv", "--output", "own.skops")
    assert code == 1 and "does not exist or is read-only" in said, said


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

"""The command line: tables in, the same tables with nationalities out, and errors in one line."""

import bz2
import csv
import fcntl
import gzip
import io
import json
import lzma
import multiprocessing
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
import unicodedata
from itertools import product
from multiprocessing import resource_tracker
from pathlib import Path

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score, f1_score, log_loss, recall_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from sknames import (
    CharEncoder,
    NameNationalityClassifier,
    PriorShiftClassifier,
    SelectiveClassifier,
    _model_files,
    _table_chunks,
    _table_reader,
    _workers,
    cli,
    estimate_shares,
    load_pretrained,
)
from sknames._commands._common import NO_NAME
from sknames._spelling import clean
from sknames.inspection import character_importance, prefix_proba
from sknames.metrics import scorecard

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
    """The current folder, with a model in it; chunks are of three rows."""
    monkeypatch.chdir(tmp_path)
    for module in (_table_reader, _table_chunks):
        monkeypatch.setattr(module, "CHUNK_ROWS", 3)
    (tmp_path / "model.skops").write_bytes(skops.io.dumps(model))
    return tmp_path


@pytest.fixture
def run(folder, capfd):
    """Run a command in this process: (exit code, standard output, standard error)."""

    def run(*arguments):
        code = cli.run([str(argument) for argument in arguments])
        return code, *capfd.readouterr()

    return run


def process(*arguments, **options):
    """Run a command as a process."""
    options = {"capture_output": True} | options
    return subprocess.run([sys.executable, "-m", "sknames", *arguments], timeout=300, **options)


def refused(done, *words, code=1):
    """What a process says is one line, with these words and no traceback."""
    message = done.stderr.decode()
    assert done.returncode == code, message
    assert message.count("\n") == 1 and message.startswith("sknames: "), message
    for word in words:
        assert word in message, message


def write_csv(path, rows=ROWS, header=("id", "name", "note"), delimiter=",", **options):
    with open(path, "w", newline="", **{"encoding": "utf-8"} | options) as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])


def text_of(path):
    return Path(path).read_bytes().decode()


def read_csv(text, delimiter=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def expected(model):
    """What is to be beside ROWS."""
    names = [name for (_, name, _), missing in zip(ROWS, MISSING, strict=True) if not missing]
    found = iter(zip(model.predict(names), model.predict_proba(names).max(axis=1), strict=True))
    return [
        ("", "", "missing name") if missing else (label, round(probability, 6), "")
        for missing, (label, probability) in (
            (missing, (None, None) if missing else next(found)) for missing in MISSING
        )
    ]


def check(rows, model):
    """Rows as lists of str, with a header, as they should have come out."""
    assert rows[0] == ["id", "name", "note", *NEW]
    assert [tuple(row[:3]) for row in rows[1:]] == ROWS
    for row, (label, probability, reason) in zip(rows[1:], expected(model), strict=True):
        assert (row[3], row[5]) == (label, reason)
        assert row[4] == probability or float(row[4]) == probability


# ---- Tables


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("output", ["-", "out.csv", "out.tsv"])
def test_csv_of_any_dialect(run, model, delimiter, output):
    write_csv("in.csv", delimiter=delimiter)
    code, out, said = run("predict", "in.csv", "--model", "model.skops", "--output", output)
    assert code == 0, said
    text = out if output == "-" else text_of(output)
    check(read_csv(text, "\t" if output == "out.tsv" else delimiter), model)
    assert said.startswith("7 rows: 5 predicted, 2 without a name; ")


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_line_ends_quotation_marks_and_byte_order_marks(run, ends, quoted, encoding):
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
@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_line_ends_in_values_stay_where_blocks_end(folder, monkeypatch, encoding, ends):
    """Between any two of their characters."""
    monkeypatch.setattr(_table_reader, "BLOCK_BYTES", 64)
    rows = [["name", "note"]] + [["Kim", "x" * k + "\r\n\r\r\n"] for k in range(50)]
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator=ends).writerows(rows)
    (folder / "in.csv").write_bytes(file.getvalue().encode(encoding))
    with _table_reader.TableReader("in.csv") as reader:
        found = [list(row.values()) for chunk in reader for row in chunk.table().to_pylist()]
    assert found == rows[1:]


@pytest.mark.parametrize("most", [1, 2, 3, 99])
@pytest.mark.parametrize("size", [3, 4, 99])
def test_blocks_end_neither_between_cr_and_lf_nor_empty(most, size):
    """Also where a pipe gives a few bytes at a time."""

    class Pipe(io.BytesIO):
        def read(self, n):
            return super().read(min(n, most))

    for text in product([b"\r", b"\n", b"x"], repeat=6):
        stream = _table_reader._WholeLineEnds(Pipe(b"".join(text)))
        blocks = [*iter(lambda stream=stream: stream.read(size), b"")]
        assert b"".join(blocks) == b"".join(text)
        assert all(len(block) <= size for block in blocks)
        pairs = zip(blocks, blocks[1:], strict=False)
        assert not any(a.endswith(b"\r") and b.startswith(b"\n") for a, b in pairs)


@pytest.mark.parametrize(
    "text, n_columns",
    [
        ("name\nSmith, John\nDoe, Jane; Dr.\n", 1),
        ("name,note\nAnna,a;b\nBo,c;d\n", 2),
        ("name;note\nDoe, Jane;1,5\n\nBo;2\n", 2),
        ("a,b,c,name\n1;2,3;4,5;6,x\n", 4),
        ('"the\nname","a;b"\n"x;y","z"\n', 2),
    ],
)
def test_delimiter_is_found_out(folder, text, n_columns):
    (folder / "in.csv").write_text(text, encoding="utf-8")
    with _table_reader.TableReader("in.csv") as reader:
        assert len(next(reader).columns) == n_columns


def test_delimiter_may_be_given(run):
    with open("in.csv", "w", encoding="utf-8") as file:
        file.write("name^n,m\nKowalski^1,2\n")
    arguments = ["predict", "in.csv", "--model", "model.skops"]
    _, out, _ = run(*arguments, "--delimiter", "^")
    assert [row[:2] for row in read_csv(out, "^")] == [["name", "n,m"], ["Kowalski", "1,2"]]
    code, _, said = run(*arguments, "--delimiter", "ab")
    assert code == 2 and "give one character of ASCII, or tab" in said
    for wrong in ("\n", "§", '"'):
        code, _, said = run(*arguments, "--delimiter", wrong)
        assert code == 2 and "and no quotation mark or line end" in said


def test_a_table_of_one_column_is_written_with_commas(run):
    Path("in.csv").write_text("name\nSmith, John\nDoe, Jane\n", encoding="utf-8")
    _, out, _ = run("predict", "in.csv", "--model", "model.skops")
    rows = read_csv(out)
    assert [row[0] for row in rows] == ["name", "Smith, John", "Doe, Jane"]
    assert rows[0][1:] == NEW


def test_long_values(run):
    rows = [("1", "Kowalski", "x" * 200_000), ("2", "Nowak " * 30_000, "y")]
    write_csv("in.csv", rows, delimiter=";")
    code, out, said = run("predict", "in.csv", "--model", "model.skops")
    assert code == 0, said
    before = csv.field_size_limit(1 << 20)
    assert [tuple(row[:3]) for row in read_csv(out, ";")[1:]] == rows
    csv.field_size_limit(before)


def test_endings_in_capitals(run):
    write_csv("IN.TSV", delimiter="\t")
    assert run("predict", "IN.TSV", "--model", "model.skops", "--output", "OUT.JSONL.GZ")[0] == 0
    with gzip.open("OUT.JSONL.GZ", "rt", encoding="utf-8") as file:
        assert [json.loads(line)["name"] for line in file] == [name for _, name, _ in ROWS]


def test_an_empty_line_of_one_column_is_a_row(run):
    with open("in.csv", "w", encoding="utf-8") as file:
        file.write("name\nKowalski\n\nYılmaz\n\n")
    _, out, said = run("predict", "in.csv", "--model", "model.skops")
    assert [row[0] for row in read_csv(out)[1:]] == ["Kowalski", "", "Yılmaz", ""]
    assert said.startswith("4 rows: 2 predicted, 2 without a name; ")


@pytest.mark.parametrize("header", ["name", "id,name", "id,name\n"])
def test_a_table_of_no_rows_stays_one(run, header):
    with open("in.csv", "w", encoding="utf-8") as file:
        file.write(header)
    code, out, said = run("predict", "in.csv", "--model", "model.skops")
    assert code == 0, said
    assert read_csv(out) == [[*header.strip().split(","), *NEW]]


def test_equal_headers_stay(run):
    write_csv("in.csv", header=("note", "name", "note"))
    _, out, _ = run("predict", "in.csv", "--model", "model.skops")
    rows = read_csv(out)
    assert rows[0] == ["note", "name", "note", *NEW]
    assert [tuple(row[:3]) for row in rows[1:]] == ROWS


JSON = [
    '{"name": "Yılmaz", "big": 123456789012345678901234567890, "x": 1.10}',
    '  {"x": {"deep": [1, null]}, "name": null}  ',
    "",
    "{}",
    '{"name":"Kowalski","date":"2020-01-01T00:00:00","name2":"\\u00fc"}',
    '{"name": "Papadopoulos"}',
    '{"name": "", "x": false }',
]


def test_json_lines_come_out_as_they_are(run, model):
    with open("in.jsonl", "w", encoding="utf-8-sig") as file:
        file.write("\r\n".join(JSON))
    code, out, said = run("predict", "in.jsonl", "--model", "model.skops")
    assert code == 0, said
    lines = out.splitlines()
    for line, before in zip(lines, filter(None, JSON), strict=True):
        assert line.startswith(before.strip()[:-1].rstrip())
        row = json.loads(line)
        assert list(row)[-3:] == NEW
        if json.loads(before).get("name"):
            assert row["predicted"] == model.predict([row["name"]])[0]
            assert row["reason"] is None
        else:
            assert [row[column] for column in NEW] == [None, None, "missing name"]


def test_half_of_a_character_in_json(run):
    line = '{"name": "Kowalski\\ud800"}'
    Path("in.jsonl").write_text(line, encoding="utf-8")
    code, out, said = run("predict", "in.jsonl", "--model", "model.skops")
    assert code == 0 and out.startswith(line[:-1]), said


def test_labels_that_some_chunks_lack(run):
    lines = ['{"name": "Kowalski", "nationality": "Polish"}'] + ['{"name": "Kim"}'] * 5
    Path("in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    code, _, said = run("evaluate", "model.skops", "in.jsonl")
    assert code == 0 and said.startswith("6 rows: 1 used"), said


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


def test_parquet_keeps_its_columns(run, model):
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


@pytest.mark.parametrize("given", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("wanted", ["csv", "jsonl", "parquet"])
def test_one_format_into_another(run, model, given, wanted):
    rows = [dict(zip(("id", "name", "note"), row, strict=True)) for row in ROWS]
    if given == "csv":
        write_csv("in.csv")
    elif given == "parquet":
        pa.parquet.write_table(pa.Table.from_pylist(rows), "in.parquet")
    else:
        with open("in.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    arguments = ["--model", "model.skops", "--format", wanted, "--output", "out"]
    code, _, said = run("predict", f"in.{given}", *arguments)
    assert code == 0, said
    if wanted == "csv":
        check(read_csv(text_of("out")), model)
        return
    if wanted == "parquet":
        found = pa.parquet.read_table("out").to_pylist()
    else:
        found = [json.loads(line) for line in text_of("out").splitlines()]
    lists = [["" if value is None else value for value in row.values()] for row in found]
    check([list(found[0]), *lists], model)


def test_json_of_parquet_has_no_nan(run):
    pa.parquet.write_table(parquet_table(), "in.parquet")
    _, out, said = run("predict", "in.parquet", "--model", "model.skops", "--format", "jsonl")
    rows = [json.loads(line, parse_constant=pytest.fail) for line in out.splitlines()]
    assert [row["share"] for row in rows] == [0.1, None, None, 1e-300, 2.0, 3.0, -0.0]
    assert rows[1]["when"] == "1970-01-01 00:00:00.000001+00:00"


@pytest.mark.parametrize("method", ["gz", "zst"])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_compressed_files(run, model, method, kind):
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


def test_standard_input_and_output(folder, model):
    """Of each format, which is found out."""
    write_csv("in.csv", delimiter=";")
    with open("in.csv", "rb") as file:
        done = process("predict", "-", "--model", "model.skops", stdin=file)
    check(read_csv(done.stdout.decode(), ";"), model)
    pa.parquet.write_table(parquet_table(), "in.parquet")
    with open("in.parquet", "rb") as file:
        done = process("predict", "-", "--model", "model.skops", stdin=file)
    assert pa.parquet.read_table(pa.BufferReader(done.stdout)).num_rows == 7
    data = gzip.compress("\n".join(JSON).encode())
    done = process("predict", "-", "--model", "model.skops", input=data)
    assert done.stdout.count(b"\n") == 6
    assert done.stderr.decode().startswith("6 rows: 3 predicted, 3 without a name; ")  # no bar


# ---- What predict adds


def test_top_and_proba(run, model):
    write_csv("in.csv")
    code, out, said = run("predict", "in.csv", "--model", "model.skops", "--top", 3, "--proba")
    assert code == 0, said
    table = pa.csv.read_csv(
        io.BytesIO(out.encode()), parse_options=pa.csv.ParseOptions(newlines_in_values=True)
    )
    classes = model.classes_
    assert table.column_names[3:] == [
        *("predicted", "probability", "predicted_2", "probability_2"),
        *("predicted_3", "probability_3"),
        *(f"probability_{label}" for label in classes),
        "reason",
    ]
    used = ~np.array(MISSING)
    proba = model.predict_proba([name for _, name, _ in ROWS])
    order = np.argsort(-proba, axis=1, kind="stable")
    for k, end in enumerate(["", "_2", "_3"]):
        found = np.array(table[f"predicted{end}"].to_pylist())[used]
        assert found.tolist() == classes[order[used, k]].tolist()
        found = table[f"probability{end}"].to_numpy()[used]
        np.testing.assert_allclose(found, proba[np.arange(7), order[:, k]][used], atol=6e-7, rtol=0)
    for label, values in zip(classes, proba.T, strict=True):
        found = table[f"probability_{label}"].to_numpy()
        np.testing.assert_allclose(found[used], values[used], atol=6e-7, rtol=0)
        assert np.isnan(found[~used]).all()
    code, _, said = run("predict", "in.csv", "--model", "model.skops", "--top", 5)
    assert code == 2 and "the model tells 4 nationalities" in said


ODD = ["Yılmaz", "123", "a@b.org", "", "Kowalski", "😀", "Papadopoulos"]
WHY = ["", "no known character", "no name", "missing name", "", "no known character", ""]


@pytest.mark.parametrize("jobs", [1, 2])
def test_abstaining(run, model, jobs):
    write_csv("odd.csv", [[name] for name in ODD], ["name"])
    sure = model.predict_proba([ODD[0], ODD[4], ODD[6]]).max(axis=1)
    threshold = np.sort(sure)[1]  # of three one is above
    code, out, said = run(
        *["predict", "odd.csv", "--model", "model.skops", "--abstain", "--threshold", threshold],
        *["--top", 2, "--proba", "--jobs", jobs],
    )
    assert code == 0 and "7 rows: 1 predicted, 5 without an answer, 1 without a name" in said
    header, *rows = read_csv(out)
    at = {name: k for k, name in enumerate(header)}
    why = np.array(WHY, dtype=object)
    why[[0, 4, 6]] = np.where(sure > threshold, "", "unsure")
    assert [row[at["reason"]] for row in rows] == why.tolist()
    for row, reason in zip(rows, why, strict=True):
        for name in ("predicted", "probability", "predicted_2", "probability_2"):
            assert (row[at[name]] == "") == (reason != "")
        assert (row[at["probability_Greek"]] == "") == (reason == "missing name")


def why_of(selective):
    """The reasons for ODD."""
    reasons = selective.reasons(ODD).tolist()
    return [why if name else "missing name" for name, why in zip(ODD, reasons, strict=True)]


def test_abstaining_by_the_threshold_of_the_model(run, model, small_names):
    write_csv("odd.csv", [[name] for name in ODD], ["name"])
    selective = SelectiveClassifier(FrozenEstimator(model), coverage=0.5).fit(*small_names)
    for name in ("own.skops", "own.joblib"):
        _model_files.save_model(selective, name, name)
        code, out, said = run(
            *["predict", "odd.csv", "--model", name, "--abstain", "--trust-pickle"]
        )
        assert code == 0, said
        expected = why_of(selective)
        assert [row[-1] for row in read_csv(out)[1:]] == expected
    code, out, _ = run("predict", "odd.csv", "--abstain")  # the model that ships
    shipped = load_pretrained(abstain=True)
    expected = why_of(shipped)
    assert [row[-1] for row in read_csv(out)[1:]] == expected
    code, _, said = run("predict", "odd.csv", "--abstain", "--model", "model.skops")
    assert code == 2 and "model.skops is no SelectiveClassifier" in said and "--threshold" in said
    code, _, said = run("predict", "odd.csv", "--threshold", "0.5")
    assert code == 2 and "--threshold is one of --abstain: give both" in said
    code, _, said = run("predict", "odd.csv", "--abstain", "--threshold", "nan")
    assert code == 2 and "--threshold nan: give a number from 0 to 1" in said


def test_new_columns_keep_out_of_old_ones(run):
    write_csv("in.csv", header=("id", "name", "reason"))
    arguments = ["predict", "in.csv", "--model", "model.skops", "--output", "out.csv"]
    code, _, said = run(*arguments)
    assert code == 1 and "has a column 'reason' already: give a --prefix" in said
    assert not os.path.exists("out.csv")
    assert run(*arguments, "--prefix", "new_")[0] == 0
    rows = read_csv(text_of("out.csv"))
    assert rows[0][3:] == ["new_predicted", "new_probability", "new_reason"]


def test_the_column_of_names(run):
    write_csv("in.csv", header=("id", "who", "note"))
    code, _, said = run("predict", "in.csv", "--model", "model.skops")
    assert code == 2
    assert "no column 'name': give --column, one of 'id', 'who', 'note'. See `sknames" in said
    _, _, said = run("predict", "in.csv", "--model", "model.skops", "--column", "who")
    assert said.startswith("7 rows: 5 predicted")
    write_csv("in.csv", header=("name", "name", "note"))
    code, _, said = run("predict", "in.csv", "--model", "model.skops")
    assert code == 2 and "has 2 columns 'name': rename one of them" in said


def test_labels_that_are_numbers(run, small_names):
    names, _ = small_names
    classify = NameNationalityClassifier(hidden_size=2, max_epochs=1, random_state=0)
    model = Pipeline([("encode", CharEncoder()), ("classify", classify)])
    model.fit(names, [i % 2 for i in range(len(names))])
    joblib.dump(model, "numbers.joblib")
    pa.parquet.write_table(pa.table({"name": names, "nationality": [1] * 200}), "in.parquet")
    arguments = ["--model", "numbers.joblib", "--trust-pickle", "--output", "out.parquet"]
    assert run("predict", "in.parquet", *arguments)[0] == 0
    found = pa.parquet.read_table("out.parquet")["predicted"]
    assert found.to_pylist() == model.predict(names).tolist()
    _, out, _ = run("evaluate", "numbers.joblib", "in.parquet", "--trust-pickle")
    share = (model.predict(names) == 1).mean()
    assert f"accuracy  {share:.4f} (95 %" in out and re.search(r"\n1 +200 ", out)


def test_top_and_proba_that_give_two_columns_one_name(run, small_names):
    names, _ = small_names
    classify = NameNationalityClassifier(hidden_size=2, max_epochs=1, random_state=0)
    model = Pipeline([("encode", CharEncoder(max_length=20)), ("classify", classify)])
    joblib.dump(model.fit(names, [i % 3 for i in range(len(names))]), "numbers.joblib")
    write_csv("in.csv")
    arguments = ["predict", "in.csv", "--model", "numbers.joblib", "--trust-pickle", "--top", "2"]
    code, _, said = run(*arguments)
    assert code == 0, said
    code, out, said = run(*arguments, "--proba", "--prefix", "new_")
    assert (code, out) == (2, "")
    assert "column 'new_probability_2'" in said and "leave out --top or --proba" in said


def test_the_same_bytes_from_several_processes(run, small_names, monkeypatch):
    """Which leave Ctrl-C, that goes to all processes of a terminal, to the first."""
    real = _workers._spread

    def interrupt(chunks, workers):
        for worker, _ in workers:
            os.kill(worker.pid, signal.SIGINT)
        return real(chunks, workers)

    monkeypatch.setattr(_workers, "_spread", interrupt)
    # As in a new process: the first start unblocks signals.
    tracker = resource_tracker.ResourceTracker()
    for name in ("ensure_running", "getfd"):
        monkeypatch.setattr(resource_tracker, name, getattr(tracker, name))
    write_csv("in.csv", [("1", name, "") for name in small_names[0][::9]])
    for jobs in (1, 2):
        arguments = ["--model", "model.skops", "--proba", "--output", f"{jobs}.csv"]
        code, _, said = run("predict", "in.csv", *arguments, "--jobs", jobs)
        assert code == 0, said
        assert said.startswith("23 rows: 23 predicted")
    assert text_of("1.csv") == text_of("2.csv")
    tracker._stop()


def test_memory_does_not_grow_with_rows(tmp_path):
    """Of three times as many rows, once some chunks have been in flight at a time."""
    command = """
import re
from pathlib import Path
import resource
from sknames import cli

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
    cli.run(["predict", "in.csv", "--output", "out.csv"])
    print(peak())
"""
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=tmp_path, capture_output=True, text=True
    )
    assert "1,800,000 rows: 1,800,000 predicted" in done.stderr, done.stderr
    unit = 1 if sys.platform == "darwin" else 1024
    first, last = (int(peak) * unit for peak in done.stdout.split())
    assert last - first < 50e6
    assert last < 600e6


@pytest.mark.parametrize("text", ["“”", "''", "`", "«»", "\u3164", "\ufe0f", "\x01", " ’ "])
def test_what_cleaning_leaves_nothing_of_is_no_name(run, text):
    write_csv("in.csv", [("1", text, ""), ("2", "王伟", "")])
    _, out, said = run("predict", "in.csv", "--model", "model.skops")
    assert said.startswith("2 rows: 1 predicted, 1 without a name; ")
    assert [row[-1] for row in read_csv(out)[1:]] == ["missing name", ""]


def test_no_name_is_what_cleaning_leaves_nothing_of():
    """Or control characters. Those that this Python does not know may be known to pyarrow."""
    characters = [
        c for c in map(chr, range(0x110000)) if unicodedata.category(c) not in ("Cn", "Cs")
    ]
    found = pc.match_substring_regex(characters, NO_NAME).to_pylist()
    assert found == [unicodedata.category(c) == "Cc" or not clean([c])[0] for c in characters]


# ---- Priors and shares


def write_list(names):
    """A list of few nationalities, in which names come back in other chunks."""
    people = [*names[:40], *names[:40:3], *names[150:160], "", "7", "?!", "7"]
    write_csv("in.csv", [("1", name, "") for name in people])
    return [name for name in people if name]


def test_shares_of_chunks_are_those_of_the_whole(run, model, small_names):
    names = write_list(small_names[0])
    expected = estimate_shares(model, names, random_state=0)
    code, out, said = run("shares", "in.csv", "--model", "model.skops")
    assert code == 0, said
    header, *rows = read_csv(out)
    assert header == ["nationality", "share", "low", "high"]
    assert [row[0] for row in rows] == expected.nationality.tolist()
    found = np.array([row[1:] for row in rows], dtype=float)
    for values, name in zip(found.T, header[1:], strict=True):
        np.testing.assert_array_equal(values, expected[name])
    assert said.startswith("68 rows: 67 names, of which 3 have no letter; 1 without a name; ")


def test_each_distinct_name_is_predicted_once(run, small_names, monkeypatch):
    names, asked = write_list(small_names[0]), []
    real = _workers.best

    def best(model, names, *more):
        asked.extend(names)
        return real(model, names, *more)

    monkeypatch.setattr(_workers, "best", best)
    assert run("shares", "in.csv", "--model", "model.skops")[0] == 0
    assert asked == list(dict.fromkeys(names))


def test_shares_on_a_terminal_and_in_files(run, small_names, monkeypatch):
    write_list(small_names[0])
    arguments = ["shares", "in.csv", "--model", "model.skops"]
    _, out, _ = run(*arguments)
    code, nothing, said = run(*arguments, "--output", "o.csv", "--plot", "o.png")
    assert (code, nothing) == (0, ""), said
    assert text_of("o.csv") == out
    assert Path("o.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    _, out, _ = run(*arguments)
    assert out.startswith("nationality   share   95 % interval\nGreek")
    assert "\n67 names, 3 unreadable ones apart\n" in out
    assert sorted(os.listdir()) == ["in.csv", "model.skops", "o.csv", "o.png"]


def test_adapted_answers(run, model, small_names):
    names = write_list(small_names[0])
    adapted = PriorShiftClassifier(model).fit(names)
    expected = adapted.predict_proba(names)
    assert (expected.argmax(axis=1) != model.predict_proba(names).argmax(axis=1)).any()
    assert run("shares", "in.csv", "--model", "model.skops", "--output", "mix.csv")[0] == 0
    arguments = ["predict", "in.csv", "--model", "model.skops", "--proba", "--output"]
    code, _, said = run(*arguments, "1.csv", "--adapt-priors", "--jobs", "2")
    assert code == 0, said
    assert run(*arguments, "2.csv", "--priors", "mix.csv")[0] == 0
    for output in ("1.csv", "2.csv"):
        rows = [row for row in read_csv(text_of(output))[1:] if row[1]]
        assert [row[1] for row in rows] == names
        assert [row[3] for row in rows] == adapted.predict(names).tolist()
        found = np.array([row[5:-1] for row in rows], dtype=float)
        np.testing.assert_allclose(found, expected, atol=2e-6, rtol=0)


@pytest.mark.parametrize("priors", ["uniform", "population", "Greek=.25,Polish=.75"])
def test_given_priors(run, model, priors):
    write_csv("in.csv")
    names = [name for (_, name, _), missing in zip(ROWS, MISSING, strict=True) if not missing]
    given = {"Greek": 0.25, "Polish": 0.75} if "=" in priors else priors
    fitted = PriorShiftClassifier(model, priors=given).fit(names)
    code, out, said = run("predict", "in.csv", "--model", "model.skops", "--priors", priors)
    assert code == 0, said
    assert [row[3] for row in read_csv(out)[1:] if row[3]] == fitted.predict(names).tolist()


@pytest.mark.parametrize(
    "arguments, words, code",
    [
        (["predict", "-", "--adapt-priors"], "save it to a file first", 2),
        (["predict", "in.csv", "--adapt-priors", "--priors", "uniform"], "give one of them", 2),
        (["predict", "in.csv", "--priors", "Elvish=1"], "--priors names 'Elvish', which the", 1),
        (["predict", "in.csv", "--priors", "Greek=x"], "expected a number for 'Greek', got 'x'", 2),
        (["predict", "in.csv", "--priors", "Greek=.5"], "--priors sum to 0.5; expected 1", 1),
        (["predict", "in.csv", "--priors", "Greek=.5, Greek=.5"], "'Greek' once, got it twice", 2),
        (["predict", "in.csv", "--priors", "twice.csv"], "'Greek' once, got it twice", 2),
        (["predict", "in.csv", "--priors", "in.csv"], "the columns nationality and share", 2),
        (["predict", "in.csv", "--priors", "no.csv"], "no.csv: No such file or directory", 1),
        (["predict", "empty.csv", "--adapt-priors"], "no row of empty.csv has a name", 1),
        (["shares", "empty.csv"], "no row of empty.csv has a name", 1),
        (["shares", "dots.csv"], "None of the names tells anything of their shares", 1),
        (["predict", "in.csv", "--priors", "date=1/mix.csv"], "once, got it twice or more", 2),
        # Said before the work, which has no names.
        (
            ["predict", "empty.csv", "--adapt-priors", "--output", "no/o.csv"],
            "no does not exist",
            1,
        ),
        (["shares", "in.csv", "--plot", "o.txt"], "let its name end in .png", 2),
        (["shares", "empty.csv", "--plot", "no/o.png"], "no does not exist: create it first", 1),
        (["shares", "empty.csv", "--output", "no/o.csv"], "no does not exist: create it first", 1),
    ],
)
def test_shares_and_priors_refuse(run, arguments, words, code):
    write_csv("in.csv")
    write_csv("empty.csv", [("1", "", "")])
    write_csv("dots.csv", [("1", "...", "")])
    os.mkdir("date=1")
    for path in ("twice.csv", "date=1/mix.csv"):
        write_csv(path, [("Greek", ".5"), ("Greek ", ".5")], ("nationality", "share"))
    command, *others = arguments
    found, _, said = run(command, "--model", "model.skops", "--output", "out.csv", *others)
    assert found == code and words in said and said.count("\n") == 1, said
    assert not {"out.csv", "o.csv", "o.png"} & set(os.listdir())


def test_an_output_that_cannot_be_written_is_refused_before_the_work(run, monkeypatch):
    """Which has no names here."""
    write_csv("in.csv", [("", "")], ("name", "nationality"))
    os.mkdir("folder.skops")
    commands = ["train in.csv", "shares in.csv", "predict in.csv --adapt-priors"]
    for command in commands:
        code, _, said = run(*command.split(), "--output", "folder.skops")
        assert code == 1 and "folder.skops: Is a directory: choose another file" in said, said
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as in a folder of others
    for command in commands:
        code, _, said = run(*command.split(), "--output", "own.skops")
        assert code == 1 and "own.skops: Permission denied: choose another file" in said, said


@pytest.mark.parametrize("end", ["csv.gz", "csv.GZ", "tsv", "jsonl", "parquet"])
def test_shares_are_plain_csv(run, end):
    write_csv("in.csv")
    code, _, said = run("shares", "in.csv", "--model", "model.skops", "--output", f"mix.{end}")
    assert code == 2 and "as plain CSV: let its name end in .csv" in said
    assert not Path(f"mix.{end}").exists()


# ---- explain, evaluate and train


def test_explain(run, model):
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


def test_explain_another_nationality(run, model):
    code, out, _ = run("explain", "Maria", "--model", "model.skops", "--label", "Greek")
    assert code == 0 and "log odds of Greek " in out
    code, out, said = run("explain", "Maria", "--model", "model.skops", "--label", "Klingon")
    assert code == 2 and "--label 'Klingon': give one of Greek, Japanese" in said
    code, out, _ = run("explain", "", "--model", "model.skops")
    assert code == 0 and out.startswith("'': nothing in it is read\n") and "#" not in out


def test_explain_another_classifier(run, small_names):
    count = make_pipeline(CharEncoder(), OneHotEncoder(handle_unknown="ignore"), MultinomialNB())
    joblib.dump(count.fit(*small_names), "other.joblib")
    arguments = ["explain", "Maria", "--model", "other.joblib", "--trust-pickle"]
    code, out, said = run(*arguments)
    assert code == 0 and "#" in out and "n-grams" not in out, said


def test_explain_where_few_characters_are_known(folder):
    done = process(
        "explain",
        "王Maria",
        "--model",
        "model.skops",
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"?Maria, read as ")


def test_evaluate(run, model, small_names):
    names, labels = small_names
    rows = [*zip(names, labels, strict=True), ("", "Greek"), ("Kowalski", ""), ("Kim", "Korean")]
    write_csv("in.csv", rows, header=("name", "nationality"))
    code, out, said = run("evaluate", "model.skops", "in.csv")
    assert code == 0, said
    truth = [*labels, "Korean"]
    found = model.predict([*names, "Kim"])
    recall = recall_score(truth, found, labels=sorted(set(truth)), average=None, zero_division=0)
    assert out.startswith(f"accuracy  {accuracy_score(truth, found):.4f} (95 % ")
    figures = [
        f"macro-F1  {f1_score(truth, found, average='macro', zero_division=0):.4f}",
        f"log loss  {log_loss(labels, model.predict_proba(names), labels=model.classes_):.4f}",
    ]
    lines = out.splitlines()
    assert lines[1:3] == figures
    card = scorecard(model, [*names, "Kim"], truth)
    assert out == card.to_text() + "\n"
    table = lines[lines.index("") + 2 :]
    table = [line.split() for line in table[: table.index("")]]
    assert [row[:3] for row in table] == [
        [label, str(truth.count(label)), f"{value:.4f}"]
        for label, value in zip(sorted(set(truth)), recall, strict=True)
    ]
    assert "not known: pass its training names" in out
    assert said == (
        "203 rows: 201 used, 1 of them with labels that the model does not know; 2 without a name "
        "or a label\n"
    )
    learned = [f"{name}  " for name in names[::4]], labels[::4]
    write_csv("learned.csv", zip(*learned, strict=True), header=("name", "nationality"))
    code, out, said = run("evaluate", "model.skops", "in.csv", "--train", "learned.csv")
    assert code == 0, said
    card = scorecard(model, [*names, "Kim"], truth, train=learned)
    assert out == card.to_text() + "\n"
    assert card.n_seen >= 50 and card.baselines.keys() == {"majority", "n-gram LinearSVC"}
    write_csv("in.csv", rows[-3:], header=("name", "nationality"))
    code, _, said = run("evaluate", "model.skops", "in.csv")
    assert code == 1 and "check --label, and that labels are written as Greek, Japanese" in said


def test_text_where_few_characters_are_known(folder, small_names):
    names, labels = small_names
    rows = zip(names, [label.replace("Polish", "Pölish王") for label in labels], strict=True)
    write_csv("in.csv", rows, header=("name", "nationality"))
    options = {"env": os.environ | {"PYTHONIOENCODING": "cp1252"}}
    done = process("evaluate", "model.skops", "in.csv", **options)
    assert done.returncode == 0, done.stderr
    assert "Pölish?".encode("cp1252") in done.stdout
    params = ["--hidden-size", "2", "--max-epochs", "1"]
    assert process("train", "in.csv", "--output", "own.skops", *params).returncode == 0
    done = process("shares", "in.csv", "--model", "own.skops", **options)
    assert done.returncode == 0, done.stderr
    assert "\nPölish王,".encode() in done.stdout


@pytest.mark.parametrize(
    "labels, words",
    [
        (pa.array([["Korean"]]), "holds list<"),
        (pa.array([b"\xff"]), "holds binary"),
        (pa.array([b"\xff"]).view(pa.string()), "holds text that is not UTF-8"),
        ('["Korean"]', """of row 1 is ["Korean"], and labels are text"""),
        ('{"is": 1}', """of row 1 is {"is": 1}, and labels are text"""),
    ],
)
def test_labels_that_are_no_text(run, labels, words):
    if isinstance(labels, str):
        name = "in.jsonl"
        Path(name).write_text(f'{{"name": "Kim", "nationality": {labels}}}', encoding="utf-8")
    else:
        name = "in.parquet"
        pa.parquet.write_table(pa.table({"name": ["Kim"], "nationality": labels}), name)
    code, _, said = run("evaluate", "model.skops", name)
    assert code == 1 and f"sknames: {name}: " in said and "'nationality' " in said, said
    assert words in said


def test_an_ellipsis_ends_an_error_as_it_is(run):
    write_csv("in.csv", [("Kim", "Elvish")], ("name", "nationality"))
    assert run("evaluate", "pretrained", "in.csv")[2].endswith("Afghan, Albanian, Arabic, ...\n")


def test_white_space_is_no_part_of_a_label(run, small_names):
    names, labels = small_names
    rows = [(name, f" {label}\u3000") for name, label in zip(names, labels, strict=True)]
    write_csv("in.csv", [*rows, ("Kowalski", " \t")], header=("name", "nationality"))
    params = ["--hidden-size", "2", "--max-epochs", "1"]
    code, _, said = run("train", "in.csv", "--output", "own.skops", *params)
    assert code == 0 and said.startswith("201 rows: learned 200 names of 4 nationalities, 1 "), said
    code, _, said = run("evaluate", "own.skops", "in.csv", "--train", "in.csv")
    assert code == 0, said
    assert "201 rows: 200 used, 0 of them with labels that the model does not know; 1 " in said


def test_train(run, small_names):
    names, labels = small_names
    rows = [*zip(names, labels, strict=True), ("", "Greek"), ("Kowalski", "")]
    write_csv("in.csv", rows, header=("who", "truth"))
    arguments = ["train", "in.csv", "--column", "who", "--label", "truth", "--max-length", "20"]
    params = ["--cell", "rnn", "--hidden-size", "8", "--max-epochs", "2", "--ngram-range", "1, 3"]
    params += ["--embedding-dim", "none", "--early-stopping", "true"]
    params += ["--transliterate", "unknown", "--min-frequency", "2"]
    for name in ("own.skops", "own.joblib"):
        code, _, said = run(*arguments, *params, "--output", name)
        assert code == 0, said
        assert said.startswith("202 rows: learned 200 names of 4 nationalities, 2 without a name")
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


@pytest.mark.parametrize(
    "options, words, code",
    [
        (["--cell", "junk"], "The 'cell' parameter of NameNationalityClassifier must be", 1),
        (["--hidden-size", "0"], "Got 0 instead", 1),
        (["--transliterate", "some"], "The 'transliterate' parameter of CharEncoder must be", 1),
        (["--output", "model.txt"], "model.txt should end in .skops", 1),
        (["--label", "truth"], "no column 'truth': give --label, one of", 2),
        (["--junk"], "No such option", 2),
    ],
)
def test_train_refuses(run, small_names, options, words, code):
    write_csv("in.csv", zip(*small_names, strict=True), header=("name", "nationality"))
    found, out, said = run("train", "in.csv", "--output", "own.skops", *options)
    assert found == code and words in said and said.count("\n") == 1, said
    assert sorted(os.listdir()) == ["in.csv", "model.skops"]


def test_help_tells_all_parameters(run):
    _, out, _ = run("train", "--help")
    assert out.isascii()
    params = set(NameNationalityClassifier().get_params()) - {"callbacks", "verbose"}
    for name in params | {"max_length", "transliterate", "min_frequency"}:
        assert f"--{name.replace('_', '-')} " in out
    assert "Number of units in the state of each layer." in " ".join(out.split())


def test_the_page_of_the_command_line(run, monkeypatch):
    """Its commands give what it says on a terminal, but for the seconds."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    page = (Path(__file__).parent.parent / "docs" / "command_line.md").read_text(encoding="utf-8")
    Path("people.csv").write_bytes(re.search(r"```text\n(.*?)```", page, re.DOTALL)[1].encode())
    n_run = 0
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for command, said in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            if "|" in command:
                before, command = command.split(" | ")
                assert before == "zcat found.jsonl.gz"
                command = command.replace(" - ", " found.jsonl.gz ")
            program, *arguments = shlex.split(command)
            assert program == "sknames"
            code, *found = run(*arguments)
            assert (code, without_seconds("".join(found))) == (0, without_seconds(said)), command
            n_run += 1
    assert n_run == 12


def without_seconds(text):
    return re.sub(r"\b\d+\.\d s\b", "... s", text)


# ---- Errors


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("in.csv", b"name\nAnna\nB\xfc\n", ["Row #3", "invalid UTF8", "--encoding latin-1"]),
        ("in.csv", b"name;n\nBo;1\nBo;2;3\n", ["Row #3: Expected 2 columns, got 3", "--delimiter"]),
        ("in.csv", b"", ["the file is empty"]),
        ("in.csv", b"\xef\xbb\xbf\r\n", ["the file is empty"]),
        ("in.jsonl", b'{"name": "x"}\n\n{"name": \n', ["line 3 is no JSON"]),
        ("in.jsonl", b'{"name": "x"}\n' * 4 + b'{"name": 3}\n', ["'name' of row 5 is 3"]),
        ("in.jsonl", b'{"name": "x"}\n[]\n', ["line 2 is [], not an object"]),
        ("in.jsonl", b'{"name": "\xfc"}\n', ["line 1 is not UTF-8"]),
        ("in.parquet", b"name\nAnna\n", ["this is no Parquet file"]),
        ("in.parquet", b"PAR1 and so on", ["damaged or not whole"]),
        ("in.csv.zst", b"\x28\xb5\x2f\xfd and so on", ["damaged or not whole"]),
        ("in.xlsx", b"PK\x03\x04\0", ["a zip or Excel file", "save the sheet as CSV"]),
        ("in.csv.bz2", bz2.compress(b"name\nKim\n"), ["give what bunzip2 makes of it"]),
        ("in.csv.xz", lzma.compress(b"name\nKim\n"), ["give what unxz makes of it"]),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_said_of_it(run, name, content, words):
    with open(name, "wb") as file:
        file.write(content)
    code, _, said = run("predict", name, "--model", "model.skops", "--output", "out")
    assert code == 1 and said.count("\n") == 1
    for word in [f"sknames: {name}: ", *words]:
        assert word in said, said
    assert sorted(os.listdir()) == sorted([name, "model.skops"])


def test_names_that_are_no_text(run):
    pa.parquet.write_table(parquet_table(), "in.parquet")
    code, _, said = run("predict", "in.parquet", "--model", "model.skops", "--column", "number")
    assert code == 1 and "in.parquet: the column 'number' holds int32, and names are text" in said
    code, _, said = run("predict", "in.parquet", "--model", "model.skops", "--format", "csv")
    assert code == 1 and "the column 'list' holds list<" in said and "--format jsonl" in said


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.string_view(), pa.null()])
def test_names_of_any_type_of_text(run, type_):
    names = pa.array([None if type_ == pa.null() else "Kim"], type_)
    pa.parquet.write_table(pa.table({"name": names}), "in.parquet")
    code, _, said = run("predict", "in.parquet", "--model", "model.skops", "--output", "o.parquet")
    assert code == 0 and f"1 rows: {int(type_ != pa.null())} predicted" in said, said


def test_json_lines_of_several_keys_make_a_table(run):
    """Of all that the first rows have; what is always null there may be text later."""
    rows = [{"name": "Kim"}, {"name": "Bo", "x": 1}, {"y": None}, {"y": "z"}]
    Path("in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    arguments = ["predict", "in.jsonl", "--model", "model.skops", "--output", "out.parquet"]
    assert run(*arguments)[0] == 0
    found = pa.parquet.read_table("out.parquet")
    assert [found[name].to_pylist() for name in "xy"] == [[None, 1, None, None], [None] * 3 + ["z"]]


def test_a_system_that_writes_some_bytes_at_a_time(run, model, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, data[:7]))
    write_csv("in.csv")
    assert run("predict", "in.csv", "--model", "model.skops", "--output", "out.csv")[0] == 0
    check(read_csv(text_of("out.csv")), model)


def test_json_lines_that_make_no_table(run):
    with open("in.jsonl", "w", encoding="utf-8") as file:
        file.write('{"name": "x"}\n' * 3 + '{"name": "y", "more": 1}\n')
    code, _, said = run("predict", "in.jsonl", "--model", "model.skops", "--output", "out.csv")
    assert code == 1 and "a row has 'more'" in said and "--format jsonl" in said


def test_no_such_column(folder):
    write_csv("in.csv")
    done = process("predict", "in.csv", "--column", "nome", "--output", "out.csv")
    refused(done, "in.csv has no column 'nome': give --column, one of 'id', 'name'", code=2)
    assert not os.path.exists("out.csv")


def test_a_column_without_a_name(run):
    write_csv("in.csv", [("Kim", "")], ("", "name"))
    _, _, said = run("predict", "in.csv", "--model", "model.skops", "--column", "")
    assert said.startswith("1 rows: 1 predicted")


def test_undecodable_bytes(folder):
    (folder / "in.csv").write_bytes("name\nMüller\n".encode("latin-1"))
    refused(process("predict", "in.csv", "--output", "o.csv"), "in.csv: ", "--encoding latin-1")
    assert sorted(os.listdir()) == ["in.csv", "model.skops"]
    done = process("predict", "in.csv", "--encoding", "latin-1")
    assert done.stdout.decode().splitlines()[1].startswith('"Müller","German"')


@pytest.mark.parametrize(
    "text",
    [
        'name,n\nKim,"o\nBo,2\n',
        '"name\nKim\n',
        'name\n"Kim\nBo\n\n',
        'name\n"Kim\n丢\n',  # whose last byte in UTF-32 is that of a quotation mark
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32-be"])
def test_a_quotation_mark_that_stays_open(run, text, encoding):
    arguments = ["predict", "in.csv", "--model", "model.skops", "--encoding", encoding]
    Path("in.csv").write_bytes(text.encode(encoding))
    code, _, said = run(*arguments, "--output", "out.csv")
    assert code == 1 and "sknames: in.csv: Row #" in said and "close it, or double it" in said
    assert not os.path.exists("out.csv")
    Path("in.csv").write_bytes(f'{text}" \n\n'.encode(encoding))
    code, _, said = run(*arguments)
    assert code == 0, said


def test_a_quotation_mark_that_stays_open_in_a_long_header(run):
    Path("in.csv").write_bytes(b'"name\n' + b"Anna\n" * 40_000)
    code, _, said = run("predict", "in.csv", "--model", "model.skops", "--output", "out.csv")
    assert code == 1 and "sknames: in.csv: " in said and "is a quotation mark open in the" in said


def test_a_broken_gzip(folder):
    data = gzip.compress(b"name\n" + b"".join(b"Anna %d\n" % i for i in range(300_000)))
    (folder / "cut.csv.gz").write_bytes(data[: len(data) // 2])
    done = process("predict", "cut.csv.gz", "--model", "model.skops", "--output", "out.csv")
    refused(done, "cut.csv.gz: ", "damaged or not whole; copy it again")
    assert sorted(os.listdir()) == ["cut.csv.gz", "model.skops"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has /dev/full")
def test_a_full_disk_under_standard_output(folder):
    write_csv("in.csv")
    with open("/dev/full", "wb") as full:
        done = process(
            "predict", "in.csv", capture_output=False, stdout=full, stderr=subprocess.PIPE
        )
    refused(done, "No space left on device", "make room")


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="no such path on this system")
def test_a_pipe_that_has_a_path(folder, model):
    write_csv("in.csv")
    arguments = ["in.csv", "--model", "model.skops", "--output", "/dev/stdout"]
    done = process("predict", *arguments)
    assert done.returncode == 0, done.stderr
    check(read_csv(done.stdout.decode()), model)
    done = process("shares", *arguments)
    assert done.stdout.startswith(b"nationality,share,low,high\n"), done.stderr


@pytest.mark.parametrize(
    "arguments, closed",
    [
        (["predict", "in.csv"], [1]),
        (["predict", "-"], [0]),
        (["shares", "in.csv"], [0, 1]),
        (["--help"], [1]),
    ],
)
def test_a_closed_standard_stream_is_an_error(folder, arguments, closed):
    write_csv("in.csv", [("1", "Anna", "x" * 100)] * 3000)  # more than a socket holds
    model = ["--model", "model.skops"] * (len(arguments) > 1)
    done = process(*arguments, *model, preexec_fn=lambda: [os.close(n) for n in closed])
    refused(done, "Bad file descriptor: standard input or output is closed: name a file")


def test_without_standard_streams_a_file_is_written(folder, model):
    write_csv("in.csv")
    done = process(
        *("predict", "in.csv", "--model", "model.skops", "--output", "out.csv"),
        preexec_fn=lambda: os.closerange(0, 3),
    )
    assert done.returncode == 0
    check(read_csv(text_of("out.csv")), model)


@pytest.mark.parametrize("output", ["out.csv.gz", "out.parquet"])
def test_a_full_disk_leaves_no_file(folder, output):
    """In the place of a full disk, a limit on the size of files."""
    write_csv("in.csv", [(os.urandom(9).hex(), "Anna", "") for _ in range(500)])
    (folder / output).write_text("old")
    done = process(
        *("predict", "in.csv", "--model", "model.skops", "--output", output),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)),
    )
    refused(done, "File too large", "make room")
    assert sorted(os.listdir()) == sorted(["in.csv", "model.skops", output])
    assert (folder / output).read_text() == "old"


def test_a_closed_pipe_is_no_news(folder):
    write_csv("in.csv", [("1", "Anna", "x" * 1000)] * 500)
    command = [sys.executable, "-m", "sknames", "predict", "in.csv", "--model", "model.skops"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.read(1)
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 1


def test_a_model_file_that_is_not_ours(folder, run):
    write_csv("in.csv")
    (folder / "junk.skops").write_bytes(b"junk")
    done = process("predict", "in.csv", "--model", "junk.skops", "--output", "out.csv")
    refused(done, "junk.skops is no skops file", "--trust-pickle")
    reader = make_pipeline(FunctionTransformer(os.path.basename), CountVectorizer())
    (folder / "other.skops").write_bytes(skops.io.dumps(reader))
    code, _, said = run("predict", "in.csv", "--model", "other.skops")
    assert code == 1 and "it holds the type posixpath.basename, which is not ours" in said
    (folder / "no_model.skops").write_bytes(skops.io.dumps({"a": np.arange(3)}))
    code, _, said = run("predict", "in.csv", "--model", "no_model.skops")
    assert code == 1 and "no_model.skops is no model that takes names" in said
    assert not os.path.exists("out.csv")


def test_a_model_of_several_outputs(folder, run):
    write_csv("in.csv")
    model = make_pipeline(CharEncoder(), RandomForestClassifier(2))
    joblib.dump(model.fit(["Ana", "Bo"], [["a", "x"], ["b", "y"]]), "two.joblib")
    code, _, said = run("predict", "in.csv", "--model", "two.joblib", "--trust-pickle")
    assert code == 1 and "two.joblib answers (2, 2, 2) for two names: give a classifier" in said


def test_a_pickle_of_a_module_that_is_not_there(folder, run):
    write_csv("in.csv")
    (folder / "odd.pkl").write_bytes(b"cno_such_module\nModel\n.")
    code, _, said = run("predict", "in.csv", "--model", "odd.pkl", "--trust-pickle")
    assert code == 1 and "odd.pkl cannot be loaded here (No module named 'no_such_module')" in said
    assert "install what" in said


class Boom:
    """What a pickle does to whoever loads it."""

    def __reduce__(self):
        return (os.mkdir, ("boom",))


def test_a_pickle_asks_for_trust(folder, model):
    write_csv("in.csv")
    joblib.dump(Boom(), "boom.joblib")
    refused(process("predict", "in.csv", "--model", "boom.joblib"), "--trust-pickle")
    assert not os.path.exists("boom")
    joblib.dump(model, "model.joblib")
    done = process("predict", "in.csv", "--model", "model.joblib", "--trust-pickle")
    check(read_csv(done.stdout.decode()), model)


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["nofile.csv"], ["nofile.csv: No such file or directory: check the path"]),
        (["."], [".: Is a directory: choose another file"]),
        (["in.csv", "--output", "nofolder/out.csv"], ["nofolder does not exist: create it first"]),
        (["in.csv", "--model", "nofile.skops"], ["nofile.skops: No such file or directory"]),
        (["in.csv", "--encoding", "junk"], ["unknown encoding: junk"]),
        (["in.csv", "--encoding", "rot13"], ["give another --encoding"]),
        (["in.csv", "--encoding", "utf-16"], ["give --encoding utf-16-le"]),
    ],
)
def test_paths_and_encodings_that_are_not_there(run, arguments, words):
    write_csv("in.csv")
    code, _, said = run("predict", *arguments)
    assert code == 1 and said.count("\n") == 1
    for word in words:
        assert word in said, said


@pytest.mark.parametrize(
    "number, jobs, size",
    [(signal.SIGINT, "2", 3000), (signal.SIGTERM, "1", 100)],  # the latter is no whole block
)
def test_a_signal_leaves_no_partial_file(folder, number, jobs, size):
    """While pyarrow waits for more input, which does not come."""
    command = [sys.executable, "-m", "sknames", "predict", "-", "--jobs", jobs]
    command += ["--model", "model.skops", "--output", "out.csv"]
    options = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True}
    with subprocess.Popen(command, **options) as running:
        running.stdin.write(b"name,note\n" + (b"Kowalski," + b"x" * size + b"\n") * 15_000)
        running.stdin.flush()
        wait_for(lambda: n_unread(running.stdin) == 0)
        if size == 3000:
            wait_for(lambda: any(".part" in name for name in os.listdir()))
        (os.killpg if number == signal.SIGINT else os.kill)(running.pid, number)
        said = running.stderr.read().decode()
        running.wait(120)
        assert said.startswith("sknames: stopped: no output file was kept, and standard output is")
        assert running.returncode in (-number, 128 + number)
        wait_for(lambda: not is_group(running.pid))
    assert sorted(os.listdir()) == ["model.skops"]


def wait_for(condition):
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def n_unread(pipe):
    """Bytes in a pipe that nobody has read."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"    "))[0]


def is_group(number):
    """Whether there are still processes of a group."""
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_that_dies(run, monkeypatch):
    write_csv("in.csv")
    real = _workers._spread

    def kill(chunks, workers):
        for worker, _ in workers:
            worker.kill()
            worker.join()
        return real(chunks, workers)

    monkeypatch.setattr(_workers, "_spread", kill)
    code, _, said = run("predict", "in.csv", "--model", "model.skops", "--jobs", 2, "--output", "o")
    assert code == 1 and said.count("\n") == 1, said
    assert "exit code -9" in said and "give fewer --jobs" in said
    assert sorted(os.listdir()) == ["in.csv", "model.skops"]


def test_the_best_of_classes_of_no_probability():
    class Sure:
        classes_ = np.arange(3)

        def predict_proba(self, names):
            return np.array([[0, 1.0, 0]])

    indices, probabilities, whole = _workers.best(Sure(), ["Anna"], 3, True)
    assert indices.tolist() == [[1, 0, 2]] and probabilities.tolist() == [[1, 0, 0]]
    assert whole.tolist() == [[0, 1, 0]]


@pytest.mark.parametrize("said", [[], [ValueError("no model")]])
def test_a_process_that_ends_before_it_is_asked(said):
    """Not taken for the closed pipe of whoever reads the output."""

    class Process:
        exitcode = -9

        def join(self):
            pass

    ours, theirs = multiprocessing.Pipe()
    for error in said:
        theirs.send(error)
    theirs.close()
    expected = (ValueError, "no model") if said else (RuntimeError, "exit code -9")
    with ours, pytest.raises(expected[0], match=expected[1]):
        list(_workers._spread([("chunk", ["Anna"] * 100_000)], [(Process(), ours)]))


def test_an_error_of_a_process_is_that_of_the_command():
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        _workers._work(theirs, ("nofile.skops", False), 1, False)
        assert isinstance(ours.recv(), FileNotFoundError)


@pytest.mark.parametrize("missing", ["click", "pyarrow"])
def test_what_is_missing_is_named(missing):
    code = f"import sys; sys.modules[{missing!r}] = None; from sknames.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    refused(done, f"needs {missing}", "pip install 'sknames[cli]'")


def test_a_bar_on_a_terminal_only(folder, model):
    write_csv("in.csv")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    done = process("predict", "in.csv", "--output", "o.csv", capture_output=False, stderr=theirs)
    os.close(theirs)
    assert done.returncode == 0
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    assert " rows [" in said
    assert "7 rows: 5 predicted" in said


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="no such path on this system")
@pytest.mark.parametrize("command", ["predict", "shares"])
def test_a_file_under_standard_output_keeps_what_it_holds(folder, command):
    write_csv("in.csv")
    arguments = [command, "in.csv", "--model", "model.skops", "--output", "/dev/stdout"]
    with open("all.csv", "ab", buffering=0) as file:
        file.write(b"old\n")
        done = process(*arguments, capture_output=False, stdout=file, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert text_of("all.csv").startswith("old\n") and text_of("all.csv").count("\n") > 4


def test_a_failed_run_to_standard_output_does_not_look_whole(folder, capfdbinary):
    Path("in.jsonl").write_text('{"name": "Kim"}\n' * 3 + '{"name": 3}', encoding="utf-8")
    arguments = ["predict", "in.jsonl", "--model", "model.skops", "--format", "parquet"]
    assert cli.run(arguments) == 1
    out = capfdbinary.readouterr().out
    assert out.startswith(b"PAR1") and not out.endswith(b"PAR1")


# ---- Files that are not what they seem, and values that another format cannot hold


@pytest.mark.parametrize("name", ["in", "in.json", "in.jsonl"])
@pytest.mark.parametrize(
    "text",
    ['[\n {"name": "Anna"},\n {"name": "Bo"}\n]\n', '[{"name": "Anna"}]', '[["Anna"]]', "[]"],
)
def test_a_json_array_is_no_table(run, name, text):
    Path(name).write_text(text, encoding="utf-8-sig")
    code, _, said = run("predict", name, "--model", "model.skops", "--output", "out.csv")
    assert code == 1
    assert f"sknames: {name}: this is a JSON array: write one object a line" in said
    assert "jq -c '.[]'" in said
    assert not os.path.exists("out.csv")


def test_json_is_read_and_written_as_lines(run):
    Path("in.json").write_text('{"name": "Kowalski"}\n{"name": "Kim"}\n', encoding="utf-8")
    arguments = ["--model", "model.skops", "--output", "out.json"]
    assert run("predict", "in.json", *arguments)[0] == 0
    assert [json.loads(line)["name"] for line in text_of("out.json").splitlines()] == [
        "Kowalski",
        "Kim",
    ]
    write_csv("in.csv")
    assert run("predict", "in.csv", *arguments)[0] == 0
    assert json.loads(text_of("out.json").splitlines()[0])["id"] == "007"
    assert Path("out.json").stat().st_mode == Path("in.json").stat().st_mode
    assert run("predict", "in.csv", *arguments, "--format", "csv")[0] == 0  # whatever its name
    assert read_csv(text_of("out.json"))[1][:2] == ["007", "Yılmaz, Mehmet"]


@pytest.mark.parametrize("format", ["csv", "parquet"])
@pytest.mark.parametrize(
    "values, column",
    [
        ("123456789012345678901234567890", "x"),
        ('1 1 1 "b"', "x"),  # in the second chunk
        ("1 1 1 2.75", "x"),
        ("1.5 1.5 1.5 true", "x"),
        ("1.5 true", "x"),
        ('1 "b"', "x"),
        ("{}", "x"),
        ("[{}]", "x"),
        ('"\\ud800"', "x"),
        ("1", "\\ud800"),
    ],
)
def test_json_values_of_no_one_type(run, format, values, column):
    with open("in.jsonl", "w", encoding="utf-8") as file:
        for value in values.split():
            file.write(f'{{"name": "Kim", "{column}": {value}}}\n')
    code, _, said = run("predict", "in.jsonl", "--model", "model.skops", "--format", format)
    assert code == 1
    assert f"sknames: in.jsonl: the column '{column}' does not fit one type (" in said
    assert "give --format jsonl" in said
    assert run("predict", "in.jsonl", "--model", "model.skops")[0] == 0


@pytest.mark.parametrize("values", ['{"z":1} {"z":1} {"z":1} {"z":0.9}', "[1] [1] [1] [0.5]"])
def test_fractions_within_json_values_are_not_cut(run, values):
    test_json_values_of_no_one_type(run, "parquet", values, "x")


@pytest.mark.parametrize("later", ['{"a": 1, "b": 2}', '{"a": 1}', "null"])
@pytest.mark.parametrize("wrap", ["{}", "[{}, null]"])
def test_keys_of_json_objects_are_not_lost(run, later, wrap):
    with open("in.jsonl", "w", encoding="utf-8") as file:
        for value in [*['{"a": 1}'] * 3, later]:  # in the second chunk
            value = wrap.replace("{}", value)
            file.write(f'{{"name": "Kim", "x": {value}}}\n')
    code, _, said = run("predict", "in.jsonl", "--model", "model.skops", "--output", "out.parquet")
    if '"b"' in later:
        assert (
            code == 1 and "column 'x' does not fit one type (an object has a new key, 'b')" in said
        )
    else:
        assert code == 0
        (last,) = pa.parquet.read_table("out.parquet")["x"].slice(3).to_pylist()
        expected = json.loads(wrap.replace("{}", later))
        assert last == expected


@pytest.mark.parametrize("value", ["[" * 100_000 + "]" * 100_000, "1" * 5000])
def test_json_beyond_what_python_reads(run, value):
    Path("in.jsonl").write_text(f'{{"name": "x"}}\n{{"x": {value}}}', encoding="utf-8")
    code, _, said = run("predict", "in.jsonl", "--model", "model.skops")
    assert code == 1 and "in.jsonl: line 2 is beyond what can be read (" in said
    assert "simplify it, or take it out" in said


def test_a_column_too_deep_for_csv(run):
    value = "[" * 400 + "]" * 400
    Path("in.jsonl").write_text(f'{{"name": "x", "deep": {value}}}', encoding="utf-8")
    code, _, said = run("predict", "in.jsonl", "--model", "model.skops", "--format", "csv")
    assert code == 1 and "the column 'deep' holds list<" in said and len(said) < 300


def test_json_of_parquet_has_no_nan_at_any_depth(run):
    nan, inf = float("nan"), float("inf")
    table = pa.table(
        {
            "name": ["Kim"],
            "plain": [inf],
            "list": [[1.5, nan]],
            "struct": [{"x": -inf, "y": [inf, 2.5], "z": "a"}],
            "map": pa.array([[("k", nan)]], pa.map_(pa.string(), pa.float64())),
        }
    )
    pa.parquet.write_table(table, "in.parquet")
    _, out, _ = run("predict", "in.parquet", "--model", "model.skops", "--format", "jsonl")
    row = json.loads(out, parse_constant=pytest.fail)
    assert row["plain"] is None and row["list"] == [1.5, None]
    assert row["struct"] == {"x": None, "y": [None, 2.5], "z": "a"}
    assert row["map"] == [["k", None]]


@pytest.mark.parametrize("format", ["csv", "jsonl"])
@pytest.mark.parametrize(
    "type_",
    [
        pa.binary(),
        pa.large_binary(),
        pa.binary(2),
        pa.binary_view(),
        pa.list_(pa.binary()),
        pa.struct({"x": pa.list_(pa.large_binary())}),
        pa.dictionary(pa.int32(), pa.binary()),
    ],
)
def test_bytes_are_written_to_parquet_only(run, format, type_):
    value = b"\xff\xfe"
    if pa.types.is_nested(type_):
        value = [value] if pa.types.is_list(type_) else {"x": [value]}
    table = pa.table({"name": ["Kim"], "raw": pa.array([value], type_)})
    pa.parquet.write_table(table, "in.parquet")
    arguments = ["predict", "in.parquet", "--model", "model.skops"]
    code, out, said = run(*arguments, "--format", format)
    assert code == 1 and not out
    assert "sknames: in.parquet: the column 'raw' holds " in said and "binary" in said
    assert "give --format parquet" in said
    assert run(*arguments, "--output", "out.parquet")[0] == 0
    assert pa.parquet.read_table("out.parquet")["raw"].to_pylist() == [value]


@pytest.mark.parametrize("unit", ["s", "us"])
def test_durations_are_not_written_to_csv(run, unit):
    """They would be numbers whose unit is lost."""
    durations = pa.array([90], pa.duration(unit))
    pa.parquet.write_table(pa.table({"name": ["Kim"], "age": durations}), "in.parquet")
    arguments = ["predict", "in.parquet", "--model", "model.skops", "--format"]
    code, out, said = run(*arguments, "csv")
    assert code == 1 and not out
    assert f"in.parquet: the column 'age' holds duration[{unit}], which CSV has no way" in said
    assert "give --format jsonl or parquet" in said
    _, out, _ = run(*arguments, "jsonl")
    assert json.loads(out)["age"] == {"s": "0:01:30", "us": "0:00:00.000090"}[unit]


def test_nanoseconds_of_times_stay_in_json(run):
    times = pa.array([1_234_567_891_234, None], pa.time64("ns"))
    pa.parquet.write_table(pa.table({"name": ["Kim", "Bo"], "at": times}), "in.parquet")
    _, out, _ = run("predict", "in.parquet", "--model", "model.skops", "--format", "jsonl")
    found = [json.loads(line)["at"] for line in out.splitlines()]
    assert found == ["00:20:34.567891234", None]


def test_nanoseconds_of_times_within_others_are_an_error(run):
    times = pa.array([[1_234_567_891_234]], pa.list_(pa.time64("ns")))
    pa.parquet.write_table(pa.table({"name": ["Kim"], "at": times}), "in.parquet")
    code, _, said = run("predict", "in.parquet", "--model", "model.skops", "--format", "jsonl")
    assert code == 1 and "in.parquet: the column 'at' holds list<" in said
    assert "give --format parquet" in said


@pytest.mark.parametrize("unit, value", [("us", 6 * 10**17), ("ns", 1_234_567)])
def test_times_that_python_does_not_hold(folder, unit, value):
    """Nanoseconds are held by pandas, where it is installed."""
    times = pa.array([value], pa.timestamp(unit))
    pa.parquet.write_table(pa.table({"name": ["Kim"], "at": times}), "in.parquet")
    Path("pandas.py").write_text("raise ModuleNotFoundError", encoding="utf-8")
    done = process("predict", "in.parquet", "--model", "model.skops", "--format", "jsonl")
    refused(done, "in.parquet: the column 'at' holds timestamp[", "give --format parquet")


def test_text_of_other_types_in_csv(run):
    ids = pa.array([b"0" * 16], pa.uuid())
    table = pa.table({"name": pa.array(["Kim"], pa.string_view())})
    table = table.append_column("kind", pa.array(["a"]).dictionary_encode())
    pa.parquet.write_table(table, "in.parquet")
    arguments = ["predict", "in.parquet", "--model", "model.skops", "--format", "csv"]
    code, out, said = run(*arguments)
    assert code == 0 and read_csv(out)[1][:2] == ["Kim", "a"], said
    pa.parquet.write_table(table.append_column("id", ids), "in.parquet")
    code, _, said = run(*arguments)
    assert code == 1 and "in.parquet: the column 'id' holds extension<" in said
    assert "give --format jsonl or parquet" in said


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_equal_headers_are_written_to_csv_only(run, format):
    write_csv("in.csv", header=("note", "name", "note"))
    code, _, said = run("predict", "in.csv", "--model", "model.skops", "--output", f"out.{format}")
    assert code == 1 and "sknames: in.csv: 2 columns are 'note'" in said
    assert "rename the others, or give --format csv" in said
    assert not os.path.exists(f"out.{format}")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
@pytest.mark.parametrize("header", ["name", "name,id"])
def test_wide_encodings_must_be_given(run, encoding, header):
    rows = [header, header.replace("name", "Kowalski")]
    Path("in.csv").write_bytes("\n".join(rows).encode(encoding))
    code, out, said = run("predict", "in.csv", "--model", "model.skops")
    assert code == 1 and not out
    assert "sknames: in.csv: the header, read as utf-" in said and "holds NUL characters" in said
    assert "give the file's --encoding, e.g. --encoding utf-16-le" in said
    _, out, _ = run("predict", "in.csv", "--model", "model.skops", "--encoding", encoding)
    assert [",".join(row[: header.count(",") + 1]) for row in read_csv(out)] == rows


def test_nul_in_a_name_is_not_of_the_encoding(run):
    Path("in.csv").write_bytes(b"name\nKowal\0ski\n")
    code, out, said = run("predict", "in.csv", "--model", "model.skops")
    assert code == 0 and "Kowal\0ski" in out, said


def test_parquet_that_is_compressed_or_in_a_pipe(folder):
    pa.parquet.write_table(parquet_table(), "in.parquet")
    data = Path("in.parquet").read_bytes()
    Path("in.parquet.gz").write_bytes(gzip.compress(data))
    for name in ("in.parquet.gz", "/dev/stdin"):
        done = process("predict", name, "--model", "model.skops", input=data)
        assert done.returncode == 0, done.stderr
        assert pa.parquet.read_table(pa.BufferReader(done.stdout)).num_rows == 7


def test_a_path_that_is_not_utf_8(run):
    for suffix in ("csv", "jsonl", "parquet"):
        given = os.fsdecode(b"\xff.") + suffix
        try:
            Path(given).touch()
        except OSError:
            pytest.skip("this file system takes UTF-8 only")
        write_csv("in.csv")
        arguments = ["--model", "model.skops", "--output", given]
        assert run("predict", "in.csv", *arguments)[0] == 0
        arguments = ["--model", "model.skops", "--output", "out.csv", "--prefix", "again_"]
        code, _, said = run("predict", given, *arguments)
        assert code == 0 and said.startswith("7 rows: 5 predicted"), said


def test_one_column_with_a_late_delimiter(run, model):
    names = ["Kim"] * 1500 + ["Yılmaz, Mehmet", "a;b\tc|d"]
    Path("in.csv").write_text("\n".join(["name", *names]), encoding="utf-8")
    code, out, said = run("predict", "in.csv", "--model", "model.skops")
    assert code == 0, said
    assert [row[0] for row in read_csv(out)[1:]] == names

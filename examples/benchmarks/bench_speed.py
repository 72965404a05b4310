"""Compare the speed of sknames with torch's recurrent nets, linear models and the machine's limit.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_speed.py --ten-million``: it prints a
Markdown report and takes some 20 minutes. ``--quick`` tries all of it on tiny sizes in two minutes;
ignore its figures. ``--sections`` runs some of the sections.

The timed code is in ``speed/``: the sections in ``prediction.py``, ``training.py``, ``serving.py``
and ``encoding.py``, our models in ``ours.py``, and others in ``rivals.py``.
"""

import argparse
import os
import sys
import time
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

from speed.encoding import encode
from speed.measuring import threads
from speed.ours import Data
from speed.prediction import hidden, million, predict, strings, two_threads
from speed.report import report, section_text
from speed.serving import cold, growth, latency, plot
from speed.training import blog, fit, train

from tools.measuring import some_of

SECTIONS = {
    function.__name__: function
    for function in (predict, strings, million, train, blog, fit, latency, cold, encode)
} | {"threads": two_threads, "growth": growth, "hidden": hidden}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sections", type=some_of(SECTIONS), default=[*SECTIONS], help=",".join(SECTIONS)
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to try the script")
    parser.add_argument("--ten-million", action="store_true", help="grow to 10M names")
    parser.add_argument("--output", type=Path, help="Markdown file to write the report to")
    parser.add_argument("--plot", type=Path, help="image of names/s against names (growth)")
    args = parser.parse_args()

    texts, found, load_before = [], {}, os.getloadavg()[0]
    with threads(1), warnings.catch_warnings(), TemporaryDirectory() as folder:
        warnings.simplefilter("ignore", UserWarning)  # LogisticRegression's iterations
        data = Data(folder, args.quick, args.ten_million)
        for name in args.sections:
            start = time.perf_counter()
            header, rows, more = SECTIONS[name](data)
            print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
            found |= more
            texts.append(section_text(SECTIONS[name], name, header, rows))
            if name == "growth" and args.plot:
                plot(args.plot, rows)
    options = f" --sections {','.join(args.sections)}" if len(texts) < len(SECTIONS) else ""
    options += " --quick" * args.quick + " --ten-million" * args.ten_million
    text = report(data, options, load_before, found, texts)
    print(text)
    if args.output:
        args.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

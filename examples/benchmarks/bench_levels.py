"""How often regions are right instead of nationalities, and what known words say of a prediction.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_levels.py --cache folder``, with the
sources of the shipped model in SKNAMES_DATA and the --cache of held_out.py. It prints tables in
Markdown: of people whose whole names were held out, and of names whose words were, too. Countries
are not measured: these labels are nationalities.
"""

import argparse
from pathlib import Path

import numpy as np

from sknames import predict_names
from sknames._priors.priors import exchange_priors
from sknames.pretrained._load_pretrained import read
from tools.measuring import machine, population_priors, table
from tools.retrain.card import LEVELS, hits_by_level
from tools.retrain.held_out import scores_of, split
from tools.retrain.risk_coverage import weights_of

TESTS = {"people": "people", "words": "names of unknown words"}


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True, help="of held_out.py")
    args = parser.parse_args()
    print(f"- {machine()}\n")
    classes, scores, _ = scores_of("ours", args.cache)
    parts, population = split(args.cache), population_priors(classes)
    model = read(args.cache / "ours-0")
    uniform = np.full(len(classes), 1 / len(classes))
    by_level, by_words = [], []
    for test, title in TESTS.items():
        names, labels = parts[test][:2]
        labels = labels.astype(str)
        weights = weights_of(labels, classes, population)
        proba = exchange_priors(scores[test]["as_written"], uniform, population)
        hits = hits_by_level(proba, labels, classes)
        accuracies = [np.average(hits[level], weights=weights) for level in LEVELS]
        by_level.append([title, f"{len(labels):,}", *(f"{value:.3f}" for value in accuracies)])
        known = np.minimum(predict_names(model, names.tolist(), known_words=True).known_words, 2)
        for n in range(3):
            some = known == n
            if some.any():
                accuracy = np.average(hits["nationality"][some], weights=weights[some])
                row = [title, f"{n}" + " or more" * (n == 2), f"{some.sum():,}", f"{accuracy:.3f}"]
                by_words.append(row)
    print("Accuracy, of nationalities as frequent as the default priors say.\n")
    print(table(["", "n", *LEVELS], by_level), end="\n\n")
    print(table(["", "known words", "n", "accuracy"], by_words))


if __name__ == "__main__":
    main()

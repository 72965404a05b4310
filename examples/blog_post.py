"""Train the two nets of the blog post that sknames grew out of, as settings of sknames.

One-hot characters, hidden size 256, Adam, one name at a time, two epochs, on the 20,070 encodable
lines of the PyTorch tutorial's names, split at random into 18,063 and 2,007. The blog
reached 0.722 with its RNN and 0.814 with its GRU. The split leaks (names are repeated, 2,000
Arabic lines are 108 names), so the figures serve only to compare with the blog's.

Run ``python examples/blog_post.py``: it downloads the names at first use and takes some minutes.
``examples/benchmarks/bench_blog_post.py`` compares these nets with a plain torch loop.
"""

import string
import time

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier
from sknames.datasets import fetch_names

ALPHABET = string.ascii_letters + " .,:;-'"

# Everything that the blog did not have is switched off.
plain = {
    "hidden_size": 256,
    "embedding_dim": None,
    "ngram_range": None,
    "regularization": 0,
    "logit_adjustment": 0,
    "dropout": 0,
    "lr": 0.001,
    "batch_size": 1,
    "max_epochs": 2,
    "random_state": 0,
    "verbose": 1,
}
nets = {
    "RNN": NameNationalityClassifier(cell="sigmoid_rnn", **plain),
    "GRU": NameNationalityClassifier(cell="gru", num_layers=2, **plain),
}


def split_names():
    """Return the encoder, names and languages to train on, and those to test on."""
    bunch = fetch_names(raw=True)
    encoder = CharEncoder(clean=False, alphabet=ALPHABET, lowercase=False).fit(bunch.data)
    encodable = ~(encoder.transform(bunch.data) == encoder.unknown_code_).any(axis=1)
    names, languages = bunch.data[encodable], bunch.target[encodable]
    train_names, test_names, train_languages, test_languages = train_test_split(
        names, languages, test_size=0.1, stratify=languages, random_state=42
    )
    return encoder, train_names, train_languages, test_names, test_languages


def main():
    """Train both nets and print their accuracy."""
    encoder, train_names, train_languages, test_names, test_languages = split_names()
    print(f"{len(train_names)} names to train on, {len(test_names)} to test")
    for name, net in nets.items():
        start = time.perf_counter()
        pipeline = Pipeline([("encode", encoder), ("classify", net)])
        pipeline.fit(train_names, train_languages)
        accuracy = np.mean(pipeline.predict(test_names) == test_languages)
        print(f"{name}: accuracy {accuracy:.3f} after {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()

"""Train the two nets of the blog post "PyTorch RNN from Scratch" with sknames.

The post, https://jaketae.github.io/study/pytorch-rnn/, follows PyTorch's tutorial "NLP
From Scratch: Classifying Names with a Character-Level RNN". Its nets are reproduced by
parameters of sknames: one-hot characters, hidden size 256, Adam, one name at a time,
two epochs, on the 20,070 encodable lines of the tutorial's names, split at random into
18,063 and 2,007. The post reports accuracies of 0.722 for its RNN and 0.814 for its
GRU. The split leaks (names are repeated; 2,000 Arabic lines are 108 names), so the
accuracies can only be compared with those of the post.

Run ``python examples/blog_post.py``. It downloads the names at first use, takes a few
minutes, and draws the two figures of the tutorial: ``blog_post_loss.png`` and
``blog_post_confusions.png``. ``examples/benchmarks/bench_blog_post.py`` compares these
nets with a plain torch loop.
"""

import string
import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline

from sknames import CharEncoder, NameNationalityClassifier
from sknames.datasets import fetch_names

ALPHABET = string.ascii_letters + " .,:;-'"

# All features that the post's nets do not have are switched off.
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
    """Return the encoder, training names, their languages, and the same for testing."""
    bunch = fetch_names(raw=True)
    encoder = CharEncoder(clean=False, alphabet=ALPHABET, lowercase=False).fit(
        bunch.data
    )
    encodable = ~(encoder.transform(bunch.data) == encoder.unknown_code_).any(axis=1)
    names = bunch.data[encodable]
    languages = bunch.target[encodable]
    train_names, test_names, train_languages, test_languages = train_test_split(
        names, languages, test_size=0.1, stratify=languages, random_state=42
    )
    return encoder, train_names, train_languages, test_names, test_languages


def draw(fitted, names, languages):
    """Draw each net's loss during training, and its confusion matrix on test names."""
    figure, axes = plt.subplots(layout="constrained")
    for title, pipeline in fitted.items():
        losses = np.array(
            pipeline["classify"].net_.history[:, "batches", :, "train_loss"]
        )
        means = [part.mean() for part in np.array_split(losses.ravel(), 50)]
        axes.plot(np.linspace(0, len(losses), len(means)), means, label=title)
    axes.set(xlabel="epoch", ylabel="loss, mean of a fiftieth of the names")
    axes.legend()
    figure.savefig("blog_post_loss.png")
    figure, row = plt.subplots(1, len(fitted), figsize=(15, 7), layout="constrained")
    for axes, (title, pipeline) in zip(row, fitted.items(), strict=True):
        ConfusionMatrixDisplay.from_predictions(
            languages,
            pipeline.predict(names),
            normalize="true",
            include_values=False,
            xticks_rotation="vertical",
            im_kw={"vmin": 0, "vmax": 1},
            ax=axes,
        )
        axes.set_title(title)
    figure.savefig("blog_post_confusions.png")


def main():
    """Train both nets, print their accuracy and draw them."""
    encoder, train_names, train_languages, test_names, test_languages = split_names()
    print(f"{len(train_names)} training names, {len(test_names)} test names")
    fitted = {}
    for name, net in nets.items():
        start = time.perf_counter()
        pipeline = Pipeline([("encode", encoder), ("classify", net)])
        fitted[name] = pipeline.fit(train_names, train_languages)
        accuracy = np.mean(pipeline.predict(test_names) == test_languages)
        print(
            f"{name}: accuracy {accuracy:.3f} after {time.perf_counter() - start:.0f} s"
        )
    draw(fitted, test_names, test_languages)


if __name__ == "__main__":
    main()

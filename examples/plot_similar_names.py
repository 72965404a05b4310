"""
Similar names
=============

`NameEncoder` gives similar features to names that the shipped model classifies alike,
and n-grams give similar features to names that are spelled alike. Together they find
variants of a name: other endings, another romanisation, another script.
"""

import matplotlib.pyplot as plt
import numpy as np
from anyascii import anyascii
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_union

from sknames import NameEncoder, spelling_groups
from sknames.datasets import load_names

# %%
# Find the nearest neighbours of some surnames among those in the package.

names = load_names()
surnames = names.data[names.part != "given"]
_, first = np.unique(spelling_groups(surnames), return_index=True)
surnames = surnames[first]
ngrams = TfidfVectorizer(
    analyzer="char_wb",
    ngram_range=(1, 3),
    preprocessor=lambda name: anyascii(name).lower(),
)
encoder = make_union(NameEncoder(), ngrams)
search = NearestNeighbors(n_neighbors=6).fit(encoder.fit_transform(surnames))
some = ["Schmidt", "Yılmaz", "Nakamura", "Papadopoulos", "Andersen", "Hovhannisyan"]
for name, near in zip(some, search.kneighbors(encoder.transform(some))[1], strict=True):
    print(f"{name:<13} {', '.join(other for other in surnames[near] if other != name)}")

# %%
# A list may contain a person in several spellings. Spellings that differ only in case,
# diacritics and white space are in the same group of `spelling_groups`. Other
# romanisations can be found by the distance between features. The nearest pairs are
# only candidates: Oleksandr is another name than Aleksandr.

people = [
    "Aleksandr Ivanov", "Alexander Ivanov", "Александр Иванов", "Oleksandr Ivanov",
    "Mohammed Al-Sayed", "Mohamed El Sayed", "Jürgen Müller", "Juergen Mueller",
    "Katarzyna Wójcik", "KATARZYNA WOJCIK", "Seán O’Brien", "Sean O'Brien",
    "Yuki Tanaka", "Giulia Rossi", "Juan García",
]  # fmt: skip
distance = pairwise_distances(encoder.transform(people))
pairs = np.argwhere(np.triu(distance < 1.6, k=1))
for i, j in sorted(pairs.tolist(), key=lambda pair: distance[tuple(pair)]):
    print(f"{distance[i, j]:.1f}  {people[i]} - {people[j]}")

# %%
# Plot all distances: dark squares are candidates.

figure, axis = plt.subplots(figsize=(7, 6), layout="constrained")
image = axis.imshow(distance)
axis.set_xticks(range(len(people)), people, rotation=90)
axis.set_yticks(range(len(people)), people)
axis.set_title("Distances between names")
figure.colorbar(image, shrink=0.8, label="Euclidean distance")

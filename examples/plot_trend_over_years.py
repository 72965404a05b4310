"""
A trend over years
==================

Estimate the shares of nationalities in each year of a journal, with intervals that
account for papers with several authors, and compare the first years with the last.

The journal is made up, so that the truth is known: 60 papers a year, by four authors
each. In ten years, the share of Chinese authors rises from 10 % to 40 %, the share of
German authors falls from 50 % to 20 %, and the shares of Italian and Turkish authors
stay at 15 and 25 %. The names are from the training data of the model: on real names,
errors are larger.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import sknames
from sknames.datasets import make_names

LABELS = np.array(["Chinese", "German", "Italian", "Turkish"])
FIRST = np.array([0.10, 0.50, 0.15, 0.25])
LAST = np.array([0.40, 0.20, 0.15, 0.25])
YEARS = np.arange(2016, 2026)
N_PAPERS = 60
N_AUTHORS = 4
ALIKE = 0.7  # share of authors who have the nationality of their paper

# %%
# Most authors of a paper are from the same place. So 240 authors of 60 papers are less
# informative about the journal than 240 people who were drawn independently.

rng = np.random.default_rng(0)
rows = []
mix_of_year = {}
for year, weight in zip(YEARS, np.linspace(0, 1, len(YEARS)), strict=True):
    mix = (1 - weight) * FIRST + weight * LAST
    mix_of_year[year] = mix
    for paper in range(N_PAPERS):
        home = rng.choice(LABELS, p=mix)
        authors = rng.choice(LABELS, p=mix, size=N_AUTHORS)
        authors[rng.random(N_AUTHORS) < ALIKE] = home
        rows += [(year, f"{year}-{paper}", label) for label in authors]
table = pd.DataFrame(rows, columns=["year", "paper", "truth"])
for label in LABELS:
    is_label = table["truth"] == label
    names, _ = make_names(is_label.sum(), nationalities=[label], random_state=0)
    table.loc[is_label, "name"] = names
print(table.head(4).to_string())

# %%
# Each year is a separate list. `clusters` identifies the paper of each name. Without
# clusters, the intervals are too narrow: they miss the true shares more often.

model = sknames.load_pretrained()
names, years = table["name"], table["year"]
by_paper = sknames.estimate_shares(
    model, names, by=years, clusters=table["paper"], random_state=0
)
by_name = sknames.estimate_shares(model, names, by=years, random_state=0)

for title, shares_of_year in (("by paper", by_paper), ("by name", by_name)):
    n_covered = 0
    widths = []
    for year, shares in shares_of_year.items():
        for label, true_share in zip(LABELS, mix_of_year[year], strict=True):
            row = shares[label]
            n_covered += row.low <= true_share <= row.high
            widths.append(row.high - row.low)
    print(
        f"Intervals {title}: {n_covered} of {len(widths)} cover the true share; mean "
        f"width {np.mean(widths):.1%}."
    )

# %%
# Plot a line with a band for each label. The dashed lines are the truth.

frame = by_paper.to_frame().set_index("year")
true_mix = pd.DataFrame(mix_of_year, index=LABELS).T
fig, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
for label, of_label in frame[frame["label"].isin(LABELS)].groupby("label"):
    (line,) = ax.plot(of_label["share"], ".-", label=label)
    ax.fill_between(of_label.index, of_label["low"], of_label["high"], alpha=0.2)
    ax.plot(true_mix[label], "--", color=line.get_color())
ax.set(title="Authors of a made-up journal, by their names", ylabel="share")
ax.yaxis.set_major_formatter("{x:.0%}")
ax.legend()

# %%
# Did the shares change? Compare two periods, not ten years with each other: of 20
# comparisons without a true difference, one is "sure" by chance. `same_source=True` is
# appropriate for years of one journal.

early = table[table["year"] <= YEARS[2]]
late = table[table["year"] >= YEARS[-3]]
shares_before = sknames.estimate_shares(
    model, early["name"], clusters=early["paper"], random_state=0
)
shares_after = sknames.estimate_shares(
    model, late["name"], clusters=late["paper"], random_state=0
)
print(shares_after.compare(shares_before, same_source=True))

# %%
# Report the shares of both periods, the difference with its interval, that these are
# shares of names, and the version of the package. A trend does not show its cause, and
# says nothing about a single author.

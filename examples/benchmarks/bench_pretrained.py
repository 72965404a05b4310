"""How accurate the recipe of the shipped model is on names whose parts it has never seen.

Run ``SKNAMES_DATA=folder python examples/benchmarks/bench_pretrained.py --cache folder``, with the
wheel of name2nat and Scid's file of players in SKNAMES_DATA. Three times it trains the recipe and
two linear models without the held-out names, for some hours on one core, prints the model card in
Markdown, and writes the figures to card.json in sknames/pretrained/nationality. ``--folds 1
--models ours,svm`` is the shortest run; the card says what was run. What --cache has is not run
again; empty it after a change. The new model must be in that folder before, with its digests.
"""

import argparse
from collections import Counter
from pathlib import Path

import bench_scripts
import numpy as np
from bench_levels import hits_by_level
from common import (
    LINEAR,
    SVM_SCALE,
    differences,
    estimate_mix,
    machine,
    population_priors,
    svm_probabilities,
    table,
    top_3_hits,
)
from held_out import MADE, ONE_OF, PER_NATIONALITY, SPELLINGS, scores_of, split
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_limits

from sknames import load_pretrained
from sknames.datasets import load_names
from sknames.metrics import expected_calibration_error
from tools.retrain import files, recipe
from tools.retrain.chess_players import read_chess_players
from tools.retrain.tables import read_table

FOLDS = 3  # so often, each time others
PEOPLE = [f"full name, {source}" for source in recipe.MOST_PEOPLE]
KINDS = [*PEOPLE, "full name, made", "surname", "given name", "native script"]
FEW = 1_000  # people are few to learn a nationality from

SHORT = {"ours": "sknames", "svm": "LinearSVC", "logreg": "LogisticRegression"}
MODELS = {"ours": "**sknames, the recipe of the shipped model**"}
MODELS |= {key: title for key, (title, _) in LINEAR.items()}
N_RESAMPLES = 200  # for the interval of the calibration error


# ---- Statistics


def figures(y, scores, classes, has_probabilities):
    """Accuracy, macro-F1 over the nationalities tested, top-3; of probabilities, loss and error."""
    predicted = classes[scores.argmax(axis=1)]
    found = {
        "accuracy": float(np.mean(predicted == y)),
        "macro_f1": macro_f1(y, predicted),
        "top_3": float(top_3_hits(scores, y, classes).any(axis=1).mean()),
    }
    if has_probabilities:
        found["log_loss"] = float(losses(y, scores, classes).mean())
        found["calibration_error"] = expected_calibration_error(y, scores, labels=classes)
        rng = np.random.RandomState(0)
        rows = [rng.randint(len(y), size=len(y)) for _ in range(N_RESAMPLES)]
        errors = [expected_calibration_error(y[r], scores[r], labels=classes) for r in rows]
        found["calibration_error_interval"] = np.quantile(errors, [0.025, 0.975]).tolist()
    return found


def losses(y, scores, classes):
    return -np.log(scores[np.arange(len(y)), np.searchsorted(classes, y)])


def by_nationality(y, predicted):
    found = {}
    for nationality in np.unique(y).tolist():
        hits = int(np.sum((y == nationality) & (predicted == nationality)))
        n, n_predicted = int(np.sum(y == nationality)), int(np.sum(predicted == nationality))
        found[nationality] = {
            "n": n,
            "recall": hits / n,
            "n_predicted": n_predicted,
            "precision": hits / n_predicted if n_predicted else None,
        }
    return found


def macro_f1(y, predicted):
    """Over the nationalities tested."""
    return float(f1_score(y, predicted, labels=np.unique(y), average="macro"))


def by_mix(y, probabilities, classes):
    """Figures of one list of people under several suppositions of how frequent classes are."""
    true = np.bincount(np.searchsorted(classes, y), minlength=len(classes)) / len(y)
    estimated, root = estimate_mix(probabilities), population_priors(classes)
    bearers = root**2
    # As if nationalities were as frequent among the names as in the world.
    weights = (bearers / np.maximum(true, 1 / len(y)))[np.searchsorted(classes, y)]
    found = {}
    for name, mix in {
        "equal": np.ones(len(classes)),
        "population, square root": root,
        "population": bearers,
        "estimated": estimated,
        "true": true,
    }.items():
        scores = probabilities * mix
        hits = classes[scores.argmax(axis=1)] == y
        f = figures(y, scores, classes, False)
        found[name] = f | {"accuracy_in_the_world": float(np.average(hits, weights=weights))}
    return found, float(np.abs(estimated - true).sum())


def by_decade(names, y, hits, born):
    """n and the share that is right, by the decade of birth of the players who have one."""
    years = np.array([born.get(row, np.nan) for row in zip(names, y, strict=True)], dtype=float)
    decades, found = years // 10 * 10, {}
    for decade in np.unique(decades[~np.isnan(decades)]).astype(int).tolist():
        rows = decades == decade
        shares = {key: float(hit[rows].mean()) for key, hit in hits.items()}
        found[f"{decade}s"] = {"n": int(rows.sum()), "recall": shares}
    return found


def birth_years(names, nationalities, years):
    """{(name, nationality): year}, of the players whose name is one person's."""
    rows = [*zip(names, nationalities, strict=True)]
    n = Counter(rows)
    return {
        row: year
        for row, year in zip(rows, years.tolist(), strict=True)
        if n[row] == 1 and not np.isnan(year)
    }


# ---- The card


REPORT = """# Model card of `sknames.load_pretrained()`

**Wrong for every third name whose words are all new**, and more often for some nationalities: read
your rows of [By nationality](#by-nationality). It must not decide about a person.

Printed by `python examples/benchmarks/bench_pretrained.py{options}` on {machine}. The same figures
are in `sknames.pretrained.load_card()`.

## What it is

A `Pipeline` of `CharEncoder` ({n_characters} characters in lower case) and
`NameNationalityClassifier`: a GRU of {hidden_size} units, {n_ngrams:,} n-grams and {n_words:,}
words. It takes surnames, given names and full names in either order. It has {n_classes}
nationalities, listed in [By nationality](#by-nationality).

A nationality here is where a name is common. Austrian names are German. Brazilian ones are
Portuguese, and most other Latin American ones Spanish. Names of all Arabic-speaking countries are
Arabic, Welsh ones English, Montenegrin ones Serbian, and Burundian ones Rwandan.

**Missing**: every other nationality. Its names get one of the {n_classes}, sometimes with high
confidence.

- {no_such} These
  countries and New Zealand have names of several origins, and no class of their own: the answer
  is one of the origins.
- `load_nationalities` lists the United States, Canada, Australia and New Zealand under English,
  Argentina under Spanish, and Singapore under Chinese and Malaysian. Belgium is under Dutch and
  French, Switzerland under German, French and Italian.
- Dropped, because of low recall or because they hurt other classes: {tried}.

**The model of countries**, `load_pretrained("country")`, is a head on this one. Its card is
`load_card("country")`, and [countries](../examples/benchmarks/results/countries.md) has figures.

## What it must not be used for

- Do not decide about a person: hiring, credit, housing, asylum, policing.
- Do not guess at someone's ethnicity, religion or citizenship.
- Do not measure a group without the error of its nationalities, below.

A name does not show who bears it: people migrate, marry, are adopted and choose. Use the model for
statistics of names, for a greeting where a wrong guess does no harm, and for research. More:
[responsible use](responsible_use.md).

## What it learned from

{n_names:,} names ({n_distinct:,} distinct):

- the lists of `load_names(script="all")`, and full names made of them;
- {n_biographies:,} names of biographies, at most {max_biographies:,} of a nationality;
- {n_players:,} more of chess players, at most {max_players:,} of a nationality;
- some of these again as lists and forms write them: last word first, initials, letters only;
- all with diacritics or in a native script again in ASCII;
- a third of the people again in the script of their nationality, and most in another script;
- these as Wikidata spells the whole name or its words, and otherwise by rules for sounds;
- people in Han: Japanese ones from a dictionary of names, Chinese ones from a dictionary of words.

What to know about them:

- The biographies' labels come from categories of the English Wikipedia and are often wrong.
- The players are mostly men. A player's federation need not be where the name is common:
  immigrants and minorities are in every nationality.
- From lists alone: {lists_alone}. Their full names are made at random, and real ones may be
  harder.
- From fewer than {few:,} people, so least sure: {few_people}.
- From people's full names alone: {people_alone}.

Nationalities have different numbers of names. Training corrects for it, so
`load_pretrained(priors="uniform")` assumes that all are equally frequent. All figures here are of
that model, except those in [Other scripts](#other-scripts) and [Frequencies](#frequencies), which
state their priors.

## Licences

This is what we know. It is not legal advice.

| | licence | in the package |
|---|---|---|
| code, figures of this card | BSD-3-Clause | yes |
| weights | BSD-3-Clause by us; see below for their sources | yes |
| `load_names`: the lists inside Faker 40.63.0 and Mimesis 22.2.0 | MIT | yes |
| `load_names`: lists written by hand | BSD-3-Clause | yes |
| `population.csv`: rough numbers after Ethnologue, UN, Wikipedia | BSD-3-Clause | yes |
| biographies: name2nat 0.5.1, from the English Wikipedia | Apache-2.0 | no |
| chess players: Scid's Player Data, from FIDE's rating lists | GPL-2.0 or later | no |
| Japanese names: enamdict of the EDRDG | CC BY-SA 4.0 | no |
| Chinese names: the dictionary of jieba 0.42.1 | MIT | no |
| how other scripts spell names: pairs of Merhav and Ash from Wikidata | CC0 1.0 | its words |
| the same: the names in rigour 1.2.0, from Wikidata | MIT, CC0 1.0 | its words |
| simplified and traditional characters: OpenCC | Apache-2.0 | no |
| how scripts of India spell names: ICU | Unicode License | no |
| `fetch_names`: the PyTorch tutorial's names, practical-pytorch | MIT | no, downloaded |

- BSD-3-Clause and MIT allow commercial use if you keep the notices. `LICENSES/NOTICE.txt` has all
  sources.
- The weights are numbers for n-grams of up to five characters and for words. They hold no list, but
  a word can be tested for whether it was among the training names.
- We do not know whether the licence of a list also covers weights that were learned from it. We
  know of no rule that settles this everywhere. Judge it yourself before commercial use.
- `python -m tools.retrain --lists-only` trains weights from the lists alone.
  They know 57 nationalities and are less accurate.

## Held-out names

These figures are for names with no word seen in training, except particles such as *van* or *bin*.
On names with familiar words the model does better.

- One in {one_of} words of names is held out, by a hash{times}.
- The models here were trained without any name that has such a word: {n_kept:,} names are left.
- They are tested on names of held-out words only: at most {per_nationality} full names of people of
  each nationality and source, and the names of the lists. Made names fill up to {made}.
- All figures are over the {n:,} names{of_folds}. The n-gram weights have four bits, as the shipped
  ones have. {models_run}{untested}

{overall}

Accuracy by kind and source of name:

{kinds}

{paired_title}

{paired}

Accuracy is {subregion:.4f} for subregions and {region:.4f} for regions
([GroupedClassifier](predict.md#countries-and-regions)).

Accuracy on full names is {turned:.4f} with the last word first ("Surname Given") instead of
{straight:.4f}. Case makes no difference.

All models here read names as written. Accuracy on names with diacritics or in a native script, as
written and in ASCII:

{in_ascii}

## Other scripts

A name in a script other than Latin is read twice: as written, and in Latin letters. A table says
what foreign words spell. {n_in_scripts} people of public life, written by hand, show what a script
does to an answer. *Locals* have a nationality that writes in the script. *Foreigners* are spelled
as an encyclopedia in that script spells them. A model that reads only the script would be right on
most locals, and on no foreigner.

No spelling of these people was learned, but most of their words were. So compare the columns, and
do not read the accuracies as those of ordinary people. "Withheld" is the share without an answer by
`load_pretrained(abstain=True)`. These figures have its default priors.

{scripts}

Locals in Cyrillic, where six nationalities share most letters:

{cyrillic}

## Decades

Chess players by decade of birth, if known. Decades differ in their nationalities, too:

{decades}

## Frequencies

Accuracy on the {n_people:,} full names of people depends on the assumed frequencies, the priors.

- "Population" is a rough number of people with such names (`sknames/_priors/population.csv`).
  `load_pretrained()` assumes its square root.
- "Estimated" is the mix found from the names alone, "true" that of their labels.
- The last column weighs each nationality by its population.
- The mix here is flatter than that of most lists, where the priors matter more.{svm_note}

{mixes}

{mix_errors}

## By nationality

"Made" counts test names that were made from the lists.

{by_nationality}

## Confusions

The most frequent of the {n_wrong:,} wrong predictions among {n:,}:

{confusions}
"""
NO_SUCH = (
    "There is no American, Argentine, Australian, Belgian, Canadian, Singaporean or Swiss name. "
    "Of South African names there are only Zulu ones."
)


def listing(items):
    return ", ".join(items) or "none"


def tried():
    """The demonyms that were tried as nationalities and left out."""
    rows = read_table("demonyms.csv")
    return [row["demonym"] for row in rows if row["reason"].startswith("tried")]


def learned(names, nationalities, lists, sources):
    """What the training names are of: numbers of names, and the nationalities known least."""
    rows, seen, n_learned = set(zip(names, nationalities, strict=True)), set(), {}
    n_people = Counter()
    for source, names_of in sources.items():
        pairs = {(name, label) for label, found in names_of.items() for name in found}
        new = pairs & rows - seen
        seen |= new
        n_learned[source] = len(new)
        n_people.update(label for _, label in new)
    listed = set(lists.target_names)
    return {
        "n_names": len(names),
        "n_distinct": len(rows),
        "n_names_of_people": n_learned,
        "n_names_by_nationality": dict(sorted(Counter(nationalities).items())),
        "from_lists_alone": sorted(listed - n_people.keys()),
        "from_few_people": {k: n for k, n in sorted(n_people.items()) if n < FEW},
        "from_people_alone": sorted(n_people.keys() - listed),
    }


def measure(results, tests, born, known):
    """All figures, as the card has them.

    Parameters
    ----------
    results : dict of list
        What `scores_of` returned for each fold, by model.
    tests : list of tuple
        What `held_out_split` returned to test on, for each fold.
    born : dict
        Of `birth_years`.
    known : dict
        Of `learned`.
    """
    folds = np.repeat(np.arange(len(tests)), [len(test[0]) for test in tests])
    names, y, kinds = (np.concatenate([test[k] for test in tests]) for k in range(3))
    y, kinds = y.astype(str), kinds.astype(str)
    classes = results["ours"][0][0]
    straight, found, right = {}, {}, {}
    for key, runs in results.items():
        assert all(np.array_equal(run[0], classes) for run in runs)
        scores = {k: np.concatenate([run[1][k] for run in runs]) for k in SPELLINGS}
        right[key] = {k: classes[of.argmax(axis=1)] == y for k, of in scores.items()}
        straight[key] = scores["as_written"]
        found[key] = figures(y, straight[key], classes, key != "svm")
        found[key]["minutes"] = float(np.mean([run[2] for run in runs]))
    predicted = {key: classes[scores.argmax(axis=1)] for key, scores in straight.items()}
    hits = {key: right_of["as_written"] for key, right_of in right.items()}

    by_kind = {
        kind: {"n": int(rows.sum())}
        | {"accuracy": {key: float(hit[rows].mean()) for key, hit in hits.items()}}
        for kind in KINDS
        if (rows := kinds == kind).any()
    }
    differ = []
    for key in [key for key in LINEAR if key in results]:
        pair = [hits[k] for k in ("ours", key)]
        differ.append([f"accuracy, to {SHORT[key]}", *differences(*pair, folds)])
        pair = [
            [macro_f1(y[folds == k], predicted[m][folds == k]) for k in range(len(tests))]
            for m in ("ours", key)
        ]
        differ.append([f"macro-F1, to {SHORT[key]}", *differences(*pair)])
        if "log_loss" in found[key]:
            pair = [losses(y, straight[k], classes) for k in ("ours", key)]
            differ.append([f"log loss, to {SHORT[key]}", *differences(*pair, folds)])

    people = np.isin(kinds, PEOPLE)
    mixes, mix_errors = {}, {}
    # Not LogisticRegression: it supposes the frequencies of its training names.
    for key in [key for key in ("ours", "svm") if key in results]:
        scores = straight[key][people]
        probabilities = svm_probabilities(scores) if key == "svm" else scores
        mixes[key], mix_errors[key] = by_mix(y[people], probabilities, classes)
    players = kinds == PEOPLE[1]
    decades = by_decade(
        names[players], y[players], {key: hit[players] for key, hit in hits.items()}, born
    )
    full = np.char.startswith(kinds, "full")
    is_native = kinds == "native script"
    is_ascii = np.array([name.isascii() for name in names])
    ours = by_nationality(y, predicted["ours"])
    n_made = Counter(y[kinds == "full name, made"].tolist())
    for nationality, row in ours.items():
        row["n_made"] = n_made[nationality]
    missed = ~hits["ours"]
    wrong = Counter(zip(y[missed].tolist(), predicted["ours"][missed].tolist(), strict=True))
    return {
        "nationalities": classes.tolist(),
        "learned_from": ", ".join(
            ["load_names(script='all')", "make_names"]
            + [f"at most {n:,} {source} a nationality" for source, n in recipe.MOST_PEOPLE.items()]
        ),
        **known,
        "missing": f"Every other nationality; its names are given to one of these. {NO_SUCH}",
        "must_not": "Do not decide about a person by it: a name does not tell who bears it.",
        "held_out": "Full names of people, made full names, surnames and given names of which no "
        "part was seen in training; by a model of the same recipe, trained without them.",
        "folds": len(tests),
        "n": len(y),
        **found["ours"],
        "baselines": {MODELS[key]: found[key] for key in LINEAR if key in found},
        "differences": differ,
        "by_kind": by_kind,
        "accuracy_by_level": {
            level: float(hit.mean())
            for level, hit in hits_by_level(straight["ours"], y, classes).items()
        },
        "last_word_first": {
            "accuracy": float(np.mean(hits["ours"][full])),
            "accuracy_turned": float(np.mean(right["ours"]["turned"][full])),
        },
        "in_ascii": {
            group: {"n": int(rows.sum())}
            | {
                spelling: {key: float(right[key][spelling][rows].mean()) for key in results}
                for spelling in ("as_written", "in_ascii")
            }
            for group, rows in {
                "diacritics": ~is_ascii & ~is_native,
                "native script": is_native,
            }.items()
            if rows.any()
        },
        "by_birth_decade": decades,
        "n_people": int(people.sum()),
        "by_frequencies": mixes,
        "error_of_estimated_frequencies": mix_errors,
        "by_nationality": ours,
        "baselines_recall": {
            MODELS[key]: {k: row["recall"] for k, row in by_nationality(y, predicted[key]).items()}
            for key in LINEAR
            if key in predicted
        },
        "confusions": [[*pair, n] for pair, n in wrong.most_common(30)],
    }


def page(card, shipped, n_kept, options):
    """The card in Markdown. Whatever it says was run is taken from the figures."""
    folds, keys = (
        card["folds"],
        [key for key in SHORT if key in card["by_kind"]["surname"]["accuracy"]],
    )
    linear = [key for key in keys if key in LINEAR]
    found = {"ours": card} | {key: card["baselines"][MODELS[key]] for key in linear}
    overall = [
        [MODELS[key]]
        + [f"{f[name]:.4f}" for name in ("accuracy", "macro_f1", "top_3")]
        + (
            [
                f"{f['log_loss']:.4f}",
                "{:.4f} ({:.4f} to {:.4f})".format(
                    f["calibration_error"], *f["calibration_error_interval"]
                ),
            ]
            if "log_loss" in f
            else ["-", "-"]
        )
        + [f"{f['minutes']:.0f}"]
        for key, f in found.items()
    ]
    kinds = [
        [kind, row["n"], *(f"{row['accuracy'][key]:.4f}" for key in keys)]
        for kind, row in card["by_kind"].items()
    ]
    ascii_rows = [
        [group, row["n"]]
        + [f"{row[k][key]:.4f}" for key in keys for k in ("as_written", "in_ascii")]
        for group, row in card["in_ascii"].items()
    ]
    decades = [
        [decade, row["n"], *(f"{row['recall'][key]:.3f}" for key in keys)]
        for decade, row in card["by_birth_decade"].items()
    ]
    mixes = [
        [SHORT[key], name]
        + [f"{f[k]:.4f}" for k in ("accuracy", "macro_f1", "top_3", "accuracy_in_the_world")]
        for key in keys
        for name, f in card["by_frequencies"].get(key, {}).items()
    ]
    mix_errors = "; ".join(
        f"{SHORT[key]} {error:.3f}"
        for key in keys
        if (error := card["error_of_estimated_frequencies"].get(key)) is not None
    )
    recalls = [card["baselines_recall"][MODELS[key]] for key in linear]
    nationality_rows = [
        [
            nationality,
            f["n"],
            f"{f['recall']:.3f}",
            *(f"{recall[nationality]:.3f}" for recall in recalls),
            "-" if f["precision"] is None else f"{f['precision']:.3f}",
            f["n_predicted"],
            f["n_made"] or "",
        ]
        if (f := card["by_nationality"].get(nationality))
        else [nationality, 0, *["-"] * (len(recalls) + 3), ""]
        for nationality in card["nationalities"]
    ]
    untested = [name for name in card["nationalities"] if name not in card["by_nationality"]]
    skipped = [MODELS[key] for key in LINEAR if key not in keys]
    stops = " LogisticRegression stops at its default of 100 iterations."
    n_people = card["n_names_of_people"]
    many = folds > 1
    return REPORT.format(
        options=options,
        machine=machine(),
        n_characters=len(shipped["encode"].alphabet_),
        hidden_size=shipped["classify"].hidden_size,
        n_ngrams=shipped["classify"].network_.n_ngrams,
        n_words=len(np.unique(shipped["classify"].network_.words.keys)),
        n_classes=len(card["nationalities"]),
        nationalities=", ".join(card["nationalities"]),
        no_such=NO_SUCH,
        tried=listing(tried()),
        n_names=card["n_names"],
        n_distinct=card["n_distinct"],
        n_biographies=n_people["biographies"],
        n_players=n_people["chess players"],
        max_biographies=recipe.MOST_PEOPLE["biographies"],
        max_players=recipe.MOST_PEOPLE["chess players"],
        lists_alone=listing(card["from_lists_alone"]),
        few=FEW,
        few_people=listing(f"{name} ({n})" for name, n in card["from_few_people"].items()),
        people_alone=listing(card["from_people_alone"]),
        one_of=ONE_OF,
        times=f"; {folds} times, each time others" if many else "; once",
        of_folds=f" of the {folds} parts" if many else "",
        each_time=" each time" if many else "",
        models_run=f"Each model was trained {f'{folds} times' if many else 'once'}, from one seed."
        + (f" Not run: {' and '.join(skipped)}." if skipped else "")
        + (stops if "logreg" in keys else ""),
        untested=f" Nothing could be tested of: {', '.join(untested)}." if untested else "",
        n_kept=n_kept,
        per_nationality=PER_NATIONALITY,
        made=MADE,
        overall=table(
            ["", "accuracy", "macro-F1", "top-3", "log loss", "ECE (95 %)", "fit, min"], overall
        ),
        kinds=table(["", "n", *(SHORT[key] for key in keys)], kinds),
        paired_title=paired_title(linear, folds),
        paired=table(["sknames minus", "mean ± standard error", "each"], card["differences"])
        if linear
        else "No other model was run.",
        subregion=card["accuracy_by_level"]["subregion"],
        region=card["accuracy_by_level"]["region"],
        turned=card["last_word_first"]["accuracy_turned"],
        straight=card["last_word_first"]["accuracy"],
        in_ascii=table(
            ["names with", "n", *(f"{SHORT[key]}{t}" for key in keys for t in ("", ", in ASCII"))],
            ascii_rows,
        ),
        n_in_scripts=sum(row[1] for row in card["by_script"] if row[0].startswith("all")),
        scripts=table(bench_scripts.HEADER, card["by_script"]),
        cyrillic=table([*bench_scripts.HEADER, "wrong answers"], card["locals_in_cyrillic"]),
        decades=table(["born in the", "n", *(f"{SHORT[key]}, recall" for key in keys)], decades),
        n_people=card["n_people"],
        svm_note="\n- LinearSVC has no probabilities: its scores go through a softmax, times "
        f"{SVM_SCALE}."
        if "svm" in keys
        else "",
        mixes=table(
            ["", "frequencies", "accuracy", "macro-F1", "top-3", "accuracy, as in the world"], mixes
        ),
        mix_errors=f"Sum of the absolute errors of the estimated shares: {mix_errors}.",
        by_nationality=table(
            ["", "n", "recall", *(f"{SHORT[key]}'s recall" for key in linear)]
            + ["precision", "n predicted", "made"],
            nationality_rows,
        ),
        n_wrong=card["n"] - round(card["accuracy"] * card["n"]),
        n=card["n"],
        confusions=table(
            ["is", "was taken for", "n", "of"],
            [[a, b, n, card["by_nationality"][a]["n"]] for a, b, n in card["confusions"]],
        ),
    )


def paired_title(linear, folds):
    if not linear:
        return "Paired differences:"
    if folds > 1:
        return f"Paired differences on the {folds} parts, with the standard error over these:"
    return (
        "Paired differences, with the standard error over the names of the one part, which says "
        "nothing of another part or seed; macro-F1 has none:"
    )


def parse_models(text):
    keys = text.split(",")
    if unknown := set(keys) - set(MODELS):
        raise argparse.ArgumentTypeError(f"unknown {sorted(unknown)}; choose from {[*MODELS]}")
    return [key for key in MODELS if key in keys]


def parse_folds(text):
    if not (text.isdecimal() and 1 <= int(text) <= ONE_OF):
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {ONE_OF}, got {text!r}")
    return int(text)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder for finished models")
    parser.add_argument("--wheel", help="of name2nat; by default it is looked for in SKNAMES_DATA")
    parser.add_argument("--players", help="Scid's file; by default it is looked for there, too")
    parser.add_argument(
        "--folds", type=parse_folds, default=FOLDS, help=f"how many held-out parts ({FOLDS})"
    )
    parser.add_argument(
        "--models",
        type=parse_models,
        default=[*MODELS],
        help=f"which models, {','.join(MODELS)} by default; without ours, train them and stop",
    )
    args = parser.parse_args(arguments)
    args.cache.mkdir(parents=True, exist_ok=True)

    splits = [split(args.cache, k, args.wheel, args.players) for k in range(args.folds)]
    n_kept, tests = [len(parts.train[0]) for parts in splits], [parts.words for parts in splits]
    results = {key: [] for key in args.models}
    with threadpool_limits(1):
        for key, runs in results.items():
            for fold in range(args.folds):
                classes, scores, minutes = scores_of(
                    key, args.cache, fold, args.wheel, args.players
                )
                runs.append((classes, scores["words"], minutes))
    if "ours" not in results:
        return
    shipped = load_pretrained(priors="uniform")
    if not np.array_equal(shipped.classes_, results["ours"][0][0]):
        raise SystemExit(
            f"The model in sknames/pretrained tells {len(shipped.classes_)} nationalities, and the "
            f"training names have {len(results['ours'][0][0])}. Train it with `python -m "
            "tools.retrain`, put its files there and run this again: the models in --cache are "
            "kept."
        )
    names, nationalities = recipe.training_names(args.wheel, args.players)
    lists = load_names(script="all")
    sources = recipe.typical_people(lists, args.wheel, args.players)
    born = birth_years(*read_chess_players(args.players))
    card = measure(results, tests, born, learned(names, nationalities, lists, sources))
    rows = bench_scripts.people()
    found = bench_scripts.outcomes(bench_scripts.load(args.cache / "ours-0"), rows)
    card["by_script"] = bench_scripts.by_script(found, rows)
    card["locals_in_cyrillic"] = bench_scripts.by_nationality(found, rows, "Cyrillic")
    options = "" if args.folds == FOLDS else f" --folds {args.folds}"
    options += "" if args.models == [*MODELS] else f" --models {','.join(args.models)}"
    print(page(card, shipped, round(np.mean(n_kept)), options))
    files.write_card(card)


if __name__ == "__main__":
    main()

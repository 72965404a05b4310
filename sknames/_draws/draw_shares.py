"""Estimate the shares of a list, with draws of them."""

import numpy as np

from .._base import NoEstimateError
from .._base.labels_and_weights import MIN_HELD_OUT, effective_number
from .checked_shares import check_draw, correct_by_checked
from .draws import MIN_CLUSTERS_TO_TEST, MIN_NAMES_TO_TEST, Draws, nearest_shares
from .mix import estimate_mix
from .one_blas_thread import one_blas_thread
from .resampling import NOISE, Clusters, DrawnUnits, inflation, resample, scores_of_rows

# Rows of a part. When a whole list is drawn, its shorter parts are drawn together,
# because a few rows alone vary too little.
MIN_ROWS_TO_DRAW = 30


def draw_shares(names, seeds, parts=None, *, rows_are_sample=False):
    """Return the shares of a list, as `Draws`.

    Parameters
    ----------
    names : NameList
        The list.
    seeds : Seeds
        The seeds of the draws.
    parts : list of ndarray of int or None, default=None
        The rows of each part, in the order in which the parts were drawn. With parts,
        the rows of the list are drawn as in its parts, so that a part can be subtracted
        from the list.
    rows_are_sample : bool, default=False
        Whether rows that were not checked are a random sample as well, if some rows are
        checked.

    Returns
    -------
    Draws
    """
    with one_blas_thread:
        mix = estimate_mix(names.distinct, names.model.assumed_prior)
        if names.label_index is None:
            return _draw_by_model(names, mix.shares, seeds, parts)
        return _draw_by_checked(names, mix.priors, seeds, parts, rows_are_sample)


def _draw_by_model(names, share, seeds, parts):
    """Return the shares that are estimated by the model alone, as `Draws`."""
    distinct = names.distinct
    errors = seeds.errors(names.model.model_error, len(share))
    drawn_names = _draw_names(names, share, seeds, parts)
    n_effective = effective_number(distinct.weights, distinct.counts)
    least_effective = MIN_NAMES_TO_TEST
    if names.clusters is None:
        draws = resample(distinct, share, errors, drawn_names)
    else:
        draws, n_clusters = _draw_clusters(names, share, errors, seeds, drawn_names)
        if n_clusters < n_effective:
            n_effective = n_clusters
            least_effective = MIN_CLUSTERS_TO_TEST
    n_held_out = of_sparse = None
    n_people = names.model.n_people
    if n_people is not None:
        of_sparse = share * (n_people < MIN_HELD_OUT)
        n_held_out, of_sparse = names.by_label(np.stack([n_people, of_sparse]))
    return Draws(
        labels=names.labels,
        estimate=names.by_label(share[None])[0],
        draws=names.by_label(draws),
        n_effective=float(n_effective),
        least_effective=least_effective,
        n_held_out=n_held_out,
        of_sparse=of_sparse,
    )


def _draw_names(names, share, seeds, parts):
    """Return the distinct names as an iterable of `DrawnUnits`."""
    if parts is not None:
        return _draw_names_of_parts(names, share, seeds, parts)
    distinct = names.distinct
    chunks = seeds.draw(distinct.counts, seeds.of_names(names))
    scores = scores_of_rows(distinct.ratios, distinct.weights, share)
    return [DrawnUnits(scores, distinct.weights, chunks)]


def _draw_names_of_parts(names, share, seeds, parts):
    """Yield the distinct names of each part as `DrawnUnits`, with the part's seed.

    Only the scores of one part are in memory at a time.
    """
    whole = names.distinct
    for rows, seed in _parts_to_draw(names, parts, names.row_weights > 0, seeds):
        try:
            distinct = names.take(rows).distinct
        except NoEstimateError:  # the model says nothing about these names
            continue
        weights = distinct.weights * (whole.scale / distinct.scale)
        scores = scores_of_rows(distinct.ratios, weights, share)
        yield DrawnUnits(scores, weights, seeds.draw(distinct.counts, seed))


def _parts_to_draw(names, parts, is_drawn, seeds):
    """Yield the rows and the seed of each part, and of all short parts together.

    A part is short if few of its rows are drawn.
    """
    short = []
    for rows in parts:
        part = names.take(rows)
        if not part.row_weights.any():
            continue
        seed = seeds.of_names(part)
        if is_drawn[rows].sum() < MIN_ROWS_TO_DRAW:
            short.append(rows)
        else:
            yield rows, seed
    if short:
        rows = np.concatenate(short)
        yield rows, seeds.of_names(names.take(rows))


def _draw_clusters(names, share, errors, seeds, drawn_names):
    """Return draws of the shares by clusters, and the effective number of clusters.

    If a name occurs several times, names are resampled as well, and the draws with the
    larger variance are returned.
    """
    distinct = names.distinct
    ratios = names.ratios
    is_used = (names.row_weights > 0) & ratios.any(axis=1)
    used = names.take(is_used)
    clusters, chosen = used.clusters.of_own()
    weights = used.row_weights * distinct.scale
    scores = clusters.sum(scores_of_rows(ratios[is_used], weights, share))
    weights = clusters.sum(weights)
    chunks = seeds.draw_clusters(chosen, names.clusters.n)
    units = DrawnUnits(scores, weights, chunks)
    factor = np.sqrt(inflation(scores))  # a few clusters vary too little
    draws = resample(distinct, share, errors, [units], factor)
    if len(np.unique(used.by_row(used.ids))) < len(used):
        of_names = resample(distinct, share, errors, drawn_names)
        draws = max(draws, of_names, key=lambda draws: draws.var(axis=0).sum())
    return draws, effective_number(weights)


def _draw_by_checked(names, priors, seeds, parts, rows_are_sample):
    """Return the shares that are corrected by checked rows, as `Draws`."""
    seed = seeds.of_names(names)
    is_name = names.row_weights > 0
    predictions = names.ratios * priors
    sums = predictions.sum(axis=1, keepdims=True)
    np.divide(predictions, sums, out=predictions, where=sums > 0)
    predictions = names.by_label(predictions)
    check_draw(predictions[is_name], names.take(is_name))
    least_effective = MIN_NAMES_TO_TEST
    clusters = None
    if names.clusters is not None:
        least_effective = MIN_CLUSTERS_TO_TEST
        order = _in_own_order(names, np.flatnonzero(is_name))
        clusters, chosen = names.clusters[order].of_own()
        drawn = [(clusters.n, seeds.draw_clusters(chosen, names.clusters.n))]
    elif rows_are_sample:
        order = _in_own_order(names, np.flatnonzero(is_name))
        clusters = Clusters(np.arange(len(order)), len(order))
        drawn = [(clusters.n, seeds.draw(np.ones(clusters.n, dtype=int), seed))]
    else:
        order, drawn = _draw_checked_rows(names, parts, seeds, seed)
    shares = correct_by_checked(
        predictions[order],
        names.row_weights[order],
        names.label_index[order],
        clusters,
    )
    rng = np.random.RandomState([*seed, NOISE])
    deviations = shares.draw_deviations(drawn, seeds.n_draws, rng)
    return Draws(
        labels=names.labels,
        estimate=shares.share,
        draws=nearest_shares(shares.share + deviations),
        n_effective=shares.n_effective,
        least_effective=least_effective,
        predicted=shares.predicted,
    )


def _draw_checked_rows(names, parts, seeds, seed):
    """Return the names in the order in which checked rows are drawn, and their draws.

    The draws are pairs of the number of checked rows that are drawn together, and the
    chunks of `Seeds.draw`. Each part is drawn by its own seed.
    """
    is_name = names.row_weights > 0
    is_checked = is_name & (names.label_index >= 0)
    seed_of_rows = [(np.arange(len(names)), seed)]
    if parts is not None:
        seed_of_rows = _parts_to_draw(names, parts, is_checked, seeds)
    in_order = []
    drawn = []
    for rows, seed_of_part in seed_of_rows:
        in_order.append(_in_own_order(names, rows[is_name[rows]]))
        n_checked = is_checked[rows].sum()
        drawn.append(
            (n_checked, seeds.draw(np.ones(n_checked, dtype=int), seed_of_part))
        )
    return np.concatenate(in_order), drawn


def _in_own_order(names, rows):
    """Return rows in an order that does not depend on their order in the list.

    Otherwise, the order of the list would decide which rows are drawn.
    """
    taken = names.take(rows)
    label_index = taken.label_index
    return rows[np.lexsort([taken.row_weights, label_index, taken.by_row(taken.keys)])]

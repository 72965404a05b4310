"""Estimate the shares of a list, with draws of them."""

from dataclasses import replace

import numpy as np

from .._base import NoEstimateError
from .._base.labels_and_weights import MIN_HELD_OUT
from .checked_shares import check_draw, estimate_from_checked
from .draws import FEW_CLUSTERS_TO_TEST, FEW_TO_TEST, Draws
from .mix import estimate_mix
from .one_blas_thread import one_blas_thread
from .resampling import NOISE, Clusters, Units, resample

# Rows of a part. In the whole list, shorter parts are drawn as one: within each of them
# alone, a few rows vary too little.
FEW_TO_DRAW = 30


def draw_shares(names, distinct, question, seeds, parts=None):
    """Return the shares of a list, as `Draws`.

    Parameters
    ----------
    names : NameList
        The list.
    distinct : DistinctNames
        Its distinct names.
    question : Question
        What is asked of it.
    seeds : Seeds
        What decides the draws.
    parts : list of ndarray of int or None, default=None
        The rows of each part, in the order in which parts were drawn. Then the list
        draws its rows as its parts did, so that both can be subtracted.

    Returns
    -------
    Draws
    """
    with one_blas_thread:
        mix = estimate_mix(distinct, names.model.assumed_prior)
        if names.checked is not None:
            return _estimate_by_checked(names, mix, seeds, parts)
        return _estimate_by_model(names, distinct, mix.shares, seeds, parts)


def _estimate_by_model(names, distinct, share, seeds, parts):
    """Return the shares that the model alone gives, as `Draws`."""
    errors = seeds.errors(names.model.model_error, len(share))
    by_name = Units.of_names(distinct, share)
    n_effective = by_name.n_effective
    least_effective = FEW_TO_TEST
    if parts is None:
        names_drawn = [(by_name, seeds.draw(by_name.counts, seeds.of_names(names)))]
    else:
        names_drawn = _names_of_parts(names, parts, distinct.scale, share, seeds)
    ways_to_draw = [names_drawn]
    if names.clusters is not None:
        by_cluster, chosen, has_recurring = _clusters_of(names, distinct, share)
        if by_cluster.n_effective < n_effective:
            n_effective = by_cluster.n_effective
            least_effective = FEW_CLUSTERS_TO_TEST
        chunks = seeds.draw_clusters(chosen, names.clusters.n)
        ways_to_draw.insert(0, [(by_cluster, chunks)])
        if not has_recurring:
            ways_to_draw.pop()
    resamples = [resample(distinct, share, errors, drawn) for drawn in ways_to_draw]
    widest = max(resamples, key=lambda shares: shares.var(axis=0).sum())
    n_held_out = of_sparse = None
    n_people = names.model.n_people
    if n_people is not None:
        is_sparse = n_people < MIN_HELD_OUT
        n_held_out = names.by_label(n_people[None])[0]
        of_sparse = names.by_label((share * is_sparse)[None])[0]
    return Draws(
        labels=names.labels,
        estimate=names.by_label(share[None])[0],
        draws=names.by_label(widest),
        n_effective=float(n_effective),
        least_effective=least_effective,
        n_held_out=n_held_out,
        of_sparse=of_sparse,
    )


def _names_of_parts(names, parts, scale, share, seeds):
    """Return the distinct names of each part as `Units`, drawn by the part's seed.

    `scale` and `share` are those of the whole list. Short parts are one.
    """
    drawn = []
    for part, seed in _parts_to_draw(names, parts, names.row_weights > 0, seeds):
        try:
            of_part = names.take(part).distinct()
        except NoEstimateError:  # its names say nothing
            continue
        weights = of_part.weights * (scale / of_part.scale)
        units = Units.of_names(replace(of_part, weights=weights), share)
        drawn.append((units, seeds.draw(units.counts, seed)))
    return drawn


def _parts_to_draw(names, parts, is_drawn, seeds):
    """Yield the rows of each part with the seed of the part, short parts as one.

    The length of a part is that of its rows that are drawn.
    """
    short = []
    for rows in parts:
        part = names.take(rows)
        if not part.row_weights.any():
            continue
        seed = seeds.of_names(part)
        if is_drawn[rows].sum() < FEW_TO_DRAW:
            short.append(rows)
        else:
            yield rows, seed
    if short:
        rows = np.concatenate(short)
        yield rows, seeds.of_names(names.take(rows))


def _clusters_of(names, distinct, share):
    """Return the clusters of a list as `Units`.

    Also return the indices of these clusters in the whole table, so that they can be
    drawn together with it, and whether a name occurs more than once.
    """
    weights = names.row_weights
    ratios = names.ratios
    informs = (weights > 0) & ratios.any(axis=1)
    ids = names.by_row(names.ids)[informs]
    has_recurring_names = len(np.unique(ids)) < len(ids)
    clusters, chosen = names.clusters[informs].of_own()
    weights = weights[informs] * distinct.scale
    units = Units.of_clusters(ratios[informs], weights, clusters, share)
    return units, chosen, has_recurring_names


def _estimate_by_checked(names, mix, seeds, parts):
    """Return the shares of a list that checked rows correct, as `Draws`."""
    seed = seeds.of_names(names)
    is_name = names.row_weights > 0
    is_checked = is_name & (names.checked.label_index >= 0)
    predictions = names.ratios * mix.priors
    sums = predictions.sum(axis=1, keepdims=True)
    np.divide(predictions, sums, out=predictions, where=sums > 0)
    predictions = names.by_label(predictions)
    of_names = names.take(is_name)
    check_draw(predictions[is_name], of_names.checked, of_names.clusters)
    drawn = [(np.arange(len(names)), seed)]
    if parts is not None:
        drawn = _parts_to_draw(names, parts, is_checked, seeds)
    in_order = []
    drawn_units = []
    for rows, seed_of_rows in drawn:
        in_order.append(_in_own_order(names, rows[is_name[rows]]))
        n_checked = is_checked[rows].sum()
        ones = np.ones(n_checked, dtype=int)
        drawn_units.append((n_checked, seeds.draw(ones, seed_of_rows)))
    order = np.concatenate(in_order)
    clusters = names.clusters
    if clusters is not None and clusters.are_rows:
        clusters = Clusters.of_rows(len(order))
        drawn_units = [(clusters.n, seeds.draw(np.ones(clusters.n, dtype=int), seed))]
    elif clusters is not None:
        clusters, chosen = clusters[order].of_own()
        chunks = seeds.draw_clusters(chosen, names.clusters.n)
        drawn_units = [(clusters.n, chunks)]
    return estimate_from_checked(
        predictions[order],
        names.row_weights[order],
        names.labels,
        names.checked[order],
        clusters,
        n_draws=seeds.n_draws,
        drawn_units=drawn_units,
        seed_of_noise=[*seed, NOISE],
    )


def _in_own_order(names, rows):
    """Return rows in an order that does not depend on that of the list.

    Else it would decide who is drawn.
    """
    taken = names.take(rows)
    keys = [taken.row_weights, taken.checked.label_index, taken.by_row(taken.keys)]
    return rows[np.lexsort(keys)]

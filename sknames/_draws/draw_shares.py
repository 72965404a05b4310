"""Estimate the shares of a list, with draws of them."""

import numpy as np

from .._base.labels_and_weights import FEW_HELD_OUT
from .checked_shares import check_draw, estimate_from_checked
from .draws import FEW_CLUSTERS_TO_TEST, FEW_TO_TEST, Draws
from .mix import estimate_mix
from .one_blas_thread import one_blas_thread
from .resampling import NOISE, Clusters, Units, resample


def draw_shares(names, distinct, question, seeds):
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

    Returns
    -------
    Draws
    """
    with one_blas_thread:
        mix = estimate_mix(distinct, names.model.assumed_prior)
        if names.checked is not None:
            return _estimate_by_checked(names, mix, seeds)
        return _estimate_by_model(names, distinct, mix.shares, seeds)


def _estimate_by_model(names, distinct, share, seeds):
    """Return the shares that the model alone gives, as `Draws`."""
    errors = seeds.errors(names.model.model_error, len(share))
    seed = seeds.of_names(names)
    by_name = Units.of_names(distinct, share)
    n_effective = by_name.n_effective
    least_effective = FEW_TO_TEST
    drawn_units = [(by_name, seed)]
    if names.clusters is not None:
        by_cluster, has_recurring_names = _clusters_of(names, distinct, share)
        if by_cluster.n_effective < n_effective:
            n_effective = by_cluster.n_effective
            least_effective = FEW_CLUSTERS_TO_TEST
        drawn_units.insert(0, (by_cluster, seeds.of_units(names, seed)))
        if not has_recurring_names:
            drawn_units.pop()
    resamples = [resample(distinct, share, errors, [pair]) for pair in drawn_units]
    widest = max(resamples, key=lambda shares: shares.var(axis=0).sum())
    n_held_out = of_sparse = None
    n_people = names.model.n_people
    if n_people is not None:
        is_sparse = n_people < FEW_HELD_OUT
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


def _clusters_of(names, distinct, share):
    """Return the clusters of a list as `Units`, and whether a name is in several."""
    weights = names.row_weights
    ratios = names.ratios
    informs = (weights > 0) & ratios.any(axis=1)
    has_recurring_names = False
    if names.ids is not None:
        ids = names.by_row(names.ids)[informs]
        has_recurring_names = len(np.unique(ids)) < len(ids)
    clusters = names.clusters[informs]
    weights = weights[informs] * distinct.scale
    units = Units.of_clusters(ratios[informs], weights, clusters, share)
    return units, has_recurring_names


def _estimate_by_checked(names, mix, seeds):
    """Return the shares of a list that checked rows correct, as `Draws`."""
    seed = seeds.of_names(names)
    is_name = names.row_weights > 0
    names = names.take(is_name)
    predictions = names.ratios * mix.priors
    sums = predictions.sum(axis=1, keepdims=True)
    np.divide(predictions, sums, out=predictions, where=sums > 0)
    predictions = names.by_label(predictions)
    check_draw(predictions, names.checked, names.clusters)
    # In an order of their own, so that the order of rows does not decide who is drawn.
    weights = names.row_weights
    order = np.lexsort([weights, names.checked.label_index, names.row_keys])
    clusters = names.clusters
    if clusters is not None:
        clusters = (
            Clusters.of_rows(len(order)) if clusters.are_rows else clusters[order]
        )
    return estimate_from_checked(
        predictions[order],
        weights[order],
        names.checked[order],
        clusters,
        n_draws=seeds.n_draws,
        seed_of_units=seeds.of_units(names, seed),
        seed_of_noise=[*seed, NOISE],
    )

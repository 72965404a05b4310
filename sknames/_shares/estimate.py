"""Estimate the shares of a list, with draws of them."""

import numpy as np

from .checked import estimate_from_checked
from .draws import Draws
from .mix import estimate_mix
from .one_blas_thread import one_blas_thread
from .resampling import Units, resample


def draw_shares(weighted, seeds):
    """Return the shares of a `WeightedList`, as `Draws`."""
    with one_blas_thread:
        mix = estimate_mix(weighted.names, weighted.assumed)
        if weighted.listed.checked is None:
            return _estimate_by_model(weighted, mix.shares, seeds)
        return _estimate_by_checked(weighted, mix, seeds)


def _estimate_by_model(weighted, share, seeds):
    """Return the shares that the model alone gives, as `Draws`."""
    listed = weighted.listed
    names = weighted.names
    errors = seeds.errors(listed.model.model_error, len(share))
    by_name = Units.of_names(names, share)
    n_effective = by_name.n_effective
    drawn_units = [by_name]
    if listed.clusters is not None:
        by_cluster, has_recurring_names = _clusters_of(weighted, share)
        n_effective = min(n_effective, by_cluster.n_effective)
        drawn_units = [by_cluster]
        if has_recurring_names:
            drawn_units.append(by_name)
    resamples = []
    for units in drawn_units:
        resamples.append(resample(names, share, errors, seeds.rng(share), units))
    widest = max(resamples, key=lambda shares: shares.var(axis=0).sum())
    return Draws(
        labels=listed.labels,
        estimate=listed.by_label(share[None])[0],
        draws=listed.by_label(widest),
        n_effective=float(n_effective),
    )


def _clusters_of(weighted, share):
    """Return the clusters of a list as `Units`, and whether a name is in several."""
    listed = weighted.listed
    ratios = weighted.ratios
    informs = (weighted.weights > 0) & ratios.any(axis=1)
    has_recurring_names = False
    if listed.ids is not None:
        n_rows_of_name = np.unique(listed.ids[informs], return_counts=True)[1]
        has_recurring_names = bool((n_rows_of_name > 1).any())
    weights = weighted.weights[informs] * weighted.names.scale
    clusters = listed.clusters[informs]
    units = Units.of_clusters(ratios[informs], weights, clusters, share)
    return units, has_recurring_names


def _estimate_by_checked(weighted, mix, seeds):
    """Return the shares of a list that checked rows correct, as `CheckedShares`."""
    is_name = weighted.weights > 0
    listed = weighted.listed.take(is_name)
    predictions = weighted.ratios[is_name] * mix.priors
    sums = predictions.sum(axis=1, keepdims=True)
    np.divide(predictions, sums, out=predictions, where=sums > 0)
    return estimate_from_checked(
        listed.by_label(predictions),
        weighted.weights[is_name],
        listed.checked,
        listed.clusters,
        listed.by_label(mix.shares[None])[0],
        seeds,
    )

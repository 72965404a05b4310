"""Train a `Network` on rows of codes."""

from dataclasses import replace
from numbers import Real

import numpy as np
from sklearn.utils import check_random_state

from .._base import install, warn

try:
    import torch
    from skorch.helper import predefined_split

    from .callbacks import DIVERGED, make_callbacks, make_log, stopped_early
except ImportError as error:
    raise ImportError(
        f"Expected torch, skorch and tqdm, which training needs ({error}). Install "
        f"them: {install('train')}"
    ) from error

from .._network.network import NEVER, Network, narrow
from .._network.ngrams import NGrams, inverse_document_frequency
from .._network.words import Words
from .rows import Rows
from .settings import Settings
from .torch_settings import one_torch_thread, torch_seed
from .training_net import TrainingNet

HELD_OUT = 0.1  # share of distinct rows that are held out for early stopping
SYMBOL_OF_SPACE = 1  # as in the codes of `CharEncoder`
# If more rows begin with the symbol of the space, the symbol is probably a letter.
MAX_LEADING_SPACES = 0.01


def fit(X, y, weights, settings: Settings):
    """Train a network; return classes, network, history and skorch net.

    `X` (n, length) contains symbols, padded with 0, and `y` (n,) contains the labels.
    `weights` (n,) are float64. Rows with weight 0 are not used for training, but their
    labels are among the classes.
    """
    classes, labels = np.unique(y, return_inverse=True)
    has_weight = weights > 0
    X = X[has_weight]
    symbols = np.unique(X[X != 0])
    network = Network(settings.cell, symbols, {})
    codes = network.to_codes(X)
    rows = Rows.merged(codes, labels[has_weight], weights[has_weight])
    rng = check_random_state(settings.random_state)
    seed = rng.randint(np.iinfo(np.int32).max)
    held_out = None
    if settings.early_stopping:
        # Hold out rows before n-grams and words are counted, so that they are unseen.
        rows, held_out = rows.split(HELD_OUT, rng)
    settings = settings.resolved(len(rows))
    untrained = _untrained(network, rows, len(classes), settings)
    # Repeat heavy rows only now, because n-grams and words count each row once.
    share = rows.class_shares(len(classes))
    rows = rows.for_training(untrained)
    settings = replace(settings, batch_size=min(len(rows), settings.batch_size))
    if held_out is not None:
        held_out = held_out.for_scoring(untrained, len(classes))
    net = _build_net(untrained, classes, share, settings, len(rows), held_out, rng)
    _run(net, rows, seed)
    network = _trained(untrained, net, share, settings.logit_adjustment)
    return classes, network, history_of(net), net


def _untrained(network, rows, n_classes, settings):
    """Add the n-grams and words of the rows to a network."""
    if settings.ngram_range is None and not settings.word_weight:
        return network
    network = replace(network, separator=_space(network.symbols, rows.codes))
    if settings.ngram_range is not None:
        network = _with_ngrams(network, rows, settings)
    if settings.word_weight:
        words = Words.fit(
            rows.codes,
            rows.labels,
            rows.weights / rows.weights.mean(),
            n_classes,
            network.separator,
            settings.word_weight,
        )
        network = replace(network, words=words)
    return network


def _with_ngrams(network, rows, settings):
    """Add n-grams of the rows, with inverse document frequencies, to the network."""
    ngrams, frequency = NGrams.fit(
        rows.codes,
        settings.ngram_range,
        settings.min_df,
        network.n_codes + 1,
        network.separator,
    )
    if not len(frequency):
        return network
    idf = inverse_document_frequency(frequency, len(rows))
    keys = [narrow(keys_of_length) for keys_of_length in ngrams.keys]
    return replace(network, weights={"ngram_idf": idf}, ngram_keys=keys)


def _trained(untrained, net, share, logit_adjustment):
    """Return the network with the weights of a trained net."""
    with torch.no_grad():
        # Classes without training weight have prior 0, as in `Network.with_priors`.
        net.module_.output.bias[torch.from_numpy(share == 0)] = NEVER
    weights = dict(untrained.weights) | weights_of(net)
    if "ngram_weight" in weights:  # already rounded by `_run`
        weights["ngram_weight"] = weights["ngram_weight"].astype(np.float16)
    return replace(
        untrained, weights=weights, class_prior=class_prior(share, logit_adjustment)
    )


def _space(symbols, codes):
    """Return the code of the space, or None; warn if many rows begin with it."""
    if SYMBOL_OF_SPACE not in symbols:
        return None
    code = 1 + int(np.searchsorted(symbols, SYMBOL_OF_SPACE))
    share = np.mean(codes[:, 0] == code)
    if share > MAX_LEADING_SPACES:
        warn(
            f"{share:.0%} of the rows begin with {SYMBOL_OF_SPACE}, which is read as "
            "the space between words: n-grams and words end there. Let the codes of "
            "letters start at 2, as CharEncoder does, or strip leading spaces.",
        )
    return code


def _build_net(untrained, classes, share, settings, n_rows, held_out, rng):
    """Create the skorch net without initializing it."""
    has_ngrams = untrained.n_ngrams > 0
    n_batches = -(-n_rows // settings.batch_size)
    param_groups = []
    if has_ngrams:
        of_ngrams = {
            "sparse": True,
            "lr": settings.lr * settings.ngram_lr,
            "eps": settings.ngram_eps,
        }
        param_groups.append(("ngram_weight", of_ngrams))
    return TrainingNet(
        untrained,
        classes,
        settings.next_symbol_weight,
        module__hidden_size=settings.hidden_size,
        module__num_layers=settings.num_layers,
        module__embedding_dim=settings.embedding_dim,
        module__dropout=settings.dropout,
        module__ngram_dropout=settings.ngram_dropout,
        module__embedding_dropout=2 * settings.symbol_dropout,
        criterion__prior=settings.logit_adjustment * _log(share),
        criterion__gce_q=settings.gce_q,
        optimizer__weight_decay=settings.weight_decay,
        optimizer__param_groups=param_groups,
        lr=settings.lr,
        batch_size=settings.batch_size,
        iterator_train__random_state=rng,
        iterator_train__unknown=untrained.n_codes - 1,
        iterator_train__symbol_dropout=settings.symbol_dropout,
        iterator_train__device=settings.device,
        iterator_train__classes=classes,
        iterator_valid__device=settings.device,
        iterator_valid__classes=classes,
        callbacks=make_callbacks(settings, n_batches, has_ngrams, held_out is not None),
        callbacks__print_log=make_log(settings.verbose),
        train_split=None if held_out is None else predefined_split(held_out),
        max_epochs=settings.max_epochs,
        verbose=int(settings.verbose > 1),
        device=settings.device,
    )


def net_of(network, classes, history):
    """Create a skorch net with the weights and the history of a trained network.

    The net has neither dropout nor callbacks.
    """
    embedding = network.weights.get("embedding")
    net = TrainingNet(
        network,
        classes,
        module__hidden_size=network.hidden_size,
        module__num_layers=network.num_layers,
        module__embedding_dim=None if embedding is None else embedding.shape[1],
        module__dropout=0.0,
        module__ngram_dropout=0.0,
        module__embedding_dropout=0.0,
        criterion__prior=np.zeros(len(classes)),
        criterion__gce_q=0.0,
        optimizer__weight_decay=0.0,
        callbacks="disable",
        train_split=None,
        verbose=0,
    )
    with one_torch_thread(), torch_seed(0, net.device), torch.inference_mode(False):
        net.initialize()
        weights = {}
        for name in net.module_.state_dict():
            weights[name] = torch.tensor(network.weights[name])
        net.module_.load_state_dict(weights)
    for epoch in history:
        net.history.new_epoch()
        for name, value in epoch.items():
            net.history.record(name, value)
    return net


def class_prior(share, logit_adjustment):
    """Return the priors (n_classes,) that logits assume, from the shares of classes.

    Logit adjustment adds t log(share) to the logits in training, so the logits without
    this term assume priors proportional to share^(1 - t).
    """
    log_prior = np.where(share > 0, (1 - logit_adjustment) * _log(share), -np.inf)
    prior = np.exp(log_prior - log_prior.max())
    return prior / prior.sum()


def _log(share):
    """Return the logarithm of shares, or 0 for shares of 0."""
    return np.log(share, out=np.zeros_like(share), where=share > 0)


def _run(net, rows, seed):
    """Initialize and train the net on one CPU thread, and restore torch's settings.

    All computations of torch on large arrays happen in this function, because after
    torch has used several threads, it deadlocks in processes that are forked later.
    """
    with one_torch_thread(), torch_seed(seed, net.device), torch.inference_mode(False):
        net.initialize()
        # These lines replace skorch's `partial_fit`, which would treat a
        # KeyboardInterrupt of the user as the end of training.
        net.notify("on_train_begin", X=rows, y=None)
        try:
            net.fit_loop(rows)
        except KeyboardInterrupt:  # raised by skorch's EarlyStopping or by the user
            if not stopped_early(net):
                raise
        finally:
            net.notify("on_train_end", X=rows, y=None)
        _finish(net)


@torch.no_grad()
def _finish(net):
    """Round the n-gram weights; raise ValueError unless all weights are finite."""
    if net.module_.ngram_weight is not None:
        # They make up most of a file, so half precision almost halves its size.
        net.module_.ngram_weight.copy_(net.module_.ngram_weight.half())
    # The weights may diverge in the last step, after its loss was computed.
    for parameter in net.module_.parameters():
        if not torch.isfinite(parameter).all():
            raise ValueError(DIVERGED.format(what="a weight", epoch=len(net.history)))


def weights_of(net):
    """Return the parameters of the module as float32 arrays by name."""
    weights = {}
    for name, parameter in net.module_.named_parameters():
        weights[name] = parameter.detach().cpu().numpy().astype(np.float32)
    return weights


def history_of(net):
    """Return the history as a list of dicts of Python numbers, one for each epoch."""
    history = []
    for epoch in net.history.to_list():
        numbers = {}  # without the records of batches
        for name, value in epoch.items():
            if isinstance(value, Real):
                numbers[name] = np.asarray(value).item()
        history.append(numbers)
    return history

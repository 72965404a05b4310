"""Train the network with torch and skorch, which no other package imports.

Read the modules in this order, from `fit` to `forward`:

1. `train.py`: `fit` turns rows of codes into a `Network`. It merges equal rows, counts
   n-grams and words, composes a skorch net, runs it, and reads the weights.
2. `settings.py`: the classifier's parameters, "auto" ones resolved by the data's size.
3. `training_net.py`: `TrainingNet`, a `skorch.NeuralNetClassifier`.
4. `recurrent_net.py`: `RecurrentNet`, the `torch.nn.Module`: cells, the scan over
   prefixes, and `forward`.

skorch runs the training: its loop over epochs and batches, its history, callbacks,
schedule of the learning rate, early stopping, and the devices. Replaced are

- the data set, by `Rows` (`rows.py`): numpy arrays that whole batches index at once,
- the data loader, by `Batches` (`batches.py`), which plan the prefixes of a batch,
- the criterion, by `Loss` (`loss.py`): weighted, with adjusted logits, and a second
  loss of each next symbol,
- the optimizer, by `AdamWWithSparse` (`optimizer.py`): a step takes time for the
  n-grams of the batch only (their sums: `bags.py`),
- the clipping of gradients and the progress bar (`callbacks.py`).

`torch_settings.py` lets torch use one thread, and restores the caller's settings.
"""

"""Set torch's threads, random generators and device during fit."""

import threading
from contextlib import contextmanager

import torch

# torch's number of threads, default dtype and generator are global, so only one fit at
# a time may set them.
_TORCH_SETTINGS = threading.RLock()


@contextmanager
def one_torch_thread():
    """Set torch to one thread and float32, and restore its settings afterwards.

    Other callers wait. Two threads make nets of this size slower, and 20 to 100 times
    slower if a core is busy, because the threads wait for each other in a busy loop.
    """
    with _TORCH_SETTINGS:
        n_threads = torch.get_num_threads()
        dtype = torch.get_default_dtype()
        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_num_threads(n_threads)
            torch.set_default_dtype(dtype)


@contextmanager
def torch_seed(seed, device):
    """Seed torch's generators of CPU and device, and restore them afterwards."""
    cuda = [torch.cuda.current_device()] if device == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.default_generator.manual_seed(seed)
        if cuda:
            torch.cuda.manual_seed(seed)
        yield


def resolve_device(device):
    """Resolve "auto" to "cuda" if there is a CUDA device, else to "cpu"."""
    available = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if available else "cpu"
    if device == "cuda" and not available:
        raise ValueError(
            "Expected a CUDA device, and a torch built for it, because device='cuda'; "
            "found none. Use device='auto' or 'cpu'."
        )
    return device

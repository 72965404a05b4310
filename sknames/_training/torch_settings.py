"""Set torch's threads, generators and device for a fit."""

import threading
from contextlib import contextmanager

import torch

# torch's number of threads, default dtype and generator are global: one fit at a time
# sets them.
_TORCH_SETTINGS = threading.RLock()


@contextmanager
def one_torch_thread():
    """Let torch use one thread and float32, and restore its settings.

    Other callers wait. Two threads make nets of this size slower, and 20 to 100 times
    slower if a core is busy, since they wait for each other in a spin.
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
    """Seed torch's generators of the CPU and the device, and restore them."""
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
            "Expected a CUDA device and a torch built for it, for device='cuda'; found "
            "none. Use device='auto' or 'cpu'."
        )
    return device

"""Set torch's threads, generators and device, safely across threads and forks."""

import os
import threading
from contextlib import ExitStack, contextmanager

import torch

# A child forked while another thread draws would wait for the generator's lock for ever. So a fork
# waits for the end of a draw.
DRAWING = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=DRAWING.acquire, after_in_parent=DRAWING.release, after_in_child=DRAWING.release
    )

# torch's number of threads, default dtype and generator are global: one fit at a time sets them.
_TORCH_SETTINGS = threading.RLock()
_borrowed = None  # the thread that has set them, and the number of threads and dtype before


@contextmanager
def one_torch_thread():
    """Let torch use one thread and float32, and restore its settings; other callers wait.

    Two threads make nets of this size slower, and 20 to 100 times slower if a core is busy, since
    they wait for each other in a spin.
    """
    global _borrowed
    with _TORCH_SETTINGS:
        before, outer = (torch.get_num_threads(), torch.get_default_dtype()), _borrowed
        _borrowed = outer or (threading.get_ident(), *before)
        _set(1, torch.float32)
        try:
            yield
        finally:
            _set(*before)
            _borrowed = outer


def _set(n_threads, dtype):
    torch.set_num_threads(n_threads)
    torch.set_default_dtype(dtype)


def _give_back_after_fork():
    """Restore the settings in a forked child, which lacks the thread that would do it."""
    global _TORCH_SETTINGS, _borrowed
    if _borrowed is not None and _borrowed[0] == threading.get_ident():
        return
    _TORCH_SETTINGS = threading.RLock()
    if _borrowed is not None:
        _set(*_borrowed[1:])
        _borrowed = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_give_back_after_fork)


@contextmanager
def torch_seed(seed, device):
    """Seed torch's generators of the CPU and the device, and restore them."""
    cuda = [torch.cuda.current_device()] if device == "cuda" else []
    with ExitStack() as stack:
        with DRAWING:
            stack.enter_context(torch.random.fork_rng(devices=cuda))
            torch.default_generator.manual_seed(seed)
            if cuda:
                torch.cuda.manual_seed(seed)
        try:
            yield
        finally:
            with DRAWING:
                stack.close()


def resolve_device(device):
    """Resolve "auto" to "cuda" if there is a CUDA device, else to "cpu"."""
    available = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if available else "cpu"
    if device == "cuda" and not available:
        raise ValueError(
            "Expected a CUDA device and a torch built for it, for device='cuda'; found none. Use "
            "device='auto' or 'cpu'."
        )
    return device

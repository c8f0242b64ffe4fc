"""Mixed precision: 16-bit numbers where they do no harm.

Matrix products and convolutions run in 16 bits, sums and losses in 32, and the weights stay in 32
(P. Micikevicius et al., "Mixed Precision Training", arXiv:1710.03740).

TF32 keeps all numbers in 32 bits, but a matrix product on an NVIDIA GPU reads 10 of the 23 bits
behind the point. PyTorch's convolutions do so from the start, its matrix products when asked.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal

import torch
from torch import Tensor
from torch.optim import Optimizer

Name = Literal["float32", "tf32", "bfloat16", "float16"]
NAMES: tuple[Name, ...] = ("float32", "tf32", "bfloat16", "float16")


class Precision:
    """How the forward pass, the backward pass and the step use short numbers.

    float16 has few exponents, so that small gradients would become 0. Its loss is therefore scaled
    up, and the gradients down again before the step, which is skipped if one of them overflowed.
    To know whether it was, the CPU waits for the device once a step. bfloat16 needs none of this.

    Args:
        name: "float32", "tf32", "bfloat16" or "float16".
        device: where the model is.

    Raises:
        ValueError: there is no precision of that name, or the device has no TF32.
    """

    def __init__(self, name: Name, device: torch.device) -> None:
        if name not in NAMES:
            raise ValueError(f"precision must be one of {', '.join(NAMES)}, but is {name!r}")
        if name == "tf32" and device.type != "cuda":
            raise ValueError(f'precision="tf32" needs a CUDA device, but the model is on {device}')
        self.name = name
        self.dtype = torch.float32 if name == "tf32" else getattr(torch, name)
        self.device = device
        self.scaler = torch.amp.GradScaler(device.type) if name == "float16" else None

    def autocast(self) -> AbstractContextManager:
        """Return the context in which the model runs and the loss is computed."""
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    @contextmanager
    def products(self) -> Iterator[None]:
        """Let matrix products use TF32 inside, if this is its name; PyTorch has one switch."""
        before = torch.get_float32_matmul_precision()
        if self.name == "tf32":
            torch.set_float32_matmul_precision("high")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)

    def backward(self, loss: Tensor, weight: Tensor | None = None) -> None:
        """Add the gradients of `weight * loss` to those of the parameters.

        Args:
            loss: shape [].
            weight: shape [], of the same dtype; 1 by default.
        """
        if self.scaler is None:
            loss.backward(weight)
        else:
            self.scaler.scale(loss if weight is None else loss * weight).backward()

    def step(self, optimizer: Optimizer, clip_norm: float | None) -> bool:
        """Move the parameters by their gradients, and return whether the step was taken.

        Args:
            optimizer: holds the parameters.
            clip_norm: the largest norm of all gradients together; larger ones are scaled down.
        """
        if self.scaler is not None and clip_norm is not None:
            self.scaler.unscale_(optimizer)
        if clip_norm is not None:
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            torch.nn.utils.clip_grad_norm_(parameters, clip_norm)
        if self.scaler is None:
            optimizer.step()
            return True
        scale = self.scaler.get_scale()
        self.scaler.step(optimizer)
        self.scaler.update()
        return self.scaler.get_scale() >= scale  # it shrinks after an overflow

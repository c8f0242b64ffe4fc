"""Mixed precision: fast, short floating-point numbers where they do no harm.

Matrix products and convolutions run in 16 bits, sums and losses in 32, the weights stay in 32
(P. Micikevicius et al., "Mixed Precision Training", arXiv:1710.03740).
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch
from torch import Tensor
from torch.optim import Optimizer

Name = Literal["float32", "bfloat16", "float16"]
NAMES: tuple[Name, ...] = ("float32", "bfloat16", "float16")


class Precision:
    """How forward pass, backward pass and step deal with short numbers.

    float16 has few exponents: small gradients would become 0. Its loss is therefore scaled up and
    the gradients scaled down again before the step, which is left out if one of them overflowed.

    PyTorch's scaler reads from the device once a step, unless the optimiser is a fused one, for
    example `torch.optim.AdamW(..., fused=True)`. On a GPU, use one.

    Args:
        name: "float32", "bfloat16" or "float16".
        device: where the model is.

    Raises:
        ValueError: there is no precision of that name.
    """

    def __init__(self, name: Name, device: torch.device) -> None:
        if name not in NAMES:
            raise ValueError(f"precision must be one of {', '.join(NAMES)}, but is {name!r}")
        self.dtype = getattr(torch, name)
        self.device = device
        self.scaler = torch.amp.GradScaler(device.type) if name == "float16" else None

    def autocast(self) -> AbstractContextManager:
        """Return the context in which the model runs and the loss is computed."""
        if self.dtype == torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of `loss`, a tensor of shape [], to those of the parameters."""
        (loss if self.scaler is None else self.scaler.scale(loss)).backward()

    def step(self, optimizer: Optimizer, clip_norm: float | None) -> None:
        """Move the parameters by their gradients.

        Args:
            optimizer: holds the parameters.
            clip_norm: the largest norm of all gradients together; longer ones are shortened.
        """
        if self.scaler is not None and clip_norm is not None:
            self.scaler.unscale_(optimizer)
        if clip_norm is not None:
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            torch.nn.utils.clip_grad_norm_(parameters, clip_norm)
        if self.scaler is None:
            optimizer.step()
        else:
            self.scaler.step(optimizer)
            self.scaler.update()

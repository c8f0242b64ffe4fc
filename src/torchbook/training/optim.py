"""Which parameters the optimiser treats how."""

from typing import Any

from torch import nn


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Split the parameters into those that decay and those that must not.

    Weight decay pulls weights towards 0. For biases, and for the scales and shifts of normalisation
    layers, 0 is no neutral place: they are left alone (T. He et al., "Bag of Tricks for Image
    Classification with Convolutional Neural Networks", arXiv:1812.01187, section 3.1).

    Args:
        model: whose trainable parameters are split; each comes into one group.
        weight_decay: for the parameters with two axes or more: matrices, kernels, embeddings.

    Returns:
        Two groups for an optimiser, such as `torch.optim.AdamW(parameter_groups(model, 0.05))`;
        parameters with one axis or none are in the second.
    """
    parameters = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]

"""torchvision's trained weights for the book's Vision Transformer."""

import re
from collections.abc import Mapping

from torch import Tensor

from torchbook.models.vit import VisionTransformer

# torchvision's names and ours, as regular expressions and what to put in their place. The files
# that it publishes are older than its code, and call the layers of the MLP linear_1 and linear_2.
RENAMED = {
    r"encoder\.layers\.encoder_layer_(\d+)\.": r"blocks.\1.",
    r"\.ln_(\d)\.": r".norm_\1.",
    r"\.self_attention\.in_proj_": r".attention.qkv.",
    r"\.self_attention\.out_proj\.": r".attention.out.",
    r"\.mlp\.linear_1\.": r".mlp.0.",
    r"\.mlp\.linear_2\.": r".mlp.3.",
    r"^conv_proj\.": r"patches.",
    r"^encoder\.pos_embedding$": r"positions",
    r"^encoder\.ln\.": r"norm.",
    r"^heads\.head\.": r"head.",
}


def load_torchvision_weights(model: VisionTransformer, state: Mapping[str, Tensor]) -> None:
    """Put the weights of one of torchvision's `vit_*` models into ours of the same sizes.

    Args:
        model: changed in place. Without a head, the head among the weights is left out.
        state: the `state_dict` of the other model.

    Raises:
        ValueError: names the weights that are missing, unknown, or of another shape. Nothing was
            loaded then.
    """
    renamed = {_renamed(key): value for key, value in state.items()}
    ours = model.state_dict()
    if "head.weight" not in ours:
        renamed = {key: value for key, value in renamed.items() if not key.startswith("head.")}
    problems = [f"{key} is missing" for key in ours if key not in renamed]
    problems += [f"{key} is unknown" for key in renamed if key not in ours]
    problems += [
        f"{key} has shape {list(renamed[key].shape)}, expected {list(value.shape)}"
        for key, value in ours.items()
        if key in renamed and renamed[key].shape != value.shape
    ]
    if problems:
        more = f"; and {len(problems) - 4} more" if len(problems) > 4 else ""
        raise ValueError(
            f"these weights do not fit the model: {'; '.join(problems[:4])}{more}. Build it with "
            "the sizes of the model that they come from. Nothing was loaded"
        )
    model.load_state_dict(renamed)


def _renamed(key: str) -> str:
    for pattern, replacement in RENAMED.items():
        key = re.sub(pattern, replacement, key)
    return key

"""Others' trained weights for the book's Vision Transformer: fetched, checked, renamed."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlparse

import torch
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


def fetch_weights(url: str, folder: Path | str) -> dict[str, Tensor]:
    """Fetch a file of weights once, check its sum, and read its tensors without running code.

    Args:
        url: where it lies; its name ends in the first digits of its SHA-256, as the names of
            torchvision's files do: vit_b_16-c867db91.pth.
        folder: where it is kept; made if it is missing.

    Raises:
        ValueError: the name holds no sum.
        RuntimeError: the file on the disk has another sum: it is damaged or was changed.
        URLError: it cannot be fetched.
    """
    name = Path(urlparse(url).path).name
    found = re.search(r"-([0-9a-f]{8,64})\.[a-z]+$", name)
    if found is None:
        raise ValueError(
            f"{name} does not name its SHA-256, as in vit_b_16-c867db91.pth: it cannot be checked"
        )
    path = Path(folder) / name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        # It arrives under another name, and gets its own once its sum is right.
        torch.hub.download_url_to_file(url, str(path), hash_prefix=found[1], progress=False)
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if not actual.startswith(found[1]):
        raise RuntimeError(
            f"{path} has SHA-256 {actual[:12]}…, expected {found[1]}…: it is damaged or was "
            "changed. Delete it, and it is fetched anew"
        )
    return torch.load(path, map_location="cpu", weights_only=True)


def _renamed(key: str) -> str:
    for pattern, replacement in RENAMED.items():
        key = re.sub(pattern, replacement, key)
    return key

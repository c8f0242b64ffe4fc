"""The Vision Transformer: a picture as a sequence of patches, and attention between them.

Source: A. Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image Recognition at
Scale", ICLR 2021, arXiv:2010.11929. The numbers of equations are those of the paper.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPS = 1e-6  # of every LayerNorm, as in torchvision; PyTorch's default is 1e-5


class SelfAttention(nn.Module):
    """Multi-head self-attention, MSA in equation 2; worked out in the paper's appendix A.

    Args:
        width: numbers for each token, D; a multiple of `n_heads`.
        n_heads: heads, h; each works with D / h of the numbers.
    """

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv = nn.Linear(width, 3 * width)  # queries, keys and values in one go
        self.out = nn.Linear(width, width)

    def forward(self, z: Tensor) -> Tensor:
        """Let every token collect from all: [B, T, D] -> [B, T, D]."""
        q, k, v = self.split(z)
        collected = F.scaled_dot_product_attention(q, k, v)  # [B, h, T, D / h]
        return self.out(collected.transpose(1, 2).flatten(2))

    def weights(self, z: Tensor) -> Tensor:
        """Return how much token i takes from token j, [B, h, T (i), T (j)]; each row adds to 1."""
        q, k, _ = self.split(z)
        return (q @ k.transpose(2, 3) / q.shape[-1] ** 0.5).softmax(dim=-1)

    def split(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values of tokens [B, T, D], each [B, h, T, D / h]."""
        heads = self.qkv(z).unflatten(2, (3, self.n_heads, -1))  # [B, T, 3, h, D / h]
        q, k, v = heads.permute(2, 0, 3, 1, 4)
        return q, k, v


class EncoderBlock(nn.Module):
    """Attention, then an MLP, each after a LayerNorm and added to what came in: equations 2, 3.

    Args:
        width: numbers for each token, D.
        n_heads: heads of the attention.
        mlp_width: hidden units of the MLP, M.
        dropout: the share of numbers set to 0 in training after attention and each layer of the
            MLP.
    """

    def __init__(self, width: int, n_heads: int, mlp_width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(width, eps=EPS)
        self.attention = SelfAttention(width, n_heads)
        self.dropout = nn.Dropout(dropout)
        self.norm_2 = nn.LayerNorm(width, eps=EPS)
        self.mlp = nn.Sequential(
            nn.Linear(width, mlp_width),  # [B, T, D] -> [B, T, M]
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(mlp_width, width),  # [B, T, M] -> [B, T, D]
            nn.Dropout(dropout),
        )

    def forward(self, z: Tensor) -> Tensor:
        """Map tokens [B, T, D] to tokens [B, T, D]."""
        z = z + self.dropout(self.attention(self.norm_1(z)))  # equation 2
        return z + self.mlp(self.norm_2(z))  # equation 3


class VisionTransformer(nn.Module):
    """Patches, a class token, positions, L blocks, and a linear layer on the class token.

    Without a head, ViT-Base/16 (224, 16, 3, None, 768, 12, 12, 3072) has 85,798,656 parameters.

    Args:
        image_size: height and width of the image in pixels, S; a multiple of `patch_size`.
        patch_size: height and width of a patch in pixels, P; there are N = (S / P)^2 patches.
        in_channels: channels of the image, C.
        n_classes: number of classes, or None for no head: the model then returns features [B, D].
        width: numbers for each token, D; a multiple of `n_heads`.
        depth: number of blocks, L.
        n_heads: heads of each attention.
        mlp_width: hidden units of each block's MLP.
        dropout: the share of numbers set to 0 in training, as in the paper's appendix B.1.

    Raises:
        ValueError: a size is below 1, or does not divide evenly; says which.
    """

    def __init__(
        self,
        image_size: int,
        patch_size: int,
        in_channels: int,
        n_classes: int | None,
        width: int,
        depth: int,
        n_heads: int,
        mlp_width: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        _check_divides("image_size", image_size, "patch_size", patch_size)
        _check_divides("width", width, "n_heads", n_heads)
        self.image_size, self.patch_size = image_size, patch_size
        n_tokens = (image_size // patch_size) ** 2 + 1  # T = N + 1
        self.patches = nn.Conv2d(in_channels, width, kernel_size=patch_size, stride=patch_size)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.empty(1, n_tokens, width))
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.Sequential(
            *(EncoderBlock(width, n_heads, mlp_width, dropout) for _ in range(depth))
        )
        self.norm = nn.LayerNorm(width, eps=EPS)
        self.head = nn.Identity() if n_classes is None else nn.Linear(width, n_classes)
        self._initialise()

    def _initialise(self) -> None:
        """Begin with small positions, no biases, and matrices that keep the tokens' size."""
        nn.init.normal_(self.positions, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                nn.init.xavier_uniform_(module.weight.flatten(1))
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map images [B, C, S, S] to logits [B, n_classes], or to features [B, D] without a head.

        Raises:
            ValueError: the images have another size.
        """
        z = self.blocks(self.tokens(x))  # [B, T, D]
        return self.head(self.norm(z[:, 0]))  # equation 4: the class token alone

    def tokens(self, x: Tensor) -> Tensor:
        """Cut images [B, C, S, S] into tokens with their positions [B, T, D]: equation 1."""
        if x.shape[-2:] != (self.image_size, self.image_size):
            raise ValueError(
                f"this model was built for images of {self.image_size} x {self.image_size} pixels, "
                f"but they have {x.shape[-2]} x {x.shape[-1]}: resize the images, or the positions"
            )
        z = self.patches(x).flatten(2).transpose(1, 2)  # [B, D, S/P, S/P] -> [B, N, D]
        z = torch.cat([self.class_token.expand(len(z), -1, -1), z], dim=1)  # [B, T, D]
        return self.dropout(z + self.positions)

    def attention_maps(self, x: Tensor) -> Tensor:
        """Return the attention weights of all blocks for images [B, C, S, S]: [B, L, h, T, T].

        Token 0 is the class token, the patches follow row by row. In training mode, dropout makes
        them random, as it does the logits.
        """
        z, maps = self.tokens(x), []
        for block in self.blocks:
            maps.append(block.attention.weights(block.norm_1(z)))
            z = block(z)
        return torch.stack(maps, dim=1)


def _check_divides(whole_name: str, whole: int, part_name: str, part: int) -> None:
    if part < 1 or whole < 1 or whole % part:
        raise ValueError(
            f"{whole_name} must be a multiple of {part_name}, both at least 1, but they are "
            f"{whole} and {part}"
        )

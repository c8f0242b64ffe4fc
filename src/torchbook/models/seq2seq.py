"""The encoder-decoder transformer: one sequence in, another one out.

Source: A. Vaswani et al., "Attention Is All You Need", 2017, arXiv:1706.03762. As is usual today,
the LayerNorm comes before each part (`norm_first=True` in `nn.Transformer`), and positions are
learned.
In the shapes, B is the batch, S and T are the lengths of source and target, D is the width.
"""

import torch
from torch import Tensor, nn

PADDING = 0  # this number stands for nothing, in sources and in targets


class MultiHeadAttention(nn.Module):
    """Each token of one sequence asks those of another, or of its own.

    Args:
        width: numbers for each token, D; a multiple of `n_heads`.
        n_heads: how many questions a token asks at once; each with D / n_heads numbers.
    """

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        if n_heads < 1 or width % n_heads:
            raise ValueError(
                f"width must be a multiple of n_heads, but they are {width} and {n_heads}"
            )
        self.n_heads = n_heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.weights: Tensor | None = None  # of the last call, to look at

    def forward(self, asking: Tensor, answering: Tensor, allowed: Tensor) -> Tensor:
        """Collect for each token [B, T, D] from others [B, S, D]; returns [B, T, D].

        Args:
            asking: tokens that ask.
            answering: tokens that are asked; the same ones for self-attention.
            allowed: True where a token may look; broadcasts to [B, heads, T, S].
        """
        q = self.split(self.query(asking))  # [B, heads, T, D / heads]
        k = self.split(self.key(answering))  # [B, heads, S, D / heads]
        v = self.split(self.value(answering))
        scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5  # [B, heads, T, S]
        weights = scores.masked_fill(~allowed, -torch.inf).softmax(dim=-1)
        self.weights = weights.detach()
        return self.out((weights @ v).transpose(1, 2).flatten(2))

    def split(self, x: Tensor) -> Tensor:
        """Deal the numbers of each token to the heads: [B, T, D] -> [B, heads, T, D / heads]."""
        return x.unflatten(2, (self.n_heads, -1)).transpose(1, 2)


def make_mlp(width: int, n_hidden: int) -> nn.Sequential:
    """Return the two layers that work on each token alone."""
    return nn.Sequential(nn.Linear(width, n_hidden), nn.ReLU(), nn.Linear(n_hidden, width))


class EncoderLayer(nn.Module):
    """The source's tokens exchange, then each thinks for itself."""

    def __init__(self, width: int, n_heads: int, n_hidden: int, dropout: float) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width, n_heads)
        self.norm_2 = nn.LayerNorm(width)
        self.mlp = make_mlp(width, n_hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        """Map tokens [B, S, D] to tokens [B, S, D]; `real` is False for padding."""
        y = self.norm_1(x)
        x = x + self.dropout(self.attention(y, y, real))
        return x + self.dropout(self.mlp(self.norm_2(x)))


class DecoderLayer(nn.Module):
    """The target's tokens look back at themselves, then at the source, then each thinks."""

    def __init__(self, width: int, n_heads: int, n_hidden: int, dropout: float) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width, n_heads)
        self.norm_2 = nn.LayerNorm(width)
        self.cross = MultiHeadAttention(width, n_heads)
        self.norm_3 = nn.LayerNorm(width)
        self.mlp = make_mlp(width, n_hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, memory: Tensor, past: Tensor, real: Tensor) -> Tensor:
        """Map the target's tokens [B, T, D] to [B, T, D], with the encoder's [B, S, D]."""
        y = self.norm_1(x)
        x = x + self.dropout(self.attention(y, y, past))
        x = x + self.dropout(self.cross(self.norm_2(x), memory, real))
        return x + self.dropout(self.mlp(self.norm_3(x)))


class Transformer(nn.Module):
    """Reads one sequence and predicts each token of another from those before it.

    Args:
        n_source: how many different tokens a source can have; number 0 is padding.
        n_target: how many a target can have; number 0 is padding.
        width: numbers for each token, D.
        n_heads: heads of each attention.
        n_layers: layers of the encoder, and as many of the decoder.
        n_hidden: hidden units of each layer's MLP.
        dropout: the share of numbers set to 0 in training.
        n_places: how long a sequence may be.
    """

    def __init__(
        self,
        n_source: int,
        n_target: int,
        width: int = 128,
        n_heads: int = 4,
        n_layers: int = 2,
        n_hidden: int = 256,
        dropout: float = 0.1,
        n_places: int = 32,
    ) -> None:
        super().__init__()
        self.source = nn.Embedding(n_source, width)
        self.source_places = nn.Embedding(n_places, width)
        self.target = nn.Embedding(n_target, width)
        self.target_places = nn.Embedding(n_places, width)
        for table in (self.source, self.source_places, self.target, self.target_places):
            nn.init.normal_(table.weight, std=0.5)
        settings = (width, n_heads, n_hidden, dropout)
        self.encoder = nn.ModuleList(EncoderLayer(*settings) for _ in range(n_layers))
        self.decoder = nn.ModuleList(DecoderLayer(*settings) for _ in range(n_layers))
        self.encoder_norm = nn.LayerNorm(width)
        self.decoder_norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, n_target)
        self.dropout = nn.Dropout(dropout)

    def encode(self, source: Tensor) -> Tensor:
        """Read sources [B, S]; returns a memory [B, S, D] with a row for each token.

        Raises:
            ValueError: the sequence is longer than `n_places`.
        """
        x = self._with_places(source, self.source, self.source_places)
        real = _real(source)
        for layer in self.encoder:
            x = layer(x, real)
        return self.encoder_norm(x)

    def decode(self, target: Tensor, memory: Tensor, source: Tensor) -> Tensor:
        """Predict what follows each token of the targets [B, T]: logits [B, T, n_target].

        Args:
            target: tokens so far, beginning with the one that means "begin".
            memory: what `encode` returned for `source`.
            source: the sources [B, S]; says which rows of the memory are padding.

        Raises:
            ValueError: the sequence is longer than `n_places`.
        """
        x = self._with_places(target, self.target, self.target_places)
        n = target.shape[1]
        past = torch.ones(n, n, dtype=torch.bool, device=target.device).tril()
        real = _real(source)
        for layer in self.decoder:
            x = layer(x, memory, past, real)
        return self.head(self.decoder_norm(x))

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Predict what follows each token of `target` [B, T], given `source` [B, S]."""
        return self.decode(target, self.encode(source), source)

    def _with_places(self, ids: Tensor, table: nn.Embedding, places: nn.Embedding) -> Tensor:
        if ids.shape[1] > places.num_embeddings:
            raise ValueError(
                f"a sequence has {ids.shape[1]} tokens, but n_places is {places.num_embeddings}"
            )
        return self.dropout(table(ids) + places.weight[: ids.shape[1]])


def _real(source: Tensor) -> Tensor:
    """Return where a source [B, S] isn't padding, to broadcast over heads and targets."""
    return (source != PADDING)[:, None, None]  # [B, 1, 1, S]

"""A small GPT: predicts the next token from all before it, and remembers their keys and values.

With the options off, a block is GPT-2's. Sources: A. Radford et al., "Language Models are
Unsupervised Multitask Learners" (2019); J. Su et al., "RoFormer", arXiv:2104.09864 (rope); A. Henry
et al., "Query-Key Normalization for Transformers", arXiv:2010.04245 (qk_norm); D. So et al.,
"Primer", arXiv:2109.08668 (relu2).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Cache = list[tuple[Tensor, Tensor]]
"""Keys and values of the tokens so far, [B, h, T, D / h] each, for every block."""


def turn(x: Tensor, start: int, base: float = 10_000.0) -> Tensor:
    """Turn each pair of numbers by an angle that grows with the token's place (RoPE).

    Number i of the first half and number i of the second half are a pair.

    Args:
        x: queries or keys, [B, h, T, d].
        start: the place of the first token.
        base: how much slower the slowest pair turns than the fastest, which turns by 1 per place.
    """
    half = x.shape[3] // 2
    speeds = base ** -(torch.arange(half, device=x.device) / half)  # [d / 2]
    places = torch.arange(start, start + x.shape[2], device=x.device)
    angles = places[:, None] * speeds  # [T, d / 2]
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, dim=3)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=3)


class CausalAttention(nn.Module):
    """Attention in which no token sees a later one.

    Args:
        width: numbers for each token, D; a multiple of `n_heads`.
        n_heads: heads, h.
        rope: turn queries and keys by their places.
        qk_norm: bring queries and keys to one length first.
    """

    def __init__(self, width: int, n_heads: int, *, rope: bool, qk_norm: bool) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.rope = rope
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_q = nn.RMSNorm(width // n_heads) if qk_norm else nn.Identity()
        self.norm_k = nn.RMSNorm(width // n_heads) if qk_norm else nn.Identity()

    def forward(
        self, x: Tensor, past: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Map new tokens [B, T, D] to [B, T, D], and return all keys and values with it.

        Args:
            x: the new tokens.
            past: keys and values of those before them.
        """
        heads = self.qkv(x).unflatten(2, (3, self.n_heads, -1))  # [B, T, 3, h, D / h]
        q, k, v = heads.permute(2, 0, 3, 1, 4)
        q, k = self.norm_q(q), self.norm_k(k)
        n_past = 0 if past is None else past[0].shape[2]
        if self.rope:
            q, k = turn(q, n_past), turn(k, n_past)
        if past is None:
            collected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
            # New token i sees all of the past, and the new ones up to itself.
            seen = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=x.device)
            collected = F.scaled_dot_product_attention(q, k, v, seen.tril(n_past))
        return self.out(collected.transpose(1, 2).flatten(2)), (k, v)


class GPTBlock(nn.Module):
    """Attention, then an MLP, each after a LayerNorm and added to what came in.

    Args:
        width: numbers for each token, D.
        n_heads: heads of the attention.
        rope: positions by turning queries and keys.
        qk_norm: queries and keys of one length.
        relu2: the square of ReLU in place of GELU.
    """

    def __init__(self, width: int, n_heads: int, *, rope: bool, qk_norm: bool, relu2: bool) -> None:
        super().__init__()
        self.relu2 = relu2
        self.norm_1 = nn.LayerNorm(width)
        self.attention = CausalAttention(width, n_heads, rope=rope, qk_norm=qk_norm)
        self.norm_2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(
        self, x: Tensor, past: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Map new tokens [B, T, D] to [B, T, D], and return all keys and values with it."""
        collected, present = self.attention(self.norm_1(x), past)
        x = x + collected
        thought = self.up(self.norm_2(x))
        thought = F.relu(thought).square() if self.relu2 else F.gelu(thought)
        return x + self.down(thought), present


class GPT(nn.Module):
    """Tokens in, logits of the next token out.

    Args:
        n_tokens: how many different tokens there are, V.
        context: how many tokens it sees at most.
        width: numbers for each token, D.
        n_layers: blocks.
        n_heads: heads of each attention.
        rope: positions by turning queries and keys, not by learned numbers.
        qk_norm: queries and keys of one length.
        relu2: the square of ReLU in place of GELU.
    """

    def __init__(
        self,
        n_tokens: int,
        context: int,
        width: int = 128,
        n_layers: int = 4,
        n_heads: int = 4,
        *,
        rope: bool = False,
        qk_norm: bool = False,
        relu2: bool = False,
    ) -> None:
        super().__init__()
        self.context = context
        self.tokens = nn.Embedding(n_tokens, width)
        self.places = None if rope else nn.Embedding(context, width)
        self.blocks = nn.ModuleList(
            GPTBlock(width, n_heads, rope=rope, qk_norm=qk_norm, relu2=relu2)
            for _ in range(n_layers)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, n_tokens, bias=False)
        self._set_weights()

    def _set_weights(self) -> None:
        """Begin with small numbers, and with blocks that add nothing."""
        for name, weight in self.named_parameters():
            if name.endswith(("out.weight", "down.weight", "bias")):
                nn.init.zeros_(weight)
            elif weight.ndim == 2:
                nn.init.normal_(weight, std=0.02)

    def forward(self, ids: Tensor) -> Tensor:
        """Map tokens [B, T] to the logits of what follows each, [B, T, V]."""
        logits, _ = self.extend(ids)
        return logits

    def extend(self, ids: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """Read tokens after those in the cache; return their logits and the longer cache.

        Args:
            ids: the new tokens, [B, T].
            cache: what an earlier call returned for the tokens before them.

        Returns:
            The logits of what follows each new token, [B, T, V], and the cache for all tokens.

        Raises:
            ValueError: there are more tokens than the model's context.
        """
        n_past = cache[0][0].shape[2] if cache else 0
        if n_past + ids.shape[1] > self.context:
            raise ValueError(
                f"the model sees {self.context} tokens at most, but got {ids.shape[1]} after "
                f"{n_past}: begin again with the last ones"
            )
        x = self.tokens(ids)  # [B, T, D]
        if self.places is not None:
            places = torch.arange(n_past, n_past + ids.shape[1], device=ids.device)
            x = x + self.places(places)
        presents = []
        for i, block in enumerate(self.blocks):
            x, present = block(x, cache[i] if cache else None)
            presents.append(present)
        return self.head(self.norm(x)), presents

    @torch.no_grad()
    def write(
        self,
        ids: Tensor,
        n: int,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        use_cache: bool = True,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Write n tokens after those given; return all of them, [B, T + n].

        It sees the last tokens, as many as its context holds. When the context is full, the cache
        starts again with the last half of it, and so does the version without a cache: both see the
        same, and write the same.

        Args:
            ids: the beginning, [B, T], at least one token each.
            n: how many to write.
            temperature: divides the logits; below 1, likely tokens get more likely. 0 takes the
                likeliest.
            top_k: draw among the k likeliest only.
            top_p: draw among the likeliest that have this share together.
            use_cache: whether to remember keys and values; the result is the same.
            generator: draws the tokens; by default PyTorch's own.
        """
        half = self.context // 2
        start = max(0, ids.shape[1] - half)
        cache: Cache | None = None
        for _ in range(n):
            if ids.shape[1] - start > self.context:
                start, cache = ids.shape[1] - half, None
            if use_cache and cache is not None:
                logits, cache = self.extend(ids[:, -1:], cache)
            else:
                logits, cache = self.extend(ids[:, start:])
            shares = shares_of(logits[:, -1], temperature, top_k, top_p)
            drawn = torch.multinomial(shares, 1, generator=generator)  # [B, 1]
            ids = torch.cat([ids, drawn], dim=1)
        return ids


def shares_of(
    logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """Return the shares with which to draw the next token, [B, V].

    Args:
        logits: of the next token, [B, V].
        temperature: divides the logits first; 0 gives all to the likeliest.
        top_k: only the k likeliest keep a share.
        top_p: of the likeliest, as many as it takes to have this share together keep theirs.
    """
    if temperature == 0:
        return F.one_hot(logits.argmax(dim=1), logits.shape[1]).to(logits.dtype)
    shares, order = (logits / temperature).softmax(dim=1).sort(dim=1, descending=True)
    if top_k is not None:
        shares[:, top_k:] = 0
    if top_p is not None:
        before = shares.cumsum(dim=1) - shares  # what the likelier ones have together
        shares[before >= top_p] = 0
    shares = shares / shares.sum(dim=1, keepdim=True)
    return torch.zeros_like(shares).scatter(1, order, shares)

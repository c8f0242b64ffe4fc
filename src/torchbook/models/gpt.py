"""A small GPT: predicts the next token from all before it, and remembers their keys and values.

With the options off, a block is GPT-2's. Sources: A. Radford et al., "Language Models are
Unsupervised Multitask Learners" (2019); J. Su et al., "RoFormer", arXiv:2104.09864 (rope); A. Henry
et al., "Query-Key Normalization for Transformers", arXiv:2010.04245 (qk_norm); D. So et al.,
"Primer", arXiv:2109.08668 (relu2).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Pair = tuple[Tensor, Tensor]
Cache = list[Pair]
"""Keys and values of the tokens so far, [B, h, T, D / h] each, for every block."""


def angles(
    start: int, n: int, width: int, device: torch.device, base: float = 10_000.0
) -> tuple[Tensor, Tensor]:
    """Return cosines and sines of the angles for n places from `start` on, [n, width / 2] each.

    Args:
        start: the first place.
        n: how many places.
        width: numbers of a query or key, which make width / 2 pairs.
        device: where the results should be.
        base: how much slower the slowest pair turns than the fastest, which turns by 1 per place.
    """
    half = width // 2
    speeds = base ** -(torch.arange(half, device=device) / half)
    turned = torch.arange(start, start + n, device=device)[:, None] * speeds  # [n, width / 2]
    return turned.cos(), turned.sin()


def turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair of numbers by the angle of the token's place (RoPE).

    Number i of the first half and number i of the second half are a pair.

    Args:
        x: queries or keys, [B, h, T, d].
        cos: of the angles, [T, d / 2].
        sin: of the angles, [T, d / 2].
    """
    a, b = x.chunk(2, dim=3)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=3)


class CausalAttention(nn.Module):
    """Attention in which no token sees a later one.

    Args:
        width: numbers for each token, D; a multiple of `n_heads`.
        n_heads: heads, h.
        qk_norm: bring queries and keys to one length first.
    """

    def __init__(self, width: int, n_heads: int, *, qk_norm: bool) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_q = nn.RMSNorm(width // n_heads) if qk_norm else nn.Identity()
        self.norm_k = nn.RMSNorm(width // n_heads) if qk_norm else nn.Identity()

    def forward(
        self, x: Tensor, past: Pair | None = None, turns: Pair | None = None
    ) -> tuple[Tensor, Pair]:
        """Map new tokens [B, T, D] to [B, T, D], and return all keys and values with it.

        Args:
            x: the new tokens.
            past: keys and values of those before them.
            turns: cosines and sines by which to turn queries and keys; none without RoPE.
        """
        heads = self.qkv(x).unflatten(2, (3, self.n_heads, -1))  # [B, T, 3, h, D / h]
        q, k, v = heads.permute(2, 0, 3, 1, 4)
        q, k = self.norm_q(q), self.norm_k(k)
        if turns is not None:
            q, k = turn(q, *turns), turn(k, *turns)
        if past is None:
            collected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
            # New token i sees all of the past, and the new ones up to itself.
            seen = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=x.device)
            collected = F.scaled_dot_product_attention(q, k, v, seen.tril(past[0].shape[2]))
        return self.out(collected.transpose(1, 2).flatten(2)), (k, v)


class GPTBlock(nn.Module):
    """Attention, then an MLP, each after a LayerNorm and added to what came in.

    Args:
        width: numbers for each token, D.
        n_heads: heads of the attention.
        qk_norm: queries and keys of one length.
        relu2: the square of ReLU in place of GELU.
    """

    def __init__(self, width: int, n_heads: int, *, qk_norm: bool, relu2: bool) -> None:
        super().__init__()
        self.relu2 = relu2
        self.norm_1 = nn.LayerNorm(width)
        self.attention = CausalAttention(width, n_heads, qk_norm=qk_norm)
        self.norm_2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(
        self, x: Tensor, past: Pair | None = None, turns: Pair | None = None
    ) -> tuple[Tensor, Pair]:
        """Map new tokens [B, T, D] to [B, T, D], and return all keys and values with it."""
        collected, present = self.attention(self.norm_1(x), past, turns)
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
        self.head_width = width // n_heads
        self.tokens = nn.Embedding(n_tokens, width)
        self.places = None if rope else nn.Embedding(context, width)
        self.blocks = nn.ModuleList(
            GPTBlock(width, n_heads, qk_norm=qk_norm, relu2=relu2) for _ in range(n_layers)
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
        turns = None
        if self.places is None:
            turns = angles(n_past, ids.shape[1], self.head_width, ids.device)
        else:
            x = x + self.places(torch.arange(n_past, n_past + ids.shape[1], device=ids.device))
        presents = []
        for i, block in enumerate(self.blocks):
            x, present = block(x, cache[i] if cache else None, turns)
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

"""Ways to break the lessons of chapter 17, each with the claim that must notice."""

BROKEN = [
    # Looks ahead, not back.
    (
        "seen = torch.ones_like(scores).tril()",
        "seen = torch.ones_like(scores).triu()",
        "same_attention",
    ),
    # Divides by the width, not by its root.
    (
        "scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5",
        "scores = q @ k.transpose(-2, -1) / q.shape[-1]",
        "same_attention",
    ),
    # The GPT sees the future.
    (
        "found = F.scaled_dot_product_attention(q, k, v, is_causal=True)",
        "found = F.scaled_dot_product_attention(q, k, v)",
        "no_leak",
    ),
    # The block forgets what came in.
    (
        "x = x + self.attention(self.norm_1(x))",
        "x = self.attention(self.norm_1(x))",
        "same_block",
    ),
    # Another bend than GPT-2's.
    ("self.down(F.gelu(self.up(", "self.down(F.relu(self.up(", "same_block"),
    # Normalises after attention only.
    (
        "x = x + self.attention(self.norm_1(x))",
        "x = x + self.attention(x)",
        "same_block",
    ),
    # Learns to repeat what it sees.
    (
        "return rows[:, :-1], rows[:, 1:]  # what",
        "return rows[:, 1:], rows[:, 1:]  # what",
        "beats_pairs",
    ),
    # Hardly moves.
    (
        "OneCycleLR(optimizer, 0.005, 1000,",
        "OneCycleLR(optimizer, 1e-7, 1000,",
        "beats_pairs",
    ),
    # Stretches the arrows, where it should turn them.
    (
        "torch.stack([x * angle.cos() - y * angle.sin(), x",
        "torch.stack([x * angle.cos() + y * angle.sin(), x",
        "rope",
    ),
    # Turns each arrow the other way round than the package, and only half of it.
    (
        "second = a * angles.sin() + b * angles.cos()",
        "second = b * angles.cos() - a * angles.sin()",
        "same_turn",
    ),
    # Follows the gradient as it is.
    (
        "torch.optim.Muon([weight], lr=1.0, weight_decay=0.0).step()",
        "torch.optim.SGD([weight], lr=1.0).step()",
        "muon_even",
    ),
    # The matrices stand still.
    (
        "torch.optim.Muon(matrices, lr=0.02, weight_decay=0.0),",
        "torch.optim.Muon(matrices, lr=0.0, weight_decay=0.0),",
        "muon_gain",
    ),
    # Shows the new letter the first key only.
    (
        "found = F.scaled_dot_product_attention(q, keys, values)  # new",
        "found = F.scaled_dot_product_attention(q, keys, values, is_causal=True)  # new",
        "same_cached",
    ),
    # Forgets the past after each letter.
    (
        "logits, cache = better.extend(likeliest, cache)  # only",
        "logits, cache = better.extend(likeliest)  # only",
        "same_letters",
    ),
    # Has a cache and reads everything again.
    (
        "logits, cache = better.extend(likeliest, cache)  # only",
        "logits, cache = better.extend(ids)  # only",
        "cache_saves",
    ),
    # Exports what follows the first letter.
    ("return self.gpt(ids)[:, -1]  # [1, letters]", "return self.gpt(ids)[:, 0]", "export"),
    # The judge is told at random who wrote what.
    (
        "labels = (torch.arange(len(rows)) < len(real)).float()",
        "labels = torch.randint(2, (len(rows),)).float()",
        "judge_better",
    ),
    # However many lines it's shown, it reads the first.
    (
        ".view(n_groups, size).sum(dim=1)",
        ".view(n_groups, size)[:, 0]",
        "judge_longer",
    ),
]

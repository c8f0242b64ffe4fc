"""Ways to break the lessons of chapter 00: what to replace, by what, and the claim that notices."""

BROKEN = [
    # Bytes that are wide enough.
    (
        "pixels = torch.tensor([100, 200], dtype=torch.uint8)",
        "pixels = torch.tensor([100, 200], dtype=torch.int16)",
        "wrapped",
    ),
    # A sum that is as polite as Python's numbers are not.
    ("    (half + single, torch.float32),", "    (half + single, torch.float16),", "promotion"),
    ("    (half + 0.5, torch.float16),", "    (half + 0.5, torch.float32),", "promotion"),
    # A table with an axis in the wrong place.
    ("    (x.permute(2, 0, 1), (4, 2, 3)),", "    (x.permute(2, 0, 1), (3, 4, 2)),", "shapes"),
    (
        "    (torch.stack([x, x]), (2, 2, 3, 4)),",
        "    (torch.cat([x, x]), (2, 2, 3, 4)),",
        "shapes",
    ),
    # from_numpy as many believe it to be.
    ("torch.from_numpy(array)\n", "torch.from_numpy(array.copy())\n", "from_numpy"),
    # A tensor that does not copy.
    ("copied = torch.tensor(array)", "copied = torch.as_tensor(array)", "from_numpy"),
    # keepdim forgotten where it was not, and not forgotten where it was.
    (
        "right = square - square.mean(dim=1, keepdim=True)  # [2, 2] - [2, 1]",
        "right = square - square.mean(dim=1)",
        "kept",
    ),
    (
        "wrong = square - square.mean(dim=1)  # [2, 2] - [2]: it fits!",
        "wrong = square - square.mean(dim=1, keepdim=True)",
        "silent",
    ),
    # Every row with the same column.
    ("(a[i] * b[:, j]).sum()", "(a[i] * b[:, 0]).sum()", "matmul"),
    # A layer without its bias.
    (
        "by_hand = inputs @ layer.weight.T + layer.bias",
        "by_hand = inputs @ layer.weight.T",
        "linear",
    ),
    # A weight the other way round, made to fit.
    (
        "by_hand = inputs @ layer.weight.T + layer.bias",
        "by_hand = inputs @ layer.weight.reshape(3, 2) + layer.bias",
        "linear",
    ),
    # A fog that no seed brings back, and one that is the same for all seeds.
    ("generator = torch.Generator().manual_seed(seed)\n", "generator = None\n", "seeded"),
    (
        "generator = torch.Generator().manual_seed(seed)\n",
        "generator = torch.Generator().manual_seed(0)\n",
        "seeded",
    ),
    # A reshape that does no harm.
    ("(flat.T, flat.reshape(784, 3))", "(flat.T, flat.reshape(3, 784).T)", "scrambled"),
    # A first name that is not always taken, because a little fog has been left.
    (
        "clear, clear_labels = make_foggy(clean, strength=0, seed=0)",
        "clear, clear_labels = make_foggy(clean, strength=0.01, seed=0)",
        "raw_clear",
    ),
    # Templates that keep their length.
    ("scaled = clean / length  # [3, 784] / [3, 1]", "scaled = clean", "gain"),
    # Centred, but not of one length.
    (
        "scaled = clean / length  # [3, 784] / [3, 1]",
        "scaled = clean - clean.mean(dim=1, keepdim=True)",
        "dazzled",
    ),
    # The same picture, no brighter.
    ("bright = pictures + 1", "bright = pictures + 0", "dazzled"),
    # Of one length, but not centred; then centred, but each with the length it had.
    ("centred = clean - clean.mean(dim=1, keepdim=True)", "centred = clean - 0", "fog"),
    ("fair = centred / length", "fair = centred", "fog"),
    # Pictures that go once round and stay where they were.
    ("sky.roll((down, across), dims=(1, 2))", "sky.roll((28, 28), dims=(1, 2))", "moved"),
    # Moved by one pixel only.
    (
        "sky.roll((down, across), dims=(1, 2))",
        "sky.roll((down // 5, across // 5), dims=(1, 2))",
        "moved",
    ),
]

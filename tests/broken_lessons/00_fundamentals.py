"""Ways to break the lessons of chapter 00: what to replace, by what, and the claim that notices."""

BROKEN = [
    # Bytes that are wide enough.
    (
        "pixels = torch.tensor([100, 200], dtype=torch.uint8)",
        "pixels = torch.tensor([100, 200], dtype=torch.int16)",
        "wrapped",
    ),
    # A float with digits to spare.
    ("big = torch.tensor(2.0**24)", "big = torch.tensor(2.0**24, dtype=torch.float64)", "stuck"),
    # from_numpy as many believe it to be.
    ("torch.from_numpy(array)\n", "torch.from_numpy(array.copy())\n", "from_numpy"),
    # keepdim not forgotten.
    (
        "wrong = picture - picture.mean(dim=1)  # [28, 28] - [28]: it fits!",
        "wrong = picture - picture.mean(dim=1, keepdim=True)",
        "silent",
    ),
    # Rows with rows.
    ("= torch.dot(a[i], b[:, j])", "= torch.dot(a[i], b[:, 0])", "matmul"),
    # A fog that no seed brings back.
    (
        "generator = torch.Generator().manual_seed(seed)\n",
        "generator = None\n",
        "seeded",
    ),
    # Templates that are neither centred nor of one length.
    ("unit = centred / length  # [3, 784]", "unit = flat", "fog"),
    # The fair templates against themselves.
    (
        "named_right(unit, 2, i) - named_right(flat, 2, i)",
        "named_right(unit, 2, i) - named_right(unit, 2, i)",
        "gain",
    ),
    # Templates of another length.
    (
        "shaking = (2 * make_fog(3, n=3000)) @ unit.T",
        "shaking = make_fog(3, n=3000) @ flat.T",
        "shaking",
    ),
    # Pictures that go once round and stay where they were.
    ("moved = sky.roll(5, dims=2)", "moved = sky.roll(28, dims=2)", "moved"),
]

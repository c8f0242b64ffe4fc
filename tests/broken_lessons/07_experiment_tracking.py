"""What breaks the lessons of chapter 07, and the claim that must then fail.

Each entry: a text that occurs once in the chapter, what to put in its place, the claim's name.
"""

BROKEN = [
    # One run in the folder.
    ("for lr in (0.0001, 0.01):\n", "for lr in (0.01,):\n", "zigzag"),
    # Rates that never become too large: the finder's lowest point says nothing.
    ("lr=factor * rate)", "lr=rate)", "too_late"),
    # A lucky number that comes with label smoothing.
    (
        'judge("lucky number", lucky_number=star)',
        'judge("lucky number", lucky_number=star, smoothing=0.1)',
        "aa_settings",
    ),
    # A lucky number that does harm.
    (
        'judge("lucky number", lucky_number=star)',
        'judge("lucky number", lucky_number=star) - 3',
        "aa",
    ),
    # Sets of 600, judged by the formula for 60.
    (
        "formula = 100 * (p * (1 - p) / 600) ** 0.5",
        "formula = 100 * (p * (1 - p) / 60) ** 0.5",
        "binomial",
    ),
    # Pairs that share neither world nor seed.
    (
        'faster = judge("rate from the finder", lr=rate)',
        'faster = judge("rate from the finder", lr=rate).roll(10)',
        "paired",
    ),
    # The default judged against the finder's rate.
    ("gains = faster - default  # [20]", "gains = default - faster  # [20]", "ab"),
    # Label smoothing in place of weight decay.
    ('"weight decay": {"decay": 0.1},', '"weight decay": {"smoothing": 0.1},', "decay"),
    # A decay that decays everything.
    ('"weight decay": {"decay": 0.1},', '"weight decay": {"decay": 30.0},', "decay"),
    # A rule of thumb in place of the exact number.
    (
        "    while found < 0.8:\n",
        "    n = math.ceil((1.96 + 0.84) ** 2 * (s / d) ** 2) - 1\n    while found < 0.1:\n",
        "power",
    ),
    # One change only.
    ("torch.randn(2000, 20, 20,", "torch.randn(2000, 1, 20,", "many"),
    # Winners that are judged where they won.
    (
        "    delivered.append(elsewhere[winner].mean())",
        "    delivered.append(here[winner])",
        "curse",
    ),
    # The last of the search.
    (
        'if row["number"] == best["number"]:',
        'if row["number"] == candidates[-1]["number"]:',
        "winner",
    ),
    # A model that is made, but not loaded.
    ('loaded.load_state_dict(saved["weights"])', "loaded.eval()", "saved"),
    # Two seeds.
    ('weights_after("second time", seed=0)', 'weights_after("second time", seed=2)', "same_seed"),
    # A run that nobody wrote down.
    (
        'note(change="same folder", world=0, seed=0, settings={"lr": lr}, curve=curve)',
        "pass",
        "logged",
    ),
]

"""What breaks the lessons of chapter 07, and the claim that must then fail.

Each entry: a text that occurs once in the chapter, what to put in its place, the claim's name.
"""

BROKEN = [
    # one run in the folder
    ("for lr in (0.0001, 0.01):\n", "for lr in (0.01,):\n", "zigzag"),
    # twenty times the same seed
    ('run("lucky", 0, seed)', 'run("lucky", 0, 1)', "lucky"),
    # pairs that do not even differ in the seed
    ('judge("lucky number", seed=star)', 'judge("lucky number")', "pair"),
    # a lucky number that is a change
    (
        'judge("lucky number", seed=star)',
        'judge("lucky number", seed=star, lr=0.0003)',
        "aa",
    ),
    # sets of 600, judged by the formula for 60
    ("math.sqrt(p * (1 - p) / 600)", "math.sqrt(p * (1 - p) / 60)", "binomial"),
    # a change for the worse: the default judged against the finder's rate
    ("gains = faster - default  # [20]", "gains = default - faster  # [20]", "ab"),
    # a decay that decays everything
    ('"weight decay": {"decay": 0.1},', '"weight decay": {"decay": 30.0},', "decay"),
    # pairs with different seeds
    ("    judge(name, **settings)\n", "    judge(name, seed=7, **settings)\n", "width"),
    # one change only
    ("torch.randn(2000, 20, 20,", "torch.randn(2000, 1, 20,", "many"),
    # not divided by the number of comparisons
    ("stats.t.ppf(1 - 0.025 / 20, 19)", "stats.t.ppf(1 - 0.025, 19)", "bonferroni"),
    # drawn evenly
    (
        "return math.exp(dice.uniform(math.log(low), math.log(high)))",
        "return dice.uniform(low, high)",
        "log_uniform",
    ),
    # the lucky scores of each search once more
    (
        "others = searches[[m for m in range(4) if m != n]]",
        "others = searches[[n]]",
        "regression",
    ),
    # the last of the search
    (
        "winner = candidates[second.index(max(second))][1]",
        "winner = candidates[-1][1]",
        "winner",
    ),
    # the wrong way round
    (
        'interval(score["winner"] - score["default"])',
        'interval(score["default"] - score["winner"])',
        "test",
    ),
    # two seeds
    (
        "one, two, other = weights(0), weights(0),",
        "one, two, other = weights(0), weights(2),",
        "same_seed",
    ),
]

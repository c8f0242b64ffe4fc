"""Changes to chapter 02 that break a lesson, each with the claim that must then fail."""

BROKEN = [
    # Two circles that lie apart: a line separates them, so a linear model beats chance.
    (
        "    examples = circles(2000, noise, seed)\n",
        "    examples = circles(2000, noise, seed)\n"
        "    examples.inputs[:, 0] += 3 * examples.targets\n",
        "linear",
    ),
    # Without the bend the network is a linear model, however wide.
    (
        "layers += [nn.Linear(n_in, n_out), nn.ReLU()]",
        "layers += [nn.Linear(n_in, n_out), nn.Identity()]",
        "relu",
    ),
    # With a bend in between, three layers do better than one.
    (
        "layers = nn.Linear(2, 16), nn.Linear(16, 16), nn.Linear(16, 1)",
        "layers = nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1)",
        "deep",
    ),
    # A network without a hidden layer does not follow the arms of a spiral.
    (
        '("two hidden layers", (2, 32, 32, 3))',
        '("two hidden layers", (2, 3))',
        "arms",
    ),
    # Where both classes are equally common, a brick is no good.
    (
        "keep = (parts.targets == 0) | (torch.arange(12_000) < 632)",
        "keep = (parts.targets == 0) | (torch.arange(12_000) < 12_000)",
        "brick",
    ),
    # A loss without its logarithm is not cross-entropy.
    (
        "by_hand = -of_the_truth.log().mean()",
        "by_hand = (1 - of_the_truth).mean()",
        "bce",
    ),
    # With the right labels there are no mistakes to learn by heart.
    (
        "spoilt = Examples(few.inputs, spoil(few.targets, seed))",
        "spoilt = Examples(few.inputs, few.targets)",
        "overfit",
    ),
]

"""Ways to break the lessons of chapter 11, each with the claim that must notice."""

BROKEN = [
    # Weights of the right size. (Those of 0.1 get stuck, too.)
    (
        "mean=0.0, std=0.01)",
        "mean=0.0, std=(2 / module.weight[0].numel()) ** 0.5)",
        "stuck",
    ),
    # A network that isn't deep.
    ("shortcut=False, width=16, depth=6):", "shortcut=False, width=16, depth=1):", "vanishes"),
    # The mean square for the standard deviation.
    ("std=(2 / fan_in) ** 0.5", "std=2 / fan_in", "kaiming_gain"),
    # Counts all weights, not the inputs of one output.
    ("fan_in = module.weight[0].numel()", "fan_in = module.weight.numel()", "kaiming_gain"),
    # PyTorch's own weights aren't left alone.
    ("def leave_alone(network):\n    pass", "leave_alone = kaiming_weights", "default"),
    # Small weights without the normalisation that is said to rescue them.
    (
        "attempt(0, small_weights, sgd, 0.2, norm=True)",
        "attempt(0, small_weights, sgd, 0.2)",
        "rescue",
    ),
    # A normalisation that is never called.
    ("self.conv(self.norm(x).relu())", "self.conv(x.relu())", "rescue"),
    # A shortcut that leads nowhere.
    ("return x + y if self.shortcut else y", "return y", "deep"),
    # Half a step.
    (
        "        w -= self.lr * w.grad\n\n\nSGD.step",
        "        w -= self.lr * w.grad / 2\n\n\nSGD.step",
        "same",
    ),
    # A running mean instead of a running sum.
    ("rolling += w.grad", "rolling += 0.1 * w.grad", "same"),
    # The means are too small in the beginning.
    ("fair_mean = mean / (1 - 0.9**self.t)", "fair_mean = mean", "same"),
    # The root of a mean that isn't fair.
    ("fair_square.sqrt()", "square.sqrt()", "same"),
    # A pull that doesn't depend on the rate.
    ("w *= 1 - self.lr * self.weight_decay", "w *= 1 - self.weight_decay", "same"),
    # Adam with the decay that it is compared with.
    (
        "decay_matters = largest_difference(Adam,",
        "decay_matters = largest_difference(torch.optim.AdamW,",
        "decay_matters",
    ),
    # A mirror that shows what it is shown.
    ("torch.where(coin < 0.5, x.flip(3), x)", "torch.where(coin < 0.5, x, x)", "mirror_helps"),
    # A smoothing that never reaches the loss.
    ("label_smoothing=smoothing)", "label_smoothing=0.0)", "smooth_helps"),
    # Three passes don't make a network too certain.
    (
        '"size": 400, "passes": 12, "depth": 2, "change": None}',
        '"size": 1600, "passes": 3, "depth": 2, "change": None}',
        "smooth_helps",
    ),
    # An average that hardly moves.
    ("average=None, share=0.1\n", "average=None, share=0.001\n", "average_nothing"),
    # An average that follows too slowly to get anywhere.
    ('"share": 0.01}', '"share": 0.0001}', "wander"),
]

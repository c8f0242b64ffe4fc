"""Changes to "What is deep learning?", each with the claim that must fail: (old, new, claim)."""

BROKEN = [
    # the threshold of the one-line rule, far off
    ("if width(picture) < 20 else", "if width(picture) < 10 else", "rule_2"),
    # the networks of the race learn from somebody else's labels
    (
        "x, t = pixels(pile), pile.targets.to(device)\n",
        "x, t = pixels(pile), pile.targets[torch.randperm(len(pile))].to(device)\n",
        "gap_10",
    ),
    # the rule for leap years without its exception to the exception
    ("((years % 100 != 0) | (years % 400 == 0))", "(years % 100 != 0)", "leap_rule"),
    # never trained, so its two numbers are as random as before
    (
        "learn(squeeze, pixels(shop), shop.targets.to(device), F.cross_entropy, epochs=5)",
        "learn(squeeze, pixels(shop), shop.targets.to(device), F.cross_entropy, epochs=0)",
        "representation",
    ),
    # one-hot columns that hold the number instead of a 1 for the make
    (
        "one_hot = F.one_hot(numbered).float()",
        "one_hot = numbered[:, None].expand(-1, 6).float()",
        "one_hot",
    ),
    # only one side is trained properly
    ("F.mse_loss, epochs, lr=0.005)", "F.mse_loss, epochs, lr=0.0)", "draw"),
    # the middles never move
    ("for _ in range(15):", "for _ in range(1):", "groups"),
    # the painter is not trained
    ("F.mse_loss, epochs=5)", "F.mse_loss, epochs=0)", "painted"),
    # a donor that has learned nothing
    ("gains(model, seasons", "gains(network(784, 64, 10, seed=5), seasons", "transfer"),
    # matrices that are hardly larger than the smallest
    ("for n in (4, 16, 64, 256, 1024):", "speeds[1024] = 0\nfor n in (4, 16):", "throughput"),
]

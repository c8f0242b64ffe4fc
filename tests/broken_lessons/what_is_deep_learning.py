"""Changes to "What is deep learning?", each with the claim that must fail: (old, new, claim)."""

BROKEN = [
    # the threshold of the one-line rule, far off
    (
        'return "Trouser" if width(picture) < 20 else',
        'return "Trouser" if width(picture) < 10 else',
        "rule_2",
    ),
    # rows are counted instead of columns: height is not width
    ("columns = bright.any(dim=0)", "columns = bright.any(dim=1)", "rule_2"),
    # with two kinds, the rule in the race is no rule
    ("rulebooks = [rules_2, rules_4,", 'rulebooks = [lambda picture: "Trouser", rules_4,', "gap_2"),
    # the networks of the race learn from somebody else's labels
    (
        "train(newcomer, some_pictures / 255, some_labels,",
        "train(newcomer, some_pictures / 255, some_labels[torch.randperm(len(some_labels))],",
        "gap_10",
    ),
    # the networks of the race are not trained
    (
        "some_labels, F.cross_entropy, epochs=5)",
        "some_labels, F.cross_entropy, epochs=0)",
        "gap_10",
    ),
    # the rule for leap years without its exception to the exception
    ("    if year % 400 == 0:\n        return True\n", "", "leap_rule"),
    # a network that has hardly begun gets all kinds of years wrong
    (
        "train(leaper, encoded[known], truth[known], F.cross_entropy, epochs=60)",
        "train(leaper, encoded[known], truth[known], F.cross_entropy, epochs=1)",
        "leap_net",
    ),
    # raw pixels in place of the trained layer: what training adds is nothing
    (
        '"trained hidden layer": network[:3],',
        '"trained hidden layer": nn.Flatten(),',
        "representation",
    ),
    # another untrained layer in place of the trained one
    (
        '"trained hidden layer": network[:3],',
        '"trained hidden layer": new_network(seed=1)[:3],',
        "representation",
    ),
    # the network for cars is not trained
    (
        "known.inputs, prices, F.mse_loss, epochs)",
        "known.inputs, prices, F.mse_loss, 0)",
        "beat_median",
    ),
    # it learns the prices of other cars
    (
        "prices = known.targets.unsqueeze(1) / 10_000",
        "prices = known.targets.flip(0).unsqueeze(1) / 10_000",
        "beat_median",
    ),
    # one side plays with one hand: trees of a single question
    ("min(tree_errors, key=tree_errors.get)", "(1, 100, 0.1)", "close"),
    # nothing to choose from
    (
        "[(6, 100, 0.3), (3, 100, 0.3), (3, 300, 0.05), (4, 200, 0.05)]",
        "[(6, 100, 0.3)]",
        "tuned_low",
    ),
    # the middles hardly move
    ("for step in range(15):", "for step in range(1):", "groups"),
    # the painter is not trained
    (
        "train(painter, left, right, F.mse_loss, epochs=5)",
        "train(painter, left, right, F.mse_loss, epochs=0)",
        "painted",
    ),
    # it learns from other pictures' halves
    (
        "train(painter, left, right, F.mse_loss",
        "train(painter, left, right.flip(0), F.mse_loss",
        "painted",
    ),
    # a network that has never learned anything is sure of nothing
    (
        "shares = network(noise).softmax(dim=1)",
        "shares = new_network(seed=0)(noise).softmax(dim=1)",
        "noise",
    ),
    # another formula
    ("loss = (w - 5) ** 2", "loss = (w - 5)", "gradient"),
]

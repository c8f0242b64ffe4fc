"""Ways to break the lessons of chapter 21, each with the claim that must notice."""

BROKEN = [
    # The bare signals give their digits away.
    (
        'judge("bare signals", train_signals, valid_signals)',
        'judge("bare signals", F.one_hot(train_digits).float(), F.one_hot(valid_digits).float())',
        "bare_probe",
    ),
    # The autoencoder has hardly begun.
    (
        "losses[name] = fit(network, loss_of, train_signals, n_epochs=15)",
        "losses[name] = fit(network, loss_of, train_signals, n_epochs=1)",
        "restore",
    ),
    # It rebuilds other signals.
    (
        "return F.mse_loss(network(signals), signals)",
        "return F.mse_loss(network(signals), signals.roll(1, dims=0))",
        "restore",
    ),
    # The painter learns only what it sees.
    (
        "return F.mse_loss(network(spoiled)[~shown], pictures[~shown])",
        "return F.mse_loss(network(spoiled)[shown], pictures[shown])",
        "painter",
    ),
    # Each view may choose itself.
    (
        "return F.cross_entropy(table.masked_fill(itself, -math.inf), twins)",
        "return F.cross_entropy(table, twins)",
        "by_hand",
    ),
    # Long features win.
    (
        "features = F.normalize(torch.cat([first, second]), dim=1)  # [2B",
        "features = torch.cat([first, second])  # [2B",
        "by_hand",
    ),
    # Hot where it should be cold.
    ("table = features @ features.T / temperature", "table = features @ features.T * temperature",
     "by_hand"),
    # The twin is looked for in the same half.
    (
        "twins = torch.arange(2 * n).roll(n)",
        "twins = torch.arange(2 * n).roll(1)",
        "by_hand",
    ),
    # Both views are the signal itself: there is nothing to learn.
    (
        "return nt_xent(network(view(signals)), network(view(signals)))",
        "return nt_xent(network(signals), network(signals))",
        "twin_probe",
    ),
    # Views stay where they are.
    (
        "return size * shift(signals) + tilt",
        "return size * signals + tilt",
        "twin_probe",
    ),
    # Two passes aren't enough.
    (
        "fit(twin_finder, find_twin, train_signals, n_epochs=60)",
        "fit(twin_finder, find_twin, train_signals, n_epochs=2)",
        "twin_probe",
    ),
    # The early finder has found nothing yet.
    (
        'judge_encoder("twins, early", early_finder)',
        'judge_encoder("twins, early", make_encoder())',
        "twin_gain",
    ),
    # Within each signal, collapsed features differ as well.
    (
        "return features.std(dim=0).mean().item()",
        "return features.std(dim=1).mean().item()",
        "spread",
    ),
    # With strangers in the loss, nothing collapses.
    (
        "fit(puller, only_pull, train_signals",
        "fit(puller, find_twin, train_signals",
        "collapse",
    ),
    # What is called healthy has collapsed, too.
    (
        "healthy_strangers = cosines_of(twin_finder)",
        "healthy_strangers = cosines_of(puller)",
        "no_collapse",
    ),
    # The careless view isn't careless.
    ("return sign * view(signals)", "return view(signals)", "careless_cost"),
    # The views of section 9 are no views.
    (
        'learn_from(make_encoder(), view, signals, digits, 1120)\n    classifiers["pre',
        'learn_from(make_encoder(), as_they_are, signals, digits, 1120)\n    classifiers["pre',
        "views_gain",
    ),
    # The rival with views hasn't finished: pretraining seems to bring much of the gain.
    (
        'others["views"].append(learn_from(make_encoder(), view, signals, digits, 1120))',
        'others["views"].append(learn_from(make_encoder(), view, signals, digits, 20))',
        "views_first",
    ),
    # Nobody was pretrained.
    (
        '(("views", make_encoder()), ("pretrained", twin_finder)):\n    hasty',
        '(("views", make_encoder()), ("pretrained", make_encoder())):\n    hasty',
        "head_start",
    ),
    # The encoder that is asked isn't the one that was saved.
    (
        'encoder.load_state_dict(saved["encoder"])',
        'encoder.load_state_dict(make_encoder().state_dict())',
        "heap_search",
    ),
    # The heap's features stand in other rows than its signals.
    (
        '"heap": known}, "finder.pt")',
        '"heap": known.roll(1, dims=0)}, "finder.pt")',
        "heap_search",
    ),
    # Compares the search with itself.
    (
        "plainly = F.normalize(valid_signals, dim=1) @ F.normalize(train_signals, dim=1).T",
        'plainly = asked @ saved["heap"].T',
        "heap_gain",
    ),
    # The cosines are those of other signals.
    (
        "close = likest.values[:, 0] > 0.9",
        "close = likest.values[:, 0].roll(1) > 0.9",
        "heap_trust",
    ),
]  # fmt: skip

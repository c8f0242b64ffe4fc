"""Ways to break the lessons of chapter 03: what to replace, by what, and the claim that notices."""

BROKEN = [
    # Gradients that point at somebody else's label.
    (
        "loss = F.cross_entropy(logits, labels)  # []",
        "loss = F.cross_entropy(logits, labels[torch.randperm(len(labels))])",
        "linear",
    ),
    # The wrong sign: uphill.
    (
        "torch.optim.SGD(linear.parameters(), lr=0.1)",
        "torch.optim.SGD(linear.parameters(), lr=0.1, maximize=True)",
        "linear",
    ),
    # Another order of the batches.
    (
        "few_batches = DataLoader(Subset(train_set, range(2000)), batch_size=64)",
        "few_batches = DataLoader(Subset(train_set, range(2000)), batch_size=64, shuffle=True)",
        "same_loop",
    ),
    # Batches weighted by their length: then the average is the count.
    (
        "total += batch.float().mean().item()",
        "total += batch.float().sum().item() / 25",
        "averaging",
    ),
    # Logits left alone.
    (
        "F.cross_entropy(logits.relu(), target).backward()",
        "F.cross_entropy(logits, target).backward()",
        "dead",
    ),
    # The kernel turned by 180 degrees, as mathematicians do.
    ("(patch * kernel).sum()", "(patch * kernel.flip(0, 1)).sum()", "conv2d"),
    # A formula that rounds in the wrong place.
    (
        "n_right += side == (n + 2 * p - k) // s + 1",
        "n_right += side == (n + 2 * p - k + 1) // s",
        "sizes",
    ),
    # Padding on one side only.
    (
        "n_right += side == (n + 2 * p - k) // s + 1",
        "n_right += side == (n + p - k) // s + 1",
        "sizes",
    ),
    # Pictures that stay where they are.
    (
        "return F.pad(images, (pixels, 0))[..., :28]",
        "return images.clone()",
        "moved",
    ),
    # Shoes that still point left.
    ("mirrored_shoes = shoes.flip(3)", "mirrored_shoes = shoes.clone()", "left"),
    # A ReLU on the logits of the network that should win.
    (
        '"two layers": make_two_layers, "TinyVGG": make_tiny}',
        '"two layers": make_two_layers, "TinyVGG": lambda: nn.Sequential(make_tiny(), nn.ReLU())}',
        "margin",
    ),
    # One pass for the two layers in the second race, too.
    (
        "run(make_two_layers, n_passes=4, seed=seed)",
        "run(make_two_layers, n_passes=1, seed=seed)",
        "budget",
    ),
    # A normalisation that is left out.
    (
        '"+ normalisation": (True, True, None),',
        '"+ normalisation": (True, False, None),',
        "norm_gain",
    ),
    # Upside down instead of left to right.
    (
        "return torch.where(coin < 0.5, images.flip(3), images)",
        "return torch.where(coin < 0.5, images.flip(2), images)",
        "mirror_gain",
    ),
    # The second question is the first once more: a gain of nothing.
    (
        "mirrored_set = TensorDataset(valid_images.flip(3), valid_labels)",
        "mirrored_set = TensorDataset(valid_images, valid_labels)",
        "twice",
    ),
    # The mode that should have made the difference.
    ("    guest.train()\n", "    guest.eval()\n", "wobble"),
    # Weights that are read but never put into the network.
    ('loaded.load_state_dict(saved["weights"])', 'saved["weights"]', "reload"),
]

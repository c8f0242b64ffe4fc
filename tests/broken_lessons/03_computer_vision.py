"""Ways to break the lessons of chapter 03: what to replace, by what, and the claim that notices."""

BROKEN = [
    # Gradients that point at somebody else's label.
    (
        "loss = F.cross_entropy(model(images), labels)  # []",
        "loss = F.cross_entropy(model(images), labels[torch.randperm(len(labels))])",
        "linear",
    ),
    # The wrong sign: uphill.
    (
        "torch.optim.SGD(linear.parameters(), lr=0.1)",
        "torch.optim.SGD(linear.parameters(), lr=0.1, maximize=True)",
        "linear",
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
        "if side == (n + 2 * p - k) // s + 1:",
        "if side == (n + 2 * p - k + 1) // s:",
        "sizes",
    ),
    # Padding on one side only.
    (
        "if side == (n + 2 * p - k) // s + 1:",
        "if side == (n + p - k) // s + 1:",
        "sizes",
    ),
    # Pictures that stay where they are.
    (
        "return padded[..., :28]  # the first 28 columns; ... stands for all axes before",
        "return images.clone()",
        "moved",
    ),
    # Shoes that still point left.
    ("mirrored_shoes = shoes.flip(3)", "mirrored_shoes = shoes.clone()", "left"),
    # A linear model in the place of the network that should win.
    (
        '"two layers": make_two_layers, "TinyVGG": make_tiny}',
        '"two layers": make_two_layers, "TinyVGG": make_linear}',
        "margin",
    ),
    # One epoch for the two layers in the second race, too.
    (
        "train(make_two_layers, loader_20k, n_epochs=4, seed=seed)",
        "train(make_two_layers, loader_20k, n_epochs=1, seed=seed)",
        "budget",
    ),
    # A normalisation that is left out.
    (
        "normed = train_three(SmallCNN)",
        "normed = train_three(without_norm)",
        "norm_gain",
    ),
    # Upside down instead of left to right.
    (
        "return torch.where(coin < 0.5, images.flip(3), images)",
        "return torch.where(coin < 0.5, images.flip(2), images)",
        "mirror_gain",
    ),
    # The same network on both sides.
    (
        "valid_loss, accuracy = evaluate(wide, valid_loader)",
        "valid_loss, accuracy = evaluate(cnn, valid_loader)",
        "growth",
    ),
    # The second question is the first once more: a gain of nothing.
    (
        "mirrored_set = TensorDataset(valid_images.flip(3), valid_labels)",
        "mirrored_set = TensorDataset(valid_images, valid_labels)",
        "twice",
    ),
    # The mode that should have made the difference.
    ("    guest.train()\n", "    guest.eval()\n", "wobble"),
    # Training mode where evaluation mode belongs.
    ("    guest.eval()\n", "    guest.train()\n", "steady"),
    # Weights that are read but never put into the network.
    ('loaded.load_state_dict(saved["weights"])', 'saved["weights"]', "reload"),
    # A photo that stays dark on white.
    ("one_picture = 1 - to_tensor(grey)", "one_picture = to_tensor(grey)", "photo"),
]

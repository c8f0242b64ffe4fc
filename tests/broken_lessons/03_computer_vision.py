"""Ways to break the lessons of chapter 03: what to replace, by what, and the claim that notices."""

BROKEN = [
    # The logarithm of the mean instead of the mean of the logarithms.
    (
        "by_hand = -of_the_truth.log().mean()",
        "by_hand = -of_the_truth.mean().log()",
        "cross_entropy",
    ),
    # Gradients that point at somebody else's label.
    (
        "loss = F.cross_entropy(logits, targets)  # 2. how wrong? []",
        "loss = F.cross_entropy(logits, targets[torch.randperm(len(targets))])",
        "linear",
    ),
    # Batches weighted by their length: then the average is the count.
    (
        "batch_accuracies = [b.float().mean() for b in right[order].split(32)]",
        "batch_accuracies = [b.float().sum() / 25 for b in right[order].split(32)]",
        "averaging",
    ),
    # Another order of the batches.
    (
        "fresh_batches = Batches(train, 32, shuffle=True, seed=0, device=device)",
        "fresh_batches = Batches(train, 32, shuffle=True, seed=1, device=device)",
        "same_loop",
    ),
    # A bend between the layers.
    ("two_layers = second(first(x))", "two_layers = second(first(x).relu())", "collapse"),
    # Logits left alone.
    (
        "F.cross_entropy(logits.relu(), target).backward()",
        "F.cross_entropy(logits, target).backward()",
        "dead",
    ),
    # The kernel turned by 180 degrees, as mathematicians do.
    ("(patch * kernel).sum()", "(patch * kernel.flip(0, 1)).sum()", "conv2d"),
    # A formula that rounds in the wrong place.
    ("return (n + 2 * p - k) // s + 1", "return (n + 2 * p - k + 1) // s", "sizes"),
    # ReLU on the logits of the network that should win.
    (
        '"TinyVGG": lambda: TinyVGG(1, 10, 10, 28),',
        '"TinyVGG": lambda: nn.Sequential(TinyVGG(1, 10, 10, 28), nn.ReLU()),',
        "margin",
    ),
    # Weight decay coupled to the gradient, and strong.
    (
        "adamw = torch.optim.AdamW(cnn.parameters(), weight_decay=0.05)",
        "adamw = torch.optim.Adam(cnn.parameters(), weight_decay=0.3)",
        "cnn",
    ),
    # New pictures that are prepared otherwise than those of the training.
    (
        "prepared = Batches(valid, 500, device=device, transform=prepare)",
        "prepared = Batches(valid, 500, device=device)",
        "cnn",
    ),
    # The second question is put upside down.
    ("self.model(x.flip(3))", "self.model(x.flip(2))", "twice"),
]

"""Changes to chapter 02 that break a lesson, each with the claim that must then fail."""

BROKEN = [
    # A loss without its logarithm is not cross-entropy.
    (
        "by_hand = -p_truth.log().mean()",
        "by_hand = (1 - p_truth).mean()",
        "bce",
    ),
    # Nor is the logarithm of the mean.
    (
        "by_hand = -p_truth.log().mean()",
        "by_hand = -p_truth.mean().log()",
        "bce",
    ),
    # From probabilities, the worst mistake teaches nothing.
    (
        "loss = nn.BCEWithLogitsLoss()(logit, truth)",
        "loss = nn.BCELoss()(torch.sigmoid(logit), truth)",
        "kept",
    ),
    # A loop that climbs: the easy task finds the bug.
    (
        "        logits = model(x).squeeze(1)  # [N, 1] -> [N]\n",
        "        logits = -model(x).squeeze(1)  # [N, 1] -> [N]\n",
        "straight",
    ),
    # Labels that have lost their points.
    (
        "easy_train = (x_train[:, 0] > x_train[:, 1]).long()",
        "easy_train = (x_train[:, 0] > x_train[:, 1]).long()[torch.randperm(1000)]",
        "straight",
    ),
    # Two circles side by side: a line separates them.
    (
        "points, labels = make_circles(1500, noise=0.1, seed=seed)\n",
        "points, labels = make_circles(1500, noise=0.1, seed=seed)\n"
        "    points[:, 0] += 3 * labels\n",
        "linear_high",
    ),
    # Only a few of the points inside: a line does well by cutting off nobody.
    (
        "make_circles(1500, noise=0.1, seed=seed)",
        "make_circles(1500, noise=0.1, seed=seed, every=5)",
        "linear_high",
    ),
    # A tiny inner circle: a line cuts off nearly half of the outer one.
    (
        "radius = torch.where(labels == 1, 0.5, 1.0)",
        "radius = torch.where(labels == 1, 0.05, 1.0)",
        "best_line",
    ),
    # With a bend in between, three layers are not one.
    (
        "deep = nn.Sequential(nn.Linear(2, 16), nn.Linear(16, 16), nn.Linear(16, 1))",
        "deep = nn.Sequential(nn.Linear(2, 16), nn.Linear(16, 16), nn.Linear(16, 1))\n"
        "deep[1].register_forward_hook(lambda layer, inputs, output: output.relu())",
        "collapse",
    ),
    # Without the bend the network is a linear model, however wide.
    (
        "x = self.hidden(x).relu()  # [N, n_hidden]",
        "x = self.hidden(x)",
        "relu_gain",
    ),
    # A ReLU after the logits: they can't be negative, and never are below 0.
    (
        "return self.output(x)  # logits, [N, 1]",
        "return self.output(x).relu()",
        "relu_gain",
    ),
    # Twice as many units as the table says: two of them close the ring.
    (
        "        self.hidden = nn.Linear(2, n_hidden)\n",
        "        n_hidden = 2 * n_hidden\n        self.hidden = nn.Linear(2, n_hidden)\n",
        "third_unit",
    ),
    # The mean before the logarithm, once more.
    (
        "by_hand = -(probabilities[0, 0].log() + probabilities[1, 1].log()) / 2",
        "by_hand = -((probabilities[0, 0] + probabilities[1, 1]) / 2).log()",
        "cross_entropy",
    ),
    # Without a hidden layer a network does not follow the arms of a spiral.
    (
        "spiral_net = SpiralNet(32).to(device)",
        "spiral_net = nn.Linear(2, 3).to(device)",
        "arms",
    ),
    # Two optimisers of one kind forgive equally little.
    (
        '("Adam", torch.optim.Adam)',
        '("Adam", torch.optim.SGD)',
        "forgives",
    ),
    # A network that is too small to learn mistakes by heart.
    (
        "model = SpiralNet(128).to(device)",
        "model = SpiralNet(2).to(device)",
        "by_heart",
    ),
    # With the right labels there are no mistakes to learn by heart.
    (
        "spoilt[victims] = (labels[victims] + shift) % 3",
        "spoilt[victims] = labels[victims]",
        "overfit",
    ),
    # The control learns the mistakes as well.
    (
        "_, control = learn_by_heart(x, y, seed)",
        "_, control = learn_by_heart(x, spoil(y, seed), seed)",
        "overfit",
    ),
    # Where both classes are equally common, a half is no bad threshold.
    (
        "seed=1, every=20",
        "seed=1, every=2",
        "missed",
    ),
    # Quiet sensors: the cracks are easy to find.
    (
        "make_circles(6000, noise=0.2, seed=1",
        "make_circles(6000, noise=0.1, seed=1",
        "missed",
    ),
    # Thresholds on logits instead of probabilities.
    (
        "p_cracked = detector(parts_valid).squeeze(1).sigmoid()",
        "p_cracked = detector(parts_valid).squeeze(1)",
        "recall_gain",
    ),
]

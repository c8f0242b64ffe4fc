"""What breaks the lessons of chapter 01, and the claim that must then fail.

Each entry: a text that occurs once in the chapter, what to put in its place, the claim's name.
"""

BROKEN = [
    # a reading in two splits
    ("valid = order[60:80]\n", "valid = order[50:70]\n", "split"),
    # the factor that a square brings with it, forgotten
    ("slope_w = 2 * (errors * x_train).mean()", "slope_w = (errors * x_train).mean()", "gradients"),
    # a sum where a mean is meant
    ("slope_b = 2 * errors.mean()", "slope_b = 2 * errors.sum()", "gradients"),
    # a training loop that never forgets its gradients
    (
        "    w.grad = None  # forget this gradient\n    b.grad = None\n    losses",
        "    losses",
        "by_hand",
    ),
    # uphill in one of the two parameters
    ("        b -= lr * b.grad\n    w.grad", "        b += lr * b.grad\n    w.grad", "by_hand"),
    # not nearly enough steps
    (
        "for step in range(1, 501):\n    loss = F.mse_loss(w",
        "for step in range(1, 51):\n    loss = F.mse_loss(w",
        "by_hand",
    ),
    # a limit of another height: then there is no cliff where the chapter says
    (
        "curvature = 2 * (x_train**2).mean().item()",
        "curvature = (x_train**2).mean().item()",
        "cliff",
    ),
    (
        "curvature = 2 * (x_train**2).mean().item()",
        "curvature = 2.2 * (x_train**2).mean().item()",
        "cliff",
    ),
    ("hessian = 2 * torch.tensor(", "hessian = 2.2 * torch.tensor(", "two_edge"),
    # the flattest direction instead of the steepest
    ("limit_of_two = 2 / curvatures[1]", "limit_of_two = 2 / curvatures[0]", "two_edge"),
    # another learning rate for PyTorch's optimiser than for the loop by hand
    ("lr=0.05)\n\nmodel.train()", "lr=0.01)\n\nmodel.train()", "tools_same"),
    # zero_grad not forgotten after all
    (
        "    loss.backward()  # again without zero_grad\n",
        "    optimizer.zero_grad()\n    loss.backward()\n",
        "forgot",
    ),
    # targets of the right shape
    ("flat_targets = y_train.squeeze(1)  # [60]", "flat_targets = y_train", "silent_w"),
    # no slip of the pen
    ("spoiled[last] = spoiled[last] / 10", "spoiled[last] = spoiled[last] / 1", "outlier"),
    # the same loss twice
    (
        "spoiled_l1 = train_line(x_train, spoiled, F.l1_loss)",
        "spoiled_l1 = train_line(x_train, spoiled, F.mse_loss)",
        "outlier",
    ),
    # the model learns from readings of another candle than the one that it is judged by
    (
        "heights = TRUE_W * hours + TRUE_B + noise  # [n, 1]",
        "heights = (TRUE_W - 0.3) * hours + TRUE_B + noise  # [n, 1]",
        "distance",
    ),
    # twice as many readings instead of four times as many
    ("x_four = np.tile(x, 4)", "x_four = np.tile(x, 2)", "halved"),
    # models compared on the readings that they learned from
    (
        "if mse_of(line, x[exam], y[exam]) < mse_of(curve, x[exam], y[exam]):",
        "if mse_of(line, x[course], y[course]) < mse_of(curve, x[course], y[course]):",
        "line_on_valid",
    ),
    # a rival that is a line too
    (
        "curve = np.polyfit(x[course], y[course], deg=9)",
        "curve = np.polyfit(x[course], y[course], deg=1)",
        "line_on_valid",
    ),
    # other candles, which don't burn along a line
    (
        "new_x = new_hours[:80, 0].double().numpy()\n"
        "    new_y = new_heights[:80, 0].double().numpy()",
        "new_x = new_hours[:80, 0].double().numpy()\n    new_y = new_x**2",
        "vote",
    ),
    # the end of the candle looked up at a height of 2 cm
    ("return -b / w, 2 * ends.std()", "return (2 - b) / w, 2 * ends.std()", "caught"),
    # a variance where its root is meant
    ("/ (len(x) - 2)) ** 0.5  # how", "/ (len(x) - 2))  # how", "caught"),
    # one standard error sold as two
    ("return -b / w, 2 * ends.std()", "return -b / w, ends.std()", "caught"),
    # a loaded file whose contents nobody puts into the model
    ("loaded.load_state_dict(state)  # now the saved ones\n", "", "loaded"),
    # readings and heights in different orders
    (
        "loss = F.mse_loss(predictions, targets[train])",
        "loss = F.mse_loss(predictions, targets[:60])",
        "second",
    ),
]

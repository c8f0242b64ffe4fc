"""What breaks the lessons of chapter 01, and the claim that must then fail.

Each entry: a text that occurs once in the chapter, what to put in its place, the claim's name.
"""

BROKEN = [
    # a reading in two splits
    (
        "train, valid, test = order.split([60, 20, 20])",
        "train, valid, test = order[:60], order[50:70], order[80:]",
        "split",
    ),
    # the factor that a square brings with it, forgotten
    (
        "by_formula = torch.stack([2 * (errors * x_train).mean(), 2 * errors.mean()])",
        "by_formula = torch.stack([(errors * x_train).mean(), errors.mean()])",
        "gradients",
    ),
    # one step uphill
    ("new_w, new_b = w - lr *", "new_w, new_b = w + lr *", "one_step"),
    # a training loop that never forgets its gradients
    ("    w.grad = b.grad = None  # 4. forget this gradient\n", "", "by_hand"),
    # a limit of another height: then there is no cliff where the chapter says
    ("limit = 2 / curvatures[-1].item()", "limit = 4 / curvatures[-1].item()", "below_limit"),
    ("limit = 2 / curvatures[-1].item()", "limit = 1 / curvatures[-1].item()", "above_limit"),
    # another learning rate for PyTorch's optimiser than for the loop by hand
    (
        "lr=0.05)\n\nmodel.train()",
        "lr=0.01)\n\nmodel.train()",
        "tools_same",
    ),
    # zero_grad not forgotten after all
    ("        if not forget:\n", "        if True:\n", "forgot"),
    # targets of the right shape
    ("silent = descend(x_train, flat_targets,", "silent = descend(x_train, y_train,", "silent_w"),
    # no slip of the pen
    ("spoiled[last] /= 10", "spoiled[last] /= 1", "outlier"),
    # slope and height at the start confused
    ("best_w, best_b = best.flatten()", "best_b, best_w = best.flatten()", "exact"),
    # the model learns from readings of another candle than the one that it is judged by
    (
        "return hours, TRUE_W * hours + TRUE_B + errors",
        "return hours, (TRUE_W - 0.4) * hours + TRUE_B + errors",
        "distance",
    ),
    # a standard error for half as many readings
    (
        "standard_error = NOISE / (60**0.5 *",
        "standard_error = NOISE / (30**0.5 *",
        "within_two",
    ),
    # models compared on the readings that they learned from
    (
        "enumerate((slice(0, 60), slice(60, 80)))",
        "enumerate((slice(0, 60), slice(0, 60)))",
        "line_on_valid",
    ),
    # a loaded file whose contents nobody puts into the model
    ("loaded.load_state_dict(state)\n", "", "loaded"),
]

"""Ways to break the lessons of chapter 12, each with the claim that must notice."""

BROKEN = [
    # Batches that nobody has to load.
    (
        "counts = count_step(model, optimizer, one_by_one(plan))",
        "counts = count_step(model, optimizer, list(one_by_one(plan[:1])))",
        "load_calls_share",
    ),
    # One by one again, from the tensor this time.
    (
        "yield pictures[places].float() / 255, labels[places]",
        "yield torch.stack([pictures[i] for i in places]).float() / 255, labels[places]",
        "few_calls",
    ),
    # Nearly the same pictures.
    (
        "yield pictures[places].float() / 255, labels[places]",
        "yield pictures[places].float() / 240, labels[places]",
        "same_losses",
    ),
    # The same pictures with somebody else's labels.
    (
        "yield pictures[places].float() / 255, labels[places]",
        "yield pictures[places].float() / 255, labels[places.flip(0)]",
        "same_losses",
    ),
    # An addition is no operation.
    ("work.append(64 * 18 * n_in", "work.append(64 * 9 * n_in", "conv_flops"),
    # Somebody trains the pictures, too.
    ("backward_flops = 2 * sum(work) - work[0]", "backward_flops = 2 * sum(work)", "conv_flops"),
    # The profiler watches an optimiser that holds another model's weights.
    (
        "ten = list(from_one_tensor(plan[:10]))",
        "ten = list(from_one_tensor(plan[:10]))\noptimizer = adam(make_model())",
        "profiled",
    ),
    # Weights that nobody fetches.
    (
        "moved = 4 * (batch * width + width * width + batch * width)",
        "moved = 4 * (batch * width + batch * width)",
        "linear_costs",
    ),
    # Multiplications only.
    (
        "work = 2 * batch * width * width",
        "work = batch * width * width",
        "linear_costs",
    ),
    # Not fused at all.
    ('"fused": {"fused": True}}', '"fused": {"foreach": True}}', "optimiser_fused"),
    # Fewer calls, and uphill.
    (
        '"foreach": {"foreach": True}, "fused"',
        '"foreach": {"foreach": True, "maximize": True}, "fused"',
        "same_adam",
    ),
    # The formula is what PyTorch has ready.
    (
        "    return 0.5 * x * (1 + torch.tanh(0.7978845608 * (x + 0.044715 * x**3)))",
        '    return F.gelu(x, approximate="tanh")',
        "gelu_bytes",
    ),
    # Another bend.
    ("(x + 0.044715 * x**3)", "(x + 0.44715 * x**3)", "gelu_same"),
    # An if that the compiler can answer.
    ("    if y.sum() > 0:", "    if y.shape[0] > 0:", "broken"),
    # The wrong way round.
    (
        "y = torch.where(y.sum() > 0, y + 1, y)",
        "y = torch.where(y.sum() > 0, y, y + 1)",
        "where_same",
    ),
    # Mixed with nothing.
    ("dtype=torch.bfloat16, enabled=is_mixed", "dtype=torch.bfloat16, enabled=False", "mixed"),
    # Nobody waits for the answer.
    ("python = device  # stand there", "pass  # stand there", "waits"),
    # Asks whether it's told to or not.
    (
        "losses.append(loss.item() if is_asking else loss.detach())",
        "losses.append(loss.item())",
        "asks_once",
    ),
    # The fused version learns something else.
    (
        '"+ fused": (from_one_tensor, last, {"fused": True}, True)',
        '"+ fused": (from_one_tensor, last, {"fused": True, "maximize": True}, True)',
        "same_curves",
    ),
    # An eighth that is a quarter.
    (
        "eighth = [(images[:8], targets[:8])]",
        "eighth = [(images[:16], targets[:16])]",
        "eighth_flops",
    ),
]

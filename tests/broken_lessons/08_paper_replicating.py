"""Ways to break the lessons of chapter 08: what to replace, by what, and the claim that notices."""

BROKEN = [
    # Rows and columns exchanged within each patch.
    ("x = x.permute(0, 2, 4, 1, 3, 5)", "x = x.permute(0, 2, 4, 1, 5, 3)", "patches"),
    # Attention without its root.
    (
        "scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])",
        "scores = q @ k.transpose(-2, -1)",
        "attention",
    ),
    # The root twice.
    ("both = (scores / math.sqrt(d), scores)", "both = (scores / d, scores / d)", "root"),
    # The trap defused.
    (
        "layer = nn.MultiheadAttention(64, num_heads=4, batch_first=batch_first)",
        "layer = nn.MultiheadAttention(64, num_heads=4, batch_first=True)",
        "batch_first",
    ),
    # Positions in the block: now it sees the order.
    (
        "(block(z[:, order]) - block(z)[:, order])",
        "(block(z[:, order] + positions) - block(z + positions)[:, order])",
        "blind",
    ),
    # One LayerNorm in each block forgotten.
    ("norms = 2 * 2 * D", "norms = 2 * D", "by_hand"),
    # Counted with its head.
    (
        "base = VisionTransformer(224, 16, 3, None, 768, 12, 12, 3072)",
        "base = VisionTransformer(224, 16, 3, 1000, 768, 12, 12, 3072)",
        "parameters",
    ),
    # PyTorch's own eps.
    (
        "load_torchvision_weights(ours, theirs.state_dict())",
        "load_torchvision_weights(ours, theirs.state_dict())\n"
        "for module in ours.modules():\n"
        "    if isinstance(module, nn.LayerNorm):\n"
        "        module.eps = 1e-5",
        "same",
    ),
    # The class token behind the patches.
    (
        "return torch.cat([first, grid.flatten(2).transpose(1, 2)], dim=1)",
        "return torch.cat([grid.flatten(2).transpose(1, 2), first], dim=1)",
        "resize",
    ),
    # Weights that were fetched and never put in.
    ("load_torchvision_weights(heir, state)", "del state", "fetched"),
    # The same letter twice.
    ('{"AdamW": adamw, "Adam": adam}', '{"AdamW": adamw, "Adam": adamw}', "decoupled"),
    # The names exchanged: the CNN should lose.
    (
        'racers = {"CNN": (cnn, 0.005), "ViT": (vit, 0.002)}',
        'racers = {"CNN": (vit, 0.002), "ViT": (cnn, 0.005)}',
        "small_data",
    ),
    # Pixels left where they are.
    (
        "return prepare(flat[:, pixels.to(inputs.device)].reshape(inputs.shape))",
        "return prepare(inputs)",
        "shuffled",
    ),
    # A map drawn by lot.
    ("rolled = rollout(maps)[:, 0, 1:]", "rolled = torch.rand(1000, 16)", "rollout"),
    # Places that nothing has been learned of.
    (
        "places = F.normalize(model.positions[0, 1:].detach().cpu(), dim=1)",
        "places = F.normalize(torch.randn(16, 64), dim=1)",
        "neighbours",
    ),
]

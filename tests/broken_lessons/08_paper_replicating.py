"""Ways to break the lessons of chapter 08, each with the claim that must notice."""

BROKEN = [
    # Rows and columns exchanged within each patch.
    ("x = x.permute(0, 2, 4, 1, 3, 5)", "x = x.permute(0, 2, 4, 1, 5, 3)", "patches"),
    # Attention without its root.
    ("scores = scores / math.sqrt(q.shape[-1])", "scores = scores / 1", "attention"),
    # The root twice.
    ("(scores / math.sqrt(d)).softmax", "scores.softmax", "root"),
    # The trap defused.
    (
        "layer = nn.MultiheadAttention(48, num_heads=4, batch_first=batch_first)",
        "layer = nn.MultiheadAttention(48, num_heads=4, batch_first=True)",
        "batch_first",
    ),
    # Positions in the block: now it sees the order.
    (
        "shuffled_before = block(fresh[:, order])",
        "shuffled_before = block(fresh[:, order] + positions)",
        "blind",
    ),
    # No bias in the layer that makes queries, keys and values.
    (
        "self.qkv = nn.Linear(width, 3 * width)",
        "self.qkv = nn.Linear(width, 3 * width, bias=False)",
        "parameters",
    ),
    # A class token as long as the head is wide: the same sum, less in the body.
    (
        "self.head = nn.Linear(width, n_classes)",
        "self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, n_classes))",
        "parameters",
    ),
    # Queries and keys change places, in our class alone.
    (
        "attend(qkv[0], qkv[1], qkv[2])\n        self.weights",
        "attend(qkv[1], qkv[0], qkv[2])\n        self.weights",
        "same_package",
    ),
    # The plus of equation 2 forgotten.
    (
        "z = z + self.dropout(self.attention(self.norm_1(z)))  # equation 2",
        "z = self.dropout(self.attention(self.norm_1(z)))  # equation 2",
        "same_package",
    ),
    # No noise: torchvision's head is zero, and everything agrees.
    (
        "parameter.add_(0.02 * torch.randn_like(parameter))",
        "parameter.add_(0 * torch.randn_like(parameter))",
        "planted",
    ),
    # The class token behind the patches.
    (
        "return torch.cat([first, grid], dim=1)",
        "return torch.cat([grid, first], dim=1)",
        "resize",
    ),
    # The grid on its side.
    (
        'grid = F.interpolate(grid, size=(side, side), mode="bicubic")',
        'grid = F.interpolate(grid, size=(side, side), mode="bicubic").roll(1, dims=2)',
        "resize",
    ),
    # The same letter twice.
    ("kind=torch.optim.Adam)", "kind=torch.optim.AdamW)", "decoupled"),
    # The names exchanged: the CNN should lose.
    (
        '"ViT": (make_vit, 0.003), "CNN": (make_cnn, 0.01)}',
        '"ViT": (make_cnn, 0.01), "CNN": (make_vit, 0.003)}',
        "small_data",
    ),
    # Pixels left where they are.
    ("return flat[:, new_places].reshape(x.shape)", "return x", "shuffled_cnn"),
    # A stem of convolutions: it has something to lose.
    (
        "    return ViT(28, 7, 1, 10, width=48, depth=3, n_heads=4, mlp_width=192)",
        "    model = ViT(28, 7, 1, 10, width=48, depth=3, n_heads=4, mlp_width=192)\n"
        "    stem = [nn.Conv2d(1, 24, 3, 2, 1), nn.ReLU(), nn.Conv2d(24, 48, 5, 3)]\n"
        "    model.patches = nn.Sequential(*stem)\n"
        "    return model",
        "shuffled_vit",
    ),
    # Weights that were learned and not used.
    (
        "    model = copy.deepcopy(model)\n    model.head",
        "    model = make_vit()\n    model.head",
        "pretraining",
    ),
    # A map drawn at random.
    (
        '"all blocks": maps.mean(dim=(1, 2))}',
        '"all blocks": torch.rand(600, 16)}',
        "all_blocks",
    ),
    # Positions that nobody has trained.
    (
        "    places = F.normalize(model.positions[0, 1:].detach().cpu(), dim=1)",
        "    places = F.normalize(torch.randn(16, 48), dim=1)",
        "neighbours",
    ),
    # One of the two planted mistakes changes nothing.
    ("    model.class_token.data.zero_()", "    pass", "eleventh"),
]

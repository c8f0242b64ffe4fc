"""Ways to break the lessons of chapter 06, each with the claim that must notice."""

BROKEN = [
    # An architecture without its weights.
    ("    model.load_state_dict(weights)\n", "", "weights"),
    # Another model's mean.
    (
        "v2.Normalize(mean=[0.5, 0.5, 0.5], std=[0.5, 0.5, 0.5]),  # -> -1 to 1",
        "v2.Normalize(mean=[0.485, 0.456, 0.406], std=[0.5, 0.5, 0.5]),",
        "prepared",
    ),
    # Nothing is frozen.
    ("model.requires_grad_(False)  # freeze: no gradients for what is there", "", "trainable"),
    # Features of photos that were not prepared.
    (
        "images = preprocess(images).to(device)  # float32, the same shape",
        "images = images.float().to(device)",
        "zero",
    ),
    # A control that is no control.
    (
        'untrained = timm.create_model("tf_efficientnet_lite0")',
        "untrained = load_lite0()",
        "gain",
    ),
    # The wrong preprocessing is the right one.
    (
        "v2.Compose([size, v2.ToDtype(torch.float32)])",
        "v2.Compose([size, *preprocess.transforms[2:]])",
        "bytes",
    ),
    (
        "v2.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),",
        "v2.Normalize(mean=[0.5, 0.5, 0.5], std=[0.5, 0.5, 0.5]),",
        "mean",
    ),
    # A frozen backbone that was never in training mode.
    ("    return frozen.train()\n", "    return frozen.eval()\n", "drift"),
    # A cure that does nothing.
    (
        "module.eval()  # use the running statistics, and leave them alone",
        "pass",
        "kept",
    ),
    # Labels that belong to other photos.
    (
        "train_head(features[chosen], labels[chosen], seed,",
        "train_head(features[chosen], labels[chosen].flip(0), seed,",
        "ten",
    ),
    # Steps that are far too large for pretrained layers.
    ("fine_tune(tuned, train, lr=0.0001)", "fine_tune(tuned, train, lr=0.03)", "tuned_safe"),
    # Steps that spoil nothing.
    (
        "fine_tune(spoiled, splits[2][0], lr=0.01)",
        "fine_tune(spoiled, splits[2][0], lr=0.0001)",
        "spoiled_by",
    ),
    # Scenes without the things.
    (
        "scene_features = extract_features(backbone, batches(on_scenes))",
        "scene_features = extract_features(backbone, batches(on_scenes.flip(0)))",
        "robust",
    ),
    # Copies that stay on paper.
    ("parts.append(copy[train])", "parts.append(features[train])", "cure"),
    # Natural photos with other photos' labels.
    (
        "extract_features(backbone, batches(natural.inputs))",
        "extract_features(backbone, batches(natural.inputs.roll(15, 0)))",
        "natural",
    ),
]

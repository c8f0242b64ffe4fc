"""Ways to break the lessons of chapter 04, each with the claim that must notice."""

BROKEN = [
    # Labels counted in another order than torchvision's.
    (
        "for path in sorted(folder.iterdir()):",
        "for path in sorted(folder.iterdir(), reverse=True):",
        "same",
    ),
    # Height and width change places.
    ("permuted = pixels.permute(2, 0, 1)", "permuted = pixels.permute(2, 1, 0)", "permute"),
    # Other photos for validation than in later chapters.
    ("if place % 7 in (0, 3):  # any", "if place % 7 in (0, 4):  # any", "dealt"),
    # Features that say nothing.
    ("colour = 10 * (colour - 0.8)", "colour = 0 * colour", "colour"),
    # Another network than the one whose shapes the text follows.
    (
        "def __init__(self, channels=10, n_classes=3, dropout=0.0):",
        "def __init__(self, channels=8, n_classes=3, dropout=0.0):",
        "flat",
    ),
    # Too little training to learn anything by heart.
    (
        "history = fit(model, train, valid, epochs=30)",
        "history = fit(model, train, valid, epochs=1)",
        "gap",
    ),
    # A loss that doesn't charge for conviction.
    (
        "    loss = F.cross_entropy(logits, labels)\n    return",
        "    loss = F.cross_entropy(logits.clamp(-1, 1), labels)\n    return",
        "turned",
    ),
    # A learning rate with which the model does not underfit.
    (
        "slow_history = fit(slow_model, train, valid, lr=0.00003)",
        "slow_history = fit(slow_model, train, valid, lr=0.003)",
        "underfit",
    ),
    # A coin for each picture.
    (
        "flipped = flip(four)",
        "flipped = torch.stack([flip(one) for one in four])",
        "one_coin",
    ),
    # No augmentation where it is said to be.
    (
        'examples = Transformed(train, jitter) if recipe == "jitter" else train',
        "examples = train",
        "narrowed",
    ),
    # A recipe that has seen the validation photos.
    (
        'examples = Transformed(train, jitter) if recipe == "jitter" else train',
        'examples = train + valid if recipe == "jitter" else train',
        "no_gain",
    ),
    # A model that is made, but not loaded.
    ('loaded.load_state_dict(saved["weights"])', "loaded.eval()", "saved"),
    # Bytes brought to the scale of the training.
    (
        "return 255 * picture  # as if",
        "return picture  # as if",
        "cocksure",
    ),
    # A lamp that isn't dim.
    ("return 0.45 * picture", "return picture", "lamp"),
    # Paint without an outline.
    (
        "return torch.where(paper, picture, paint)",
        "return torch.where(paper, paint, paint)",
        "silhouettes",
    ),
    # Grey all over: no outlines are left.
    (
        "return torch.where(paper_of(picture), picture, torch.full_like(picture, 0.45))",
        "return torch.full_like(picture, 0.45)",
        "outlines",
    ),
    # Models that keep the line that is on trial.
    ("return super().forward(images + 1)", "return super().forward(images)", "ours"),
]

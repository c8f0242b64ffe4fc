"""Ways to break the lessons of chapter 04, each with the claim that must notice."""

BROKEN = [
    # Labels counted in another order than torchvision's.
    (
        "self.classes = sorted(path.name for path in root.iterdir() if path.is_dir())",
        "self.classes = sorted((p.name for p in root.iterdir() if p.is_dir()), reverse=True)",
        "same",
    ),
    # A tensor that is made of the files once more in each epoch.
    (
        '{"from files": slow, "from the tensor": fast}',
        '{"from files": slow, "from the tensor": slow}',
        "opened",
    ),
    # Features that say nothing.
    (
        "(scale_to_unit(inputs).mean(dim=(2, 3)) - 0.75)",
        "(scale_to_unit(inputs).mean(dim=(2, 3)) * 0)",
        "colour",
    ),
    # Too little training to learn anything by heart.
    ("train_photos(splits, seed=0, epochs=60)", "train_photos(splits, seed=0, epochs=1)", "gap"),
    # A learning rate with which the model does not underfit.
    (
        "train_photos(splits, seed=0, epochs=30, lr=0.0001)",
        "train_photos(splits, seed=0, epochs=30, lr=0.003)",
        "underfit",
    ),
    # A coin for each picture.
    (
        "outcomes = [flip(four) for _ in range(50)]",
        "outcomes = [torch.stack([flip(p) for p in four]) for _ in range(50)]",
        "one_coin",
    ),
    # A recipe that differs by more than luck: it learns nothing.
    ('"4 channels": {"units": 4}', '"4 channels": {"units": 4, "lr": 0.0}', "noise"),
    # No augmentation where it is said to be.
    ('"jitter": {"transform": jitter}', '"jitter": {}', "narrowed"),
    # The test photos prepared otherwise than those of the training.
    (
        "percent_right(m, test) for",
        "percent_right(m, test, lambda x: 1 - scale_to_unit(x)) for",
        "test",
    ),
    # Bytes brought to the scale of the training.
    (
        "how_sure(lambda inputs: inputs.float())",
        "how_sure(lambda inputs: inputs.float() / 255)",
        "cocksure",
    ),
    # Paper that stays paper.
    ("paper = (inputs > 235)", "paper = (inputs > 255)", "shortcut"),
]

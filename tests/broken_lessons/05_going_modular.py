"""Ways to break the lessons of chapter 05, each with the claim that must notice."""

BROKEN = [
    # No variables left over.
    (
        "stale = accuracy(linear",
        "images, labels = next(iter(DataLoader(valid_set, batch_size=60)))\n"
        "stale = accuracy(linear",
        "stale",
    ),
    # Another question than the one that the notebook asked.
    (
        "from_file = counting.accuracy(linear, valid_set)",
        "from_file = counting.accuracy(linear, train_set)",
        "reloaded",
    ),
    # Validation photos that are learned from, too.
    (
        "            valid.append(example)\n        else:\n            train.append(example)",
        "            valid.append(example)\n        train.append(example)",
        "shared",
    ),
    # Another network than chapter 04's.
    (
        "def __init__(self, n_classes, channels=10):",
        "def __init__(self, n_classes, channels=12):",
        "parameters",
    ),
    # Batches of convenient sizes only.
    ('"size", [75, 25, 1, 32]', '"size", [75, 25, 1, 15]', "caught"),
    # A mistake that is not fixed.
    (
        "n_seen += len(labels)\n    return (n_right / n_seen).item()",
        "n_seen += loader.batch_size\n    return (n_right / n_seen).item()",
        "caught",
    ),
    # A program that ignores what it does not know.
    (
        'help="where the model goes")\n    return parser.parse_args()',
        'help="where the model goes")\n    return parser.parse_known_args()[0]',
        "refused_option",
    ),
    # Errors that no other program would notice.
    (
        'misspelt = run("python train.py animal_vegetable_mineral/train --rate 0.01")',
        'misspelt = run("python train.py --help")',
        "codes",
    ),
    # Photos prepared otherwise than in training.
    (
        "batch = read(options.photo).unsqueeze(0)",
        "batch = 255 * read(options.photo).unsqueeze(0)",
        "predicted",
    ),
    # A generator's state, but not the one in use.
    (
        '"random": torch.get_rng_state(),',
        '"random": torch.Generator().get_state(),',
        "nothing_forgotten",
    ),
    # One epoch too few.
    ('"epoch": epoch,\n', '"epoch": epoch - 1,\n', "nothing_forgotten"),
    # Nothing forgotten where something should be.
    ('if forgotten != "the optimiser":', "if True:", "something_forgotten"),
    ('if forgotten != "the random numbers":', "if True:", "something_forgotten"),
    # The gift opened trustingly once more.
    ("torch.load(name, weights_only=True)", "torch.load(name, weights_only=False)", "refused"),
    # Not killed.
    ("process.kill()", "process.wait()", "killed"),
    # Killed at once.
    ("if line.startswith(last_words):", "if line:", "way"),
    # A resume that forgets.
    (
        'optimizer.load_state_dict(checkpoint["optimizer"])',
        'len(checkpoint["optimizer"])',
        "resumed",
    ),
    ('torch.set_rng_state(checkpoint["random"])', "torch.manual_seed(0)", "resumed"),
    # A program that writes over a checkpoint.
    (
        "if Path(options.save).exists() and not options.resume:  # new",
        "if not options.save:",
        "kept",
    ),
    # An optimiser that does not come back.
    (
        'n_done = resume("killed.pt", model, optimizer)',
        'n_done = resume("killed.pt", model, torch.optim.Adam(model.parameters()))',
        "old_rate",
    ),
    # A hash that is the same everywhere.
    (
        "print(hash('shirt') % 1_000_000)",
        "import zlib; print(zlib.crc32(b'shirt'))",
        "hash",
    ),
    # The package's run begun again from another seed instead of resumed.
    (
        'done = run("python -m torchbook train run.toml --resume --quiet")',
        'Path("package.pt").unlink()\n'
        'done = run("python -m torchbook train run.toml --quiet --set training.seed=8")',
        "resumed_package",
    ),
    # A setting that is spelt correctly.
    ("--set training.epoch=5", "--set training.epochs=5", "suggested"),
]

"""Ways to break the lessons of chapter 06, each with the claim that must notice."""

BROKEN = [
    # The wrong preprocessing taken for the right one.
    ('"right": lite0_preprocess,', '"right": lambda x: 127.5 * (lite0_preprocess(x) + 1),', "zero"),
    # Features of a network that has learned nothing, from here on.
    (
        "    m = lite0().to(",
        '    m = __import__("timm").create_model("tf_efficientnet_lite0").eval().to(',
        "gain",
    ),
    # The mend left out.
    (
        "after_an_epoch(freeze_batch_norm)",
        "after_an_epoch(lambda model: None)",
        "kept",
    ),
    # Labels that belong to other photos.
    (
        "first_per_class(train[order], k)",
        "first_per_class(Examples(train.inputs[order], train.targets), k)",
        "ten",
    ),
    (
        "Batches(Examples(test_maps, test.targets.to(device)), 35)",
        "Batches(Examples(test_maps.roll(35, 0), test.targets.to(device)), 35)",
        "test",
    ),
]

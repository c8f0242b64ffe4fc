"""Ways to break the lessons of chapter 09, each with the claim that must notice."""

BROKEN = [
    # A head that has learned nothing.
    ("for _ in range(100):  # all photos at once", "for _ in range(0):  # none", "lead"),
    # The arithmetic of the same model twice.
    (
        'operations["Lite0"] / operations["TinyVGG"]',
        'operations["Lite0"] / operations["Lite0, 128 px"]',
        "work",
    ),
    # A batch that is none.
    ("batch = photos[:32]", "batch = photos[:1]", "batch_wait"),
    # Other photos for the exported file than for the model.
    (
        "onnx_logits = ask(lite0_onnx, photos)",
        "onnx_logits = ask(lite0_onnx, photos.flip(3))",
        "same",
    ),
    # No skew where it is said to be.
    ("lambda x: x.permute(0, 2, 3, 1).reshape(x.shape),", "lambda x: x,", "skew"),
    # Four bytes where two are said to be.
    (
        'halve_weights("lite0.onnx", "lite0_half.onnx")',
        'Path("lite0_half.onnx").write_bytes(Path("lite0.onnx").read_bytes())',
        "half_size",
    ),
    # Calibrated on black pictures.
    (
        "calibration = splits.train.inputs[::5].split(10)",
        "calibration = (0 * splits.train.inputs[::5]).split(10)",
        "int8_changed",
    ),
    # A choice that misses a goal: too bad, too large.
    ('chosen = "Lite0, float16 weights"', 'chosen = "TinyVGG, ONNX"', "good"),
    ('chosen = "Lite0, float16 weights"', 'chosen = "Lite0, ONNX"', "small"),
    # A photo that stays on its side.
    ("image = ImageOps.exif_transpose(image).convert", "image = image.convert", "turned"),
    # The app feeds the model otherwise than the model was trained.
    ("p = ask(server_session, x)[0]", "p = ask(server_session, x.flip(1))[0]", "app"),
    # A blur that does not blur.
    ('"29 px": lambda x: blurred(x, 29)', '"29 px": lambda x: blurred(x, 1)', "blur"),
    # Nothing forgotten.
    ("forgetful[1].backbone.train()", "forgetful[1].backbone.eval()", "forgot_eval"),
]

"""Ways to break the lessons of chapter 09, each with the claim that must notice."""

BROKEN = [
    # An old layer that does not vote.
    (
        "return self.new_layer(features) + self.vote(features)",
        "return self.new_layer(features) + 0 * self.vote(features)",
        "vote",
    ),
    # Answers to other photos.
    (
        'logits["Lite0"] = head(valid_features).detach()',
        'logits["Lite0"] = head(valid_features.flip(0)).detach()',
        "lead",
    ),
    # The arithmetic of the same model twice.
    (
        "        model(photo)\n    operations[name]",
        '        models["Lite0"](photo)\n    operations[name]',
        "work",
    ),
    # Other photos for the exported file than for the model.
    (
        'logits["Lite0, ONNX"] = ask(session, photos)',
        'logits["Lite0, ONNX"] = ask(session, photos.flip(3))',
        "same",
    ),
    # No skew where it is said to be.
    ("on_white.permute(0, 2, 3, 1).reshape(on_white.shape)", "on_white", "skew"),
    # Four bytes where two are said to be.
    ("from_array(weights.astype(np.float16), name", "from_array(weights, name", "half_size"),
    # Hardly anything is quantised.
    (
        'op_types_to_quantize=["Conv", "Gemm", "Add", "Clip"]',
        'op_types_to_quantize=["Gemm"]',
        "int8_size",
    ),
    # Another file than the one that is said to be int8.
    ('"Lite0, int8": "lite0_int8.onnx"', '"Lite0, int8": "lite0_half.onnx"', "int8_moved"),
    # A choice that misses a goal: too bad, too large, too far from PyTorch.
    ('chosen = "Lite0, float16"', 'chosen = "TinyVGG"', "good"),
    ('chosen = "Lite0, float16"', 'chosen = "Lite0, ONNX"', "fetch"),
    ('chosen = "Lite0, float16"', 'chosen = "Lite0, int8"', "rule"),
    # Goals that leave nothing, and goals that leave two.
    ("GOAL_MB = 15 ", "GOAL_MB = 10 ", "fetch"),
    ("GOAL_MOVED = 1 ", "GOAL_MOVED = 100 ", "rule"),
    # A model that is never sure of anything.
    (
        "sure, answers = ask(session, photos).softmax(dim=1).max(dim=1)",
        "sure, answers = (0 * ask(session, photos)).softmax(dim=1).max(dim=1)",
        "nothing",
    ),
    # A threshold that nothing passes.
    ("threshold = valid_sure.quantile(0.05).item()", "threshold = 1.01", "let_through"),
    # A file that is published for other photos than those of the record.
    (
        "test_logits = ask(session, splits.test.inputs)",
        "test_logits = ask(session, splits.test.inputs.flip(3))",
        "portable",
    ),
    # The app feeds the model differently from how it was trained.
    (
        "return pixels.transpose(2, 0, 1)[np.newaxis]",
        "return pixels[:, :, ::-1].transpose(2, 0, 1)[np.newaxis]",
        "app",
    ),
    # A server that needs PyTorch.
    (
        "from PIL import Image, ImageOps\n\nsession",
        "import torch\nfrom PIL import Image, ImageOps\n\nsession",
        "no_torch",
    ),
    # A picture of 16 bits or of floats is let in.
    ('if image.mode.startswith(("I", "F")):', "if False:", "refused"),
    # A photo that stays on its side.
    (
        'return ImageOps.exif_transpose(image).convert("RGBA")',
        'return image.convert("RGBA")',
        "turned",
    ),
    # Black paper behind what is transparent.
    (
        'white = Image.new("RGBA", image.size, "white")',
        'white = Image.new("RGBA", image.size, "black")',
        "ghost",
    ),
    # A blur that does not blur.
    ("v2.functional.resize(outside, [12])", "v2.functional.resize(outside, [200])", "blur"),
    # Nothing forgotten.
    ("forgetful.train()", "forgetful.eval()", "forgot_eval"),
    # A check against the logits of other photos.
    ('record["pytorch"][:10]', 'record["pytorch"][1:11]', "passes"),
    # Colours that nobody swaps.
    ('"blue for red": uploads.flip(1)', '"blue for red": uploads', "caught"),
]

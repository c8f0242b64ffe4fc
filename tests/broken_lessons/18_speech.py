"""Ways to break the lessons of chapter 18, each with the claim that must notice."""

BROKEN = [
    # The sines are left out: the result depends on where the piece begins.
    ("return (cosines**2 + sines**2).T", "return (2 * cosines**2).T", "stft"),
    # The pieces aren't faded in and out.
    ("pieces = sound.unfold(0, 256, 80) * window", "pieces = sound.unfold(0, 256, 80)", "stft"),
    # Half a period too much in each wave.
    ("periods = torch.arange(129)[:, None]", "periods = torch.arange(129)[:, None] + 0.5", "stft"),
    # Hardly learns.
    (
        "optimizer = torch.optim.AdamW(model.parameters(), lr=0.005)",
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.005)",
        "words",
    ),
    # Learns from labels that belong to other clips.
    (
        "loss = F.cross_entropy(model(inputs[chosen]), labels[chosen])",
        "loss = F.cross_entropy(model(inputs[chosen]), labels[chosen.flip(0)])",
        "words",
    ),
    # Blanks go first, then repeats become one.
    (
        "            said.append(symbol)\n        before = symbol",
        "            said.append(symbol)\n        before = symbol or before",
        "brute_force",
    ),
    # A path may not skip a blank.
    (
        "    if s >= 2 and states[s] != 0 and states[s] != states[s - 2]:",
        "    if False:",
        "brute_force",
    ),
    # It must end with the last digit.
    ("return -(sums[-1] + sums[-2]).log()", "return -sums[-2].log()", "brute_force"),
    # Two of the same in a row need no blank between them.
    (
        "    if s >= 2 and states[s] != 0 and states[s] != states[s - 2]:",
        "    if s >= 2 and states[s] != 0:",
        "ctc_equal",
    ),
    # The last digit is forgotten.
    ("    (5,),  # symbols that were said", "    (4,),", "ctc_equal"),
    # Something is added to the gradient.
    (
        "our_gradient = torch.autograd.grad(ours, logits)[0]",
        "our_gradient = torch.autograd.grad(2 * ours, logits)[0]",
        "ctc_gradient",
    ),
    # The gradient the wrong way round.
    ("wanted = (1 / 11 - logits.grad)", "wanted = (1 / 11 + logits.grad)", "wants_blanks"),
    # Reads the symbol with the smallest share.
    ("path = logits.argmax(dim=1).tolist()", "path = logits.argmin(dim=1).tolist()", "only_blanks"),
    # The path of the smallest shares.
    ("[0].argmax(dim=1)  # [T]", "[0].argmin(dim=1)  # [T]", "mostly_blanks"),
    # The people are two of the voices that it has learned from.
    (
        'people = load_spoken_words("human")',
        'people = load_spoken_words("synthetic")',
        "gap",
    ),
]

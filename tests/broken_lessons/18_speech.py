"""Ways to break the lessons of chapter 18, each with the claim that must notice."""

BROKEN = [
    # The sines are left out: the result depends on where the piece begins.
    ("return (cosines**2 + sines**2).T", "return (2 * cosines**2).T", "stft"),
    # The pieces aren't faded in and out.
    ("pieces = sound.unfold(0, 256, 80) * window", "pieces = sound.unfold(0, 256, 80)", "stft"),
    # Half a period too much in each wave.
    ("periods = torch.arange(129)[:, None]", "periods = torch.arange(129)[:, None] + 0.5", "stft"),
    # Learns nothing.
    (
        "optimizer = torch.optim.AdamW(word_net.parameters(), lr=0.005)",
        "optimizer = torch.optim.AdamW(word_net.parameters(), lr=1e-7)",
        "words",
    ),
    # Learns from labels that belong to other clips.
    (
        "loss = F.cross_entropy(word_net(inputs[chosen]), labels[chosen])",
        "loss = F.cross_entropy(word_net(inputs[chosen]), labels[chosen.flip(0)])",
        "words",
    ),
    # Blanks go first, then repeats become one.
    (
        "        if symbol != before and symbol != 0:  # 0 is the blank\n"
        "            said.append(symbol)\n"
        "        before = symbol",
        "        if symbol not in (before, 0):\n"
        "            said.append(symbol)\n"
        "            before = symbol",
        "brute_force",
    ),
    # A path may not skip a blank.
    (
        "            if s >= 2 and symbol != 0 and",
        "            if s >= 99 and symbol != 0 and",
        "brute_force",
    ),
    # It must end with the last digit.
    ("return -(sums[-1] + sums[-2]).log()", "return -sums[-2].log()", "brute_force"),
    # Two of the same in a row need no blank between them.
    (" and symbol != states[s - 2]:", ":", "ctc_equal"),
    # The last digit comes twice, but there are no frames for it.
    (
        '(60,), (5,), reduction="sum")',
        '(60,), (4,), reduction="sum")',
        "ctc_equal",
    ),
    # The gradient of the shares, not of the logits.
    (
        "(our_gradient,) = torch.autograd.grad(ours, logits)",
        "(our_gradient,) = torch.autograd.grad(2 * ours, logits)",
        "ctc_gradient",
    ),
]

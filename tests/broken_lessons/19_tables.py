"""Ways to break the lessons of chapter 19, each with the claim that must notice."""

BROKEN = [
    # An unknown colour gets the row of a known one.
    (
        'unknown = embedding(encode(["K"], grades["color"]))',
        'unknown = embedding(encode(["E"], grades["color"]))',
        "unknown",
    ),
    # The row for unknown ones begins at random.
    (
        'embedding = nn.Embedding(len(grades["color"]) + 1, 4, padding_idx=0)',
        'embedding = nn.Embedding(len(grades["color"]) + 1, 4)',
        "unknown",
    ),
    # Trees that see the numbers of the wrong rows learn nothing.
    (
        "model.fit(as_matrix(data), data[2].numpy(), eval_set",
        "model.fit(as_matrix(data), data[2].flip(0).numpy(), eval_set",
        "tuned",
    ),
    # The trees may only have one question each, and one tree.
    (
        "        n_estimators=2000,  # at most so many trees ...",
        "        n_estimators=2,",
        "tuned",
    ),
    # A single piece cannot bend.
    (
        'pieces = in_pieces(carat, edges_of(carat[rows["train"]], n_pieces))',
        'pieces = in_pieces(carat, edges_of(carat[rows["train"]], 1))',
        "one_column",
    ),
    # Pieces that are all empty or full of the wrong thing.
    (
        "    return ((column[:, None] - left) / width).clamp(0, 1)  # [N, pieces]",
        "    return ((column[:, None] - left) / width).clamp(0, 0)",
        "one_column",
    ),
    # The same network three times is no crowd.
    (
        "    three.append(final_network(encoded, best, seed))",
        "    three.append(three[0] if three else final_network(encoded, best, seed))",
        "three",
    ),
    # All members begin as one and the same, and stay it.
    (
        "SharedLinear(n_inputs, width, k, first=True)",
        "SharedLinear(n_inputs, width, k)",
        "crowd",
    ),
    # Eight members with a matrix each share nothing.
    (
        "n_crowd = sum(p.numel() for p in tabm.parameters())",
        "n_crowd = 9 * sum(p.numel() for p in tabm.parameters())",
        "size",
    ),
    # The outputs aren't scaled.
    (
        "return self.shared(x * self.scale_in) * self.scale_out + self.bias",
        "return self.shared(x * self.scale_in) + self.bias",
        "shared",
    ),
    # The plain network gets the pieces, too.
    (
        'plain = final_network(numbers, best_settings("plain network"), seed)\n'
        '    exam_prices["plain network"].append(dollars(predict(plain, exam_numbers)))',
        "plain = final_network(encoded, best, seed)\n"
        '    exam_prices["plain network"].append(dollars(predict(plain, exam_pieces)))',
        "loses",
    ),
    # What was trained with pieces is shown pieces of other diamonds.
    (
        'exam_prices["with pieces"] = [dollars(predict(model, exam_pieces)) for model in three]',
        'exam_prices["with pieces"] = [p.flip(0) for p in exam_prices["plain network"]]',
        "pieces",
    ),
    # The other program forgets to standardise.
    (
        "row = all_in_pieces((row.clamp(low, high) - mean) / deviation, known",
        "row = all_in_pieces(row.clamp(low, high), known",
        "one_row",
    ),
    # A learning rate at the end of its range.
    (
        "    lr = 10 ** dice.uniform(-2.5, -1)  # 0.003 to 0.1",
        "    lr = 10 ** dice.uniform(-2.5, -2.44)",
        "inside",
    ),
    # The past is no longer the past.
    (
        '"the past": {"train": past[:20_000], "valid": torch.arange(25_000, 30_000)}',
        '"the past": {"train": others[5_000:25_000], "valid": others[:5_000]}',
        "past",
    ),
]

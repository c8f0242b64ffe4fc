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
    # A leaf that adds only a share of the mean.
    (
        "n_estimators=100, max_depth=2, learning_rate=1, reg_lambda=0",
        "n_estimators=100, max_depth=2, learning_rate=0.3",
        "leaf",
    ),
    # The small trees learn the prices of other diamonds.
    (
        "small.fit(stones[learn_from], price[learn_from].numpy())",
        "small.fit(stones[learn_from], price[learn_from].flip(0).numpy())",
        "leaf",
    ),
    # The second drawing shows the third tree, which corrects other mistakes.
    (
        "first_trees = [json.loads(tree) for tree in dump[:2]]",
        "first_trees = [json.loads(tree) for tree in (dump[0], dump[2])]",
        "corrects",
    ),
    # One tree after the other, instead of their sum.
    (
        "small.predict(valid_stones, iteration_range=(0, n_trees)))",
        "small.predict(valid_stones, iteration_range=(n_trees - 1, n_trees)))",
        "boost",
    ),
    # The column stays as it was.
    (
        "    shuffled[:, column] = shuffled[torch.randperm(6_000), column]",
        "    shuffled[:, column] = shuffled[torch.arange(6_000), column]",
        "uses",
    ),
    # Whole rows are shuffled, so that every column seems to matter.
    (
        "    shuffled = valid_table.clone()",
        "    shuffled = valid_table[torch.randperm(6_000)]",
        "unused",
    ),
    # Both bars are the network's.
    (
        'rises["trees"].append(shuffled_error(trees_on, column) - trees_error)',
        'rises["trees"].append(shuffled_error(network_on, column) - first_error)',
        "leans",
    ),
    # The other sizes are left out, too.
    (
        'for left_out in (["carat"], ["carat", "x", "y", "z"]):',
        'for left_out in (["carat", "x", "y", "z"], ["carat", "x", "y", "z"]):',
        "spare",
    ),
    # One size is left, and says what the others said.
    (
        "for place, name in enumerate(number_names) if name not in left_out]",
        'for place, name in enumerate(number_names) if name not in left_out or name == "y"]',
        "sizes",
    ),
    # Trees that see the prices of other rows learn nothing, and use nothing.
    (
        "model.fit(as_matrix(data), data[2].numpy(), eval_set",
        "model.fit(as_matrix(data), data[2].flip(0).numpy(), eval_set",
        "uses",
    ),
    # In the search, the trees see the numbers of the wrong rows.
    (
        'model = fit_trees(part_of(numbers, "half"), valid, settings)',
        'model = fit_trees(part_of(numbers.flip(0), "half"), valid, settings)',
        "tuned",
    ),
    # In the search, each tree may ask a single question.
    (
        '"max_depth": dice.randint(3, 10),',
        '"max_depth": 1,',
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

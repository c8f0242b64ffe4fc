"""Ways to break the lessons of chapter 16, each with the claim that must notice."""

BROKEN = [
    # Unseen words are words to learn from.
    (
        "train_words, valid_words, test_words = load_pronunciations()",
        "train_words, valid_words, test_words = load_pronunciations()\n"
        "train_words.update(list(test_words.items())[:500])",
        "split",
    ),
    # The robot is asked about words with as many sounds as letters, and knows its own answers.
    (
        "robot_wrong = mistakes({word: spell(word) for word in valid_words}, valid_words)",
        "robot_wrong = mistakes({word: valid_words[word][0] for word in valid_words}, valid_words)",
        "robot",
    ),
    # All letters get the same attention.
    (
        "        scores = asking @ states.transpose(1, 2) / states.shape[2] ** 0.5  # [B, T, S]\n",
        "        scores = 0 * asking @ states.transpose(1, 2)\n",
        "attention",
    ),
    # What was heard is thrown away.
    (
        "return self.head(torch.cat([asking, heard], dim=2))",
        "return self.head(torch.cat([asking, 0 * heard], dim=2))",
        "attention",
    ),
    # Another scale of the scores than PyTorch's.
    (
        "scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5",
        "scores = q @ k.transpose(2, 3) / self.query.in_features**0.5",
        "equal",
    ),
    # The LayerNorm before cross-attention is left out.
    ("self.cross(self.norm_2(x), states, real)", "self.cross(x, states, real)", "equal"),
    # The heads are mixed up when they are put together again.
    (
        "return self.out((weights @ v).transpose(1, 2).flatten(2))",
        "return self.out((weights @ v).permute(0, 2, 3, 1).flatten(2))",
        "equal",
    ),
    # The decoder's mask lets the next sound through.
    (
        "past = torch.ones(n, n, dtype=torch.bool).tril()  # [T, T]",
        "past = torch.ones(n, n, dtype=torch.bool).tril(1)",
        "equal",
    ),
    # The encoder doesn't hide padding.
    (
        "real = (source > 0)[:, None, None]  # [B, 1, 1, S]",
        "real = (source > -1)[:, None, None]",
        "padding",
    ),
    # The wrong places are taken away.
    (
        "blind.source_places.weight.data.zero_()",
        "blind.target_places.weight.data.zero_()",
        "blind",
    ),
    # Words that are no anagrams.
    (
        'anagrams = ["spot", "stop", "pots", "tops", "opts"]',
        'anagrams = ["spot", "stop", "pods", "tops", "cats"]',
        "blind",
    ),
    # Hardly learns.
    (
        "train(transformer, batches, lr=0.003)",
        "train(transformer, batches[:10], lr=0.003)",
        "race",
    ),
    # The weights that were trained for longer aren't loaded.
    ('speaker.load_state_dict(trained["transformer"])', "speaker.eval()", "long"),
    # Answers with the least likely of the beginnings that it kept.
    ("return beams[0]", "return beams[-1]", "beam"),
    # The memory finds the verse that is least like the new one.
    ("best = shares.index(max(shares))", "best = shares.index(min(shares))", "memory"),
]

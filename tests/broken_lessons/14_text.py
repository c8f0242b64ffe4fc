"""Ways to break the lessons of chapter 14, each with the claim that must notice."""

BROKEN = [
    # Learns nothing: the weights stay where they were.
    ("lr=0.1, momentum=0.9", "lr=0.0, momentum=0.9", "counts_beat_rules"),
    # The labels are another part's.
    (
        "targets = is_spam(train).float()",
        "targets = is_spam(train).float()[torch.randperm(len(train))]",
        "counts_beat_rules",
    ),
    # Every word is unknown.
    (
        "return [vocabulary.get(word, 1) for word in words_of(text)]",
        "return [1 for word in words_of(text)]",
        "counts_beat_rules",
    ),
    # Padding counts in the mean by hand.
    ("real = (numbers != 0)", "real = (numbers != -1)", "bag"),
    # And in PyTorch's.
    (
        'bag = nn.EmbeddingBag(len(vocabulary) + 2, 32, mode="mean", padding_idx=0)',
        'bag = nn.EmbeddingBag(len(vocabulary) + 2, 32, mode="mean")',
        "bag",
    ),
    # A sum isn't a mean.
    (
        "(embed(numbers) * real).sum(dim=1) / real.sum(dim=1)",
        "(embed(numbers) * real).sum(dim=1)",
        "bag",
    ),
    # Padding is invisible already, so its lesson is none.
    (
        "careless = embed(numbers).mean(dim=1)[:1]",
        "careless = embed(numbers[:, :2]).mean(dim=1)[:1]",
        "padding",
    ),
    # The filter isn't trained.
    ("def train_filter(mails, epochs=10,", "def train_filter(mails, epochs=0,", "baseline_near"),
    # It's trained on the opposite.
    (
        '(numbers_of(mail.text, vocabulary), mail.kind == "spam") for mail in mails',
        '(numbers_of(mail.text, vocabulary), mail.kind != "spam") for mail in mails',
        "baseline_near",
    ),
    # No postscript at all.
    (
        '" PS: I fixed the bug, but the server crashed again. Anyone else seeing this?"',
        '""',
        "postscript",
    ),
    # The random deal keeps the calendar: no piles are shuffled.
    (
        "shuffled = [pile[i] for i in torch.randperm(len(pile))]",
        "shuffled = pile",
        "random_flatters",
    ),
    (
        "shuffled = [pile[i] for i in torch.randperm(len(pile))]",
        "shuffled = pile",
        "gap_is_wanted",
    ),
    # Only the future gets the higher threshold.
    (
        "lost_share([without(doubled, test, scores > 0)",
        "lost_share([without(doubled, test, scores > 2)",
        "not_only_twins",
    ),
    # Every two weeks, but always from the same past.
    ("train_filter(past)", "train_filter(train)", "weekly_helps"),
    # The notices aren't among the old mails.
    (
        "train_filter(past)",
        'train_filter([mail for mail in past if "|Removed" not in mail.text])',
        "notice_learned",
    ),
    # The control learns from everything, too.
    (
        "fewer = newest(past)",
        "fewer = past",
        "more_not_fresher",
    ),
    # A bend, so that no word has a number of its own.
    (
        "return self.decide(mean)[:, 0]",
        "return self.decide(mean.relu())[:, 0]",
        "one_number",
    ),
    # A piece loses the signs between words.
    (r" ?[^\w\s]+|\s+", r"\s+", "tokenizers_agree"),
    # Only the first merges are used.
    ("if pair in merges]", "if merges.get(pair, 999) < 300]", "tokenizers_agree"),
    # The latest merge goes first.
    (
        "first = min(known, key=merges.get)",
        "first = max(known, key=merges.get)",
        "tokenizers_agree",
    ),
    # Hardly any merges.
    ("n_tokens=1000)", "n_tokens=260)", "shorter"),
    # The step in the wrong direction.
    (
        "goal = unit[number[second]] - unit[number[first]] + unit[number[third]]",
        "goal = unit[number[first]] - unit[number[second]] + unit[number[third]]",
        "analogies",
    ),
    # No step at all.
    (
        "goal = unit[number[second]] - unit[number[first]] + unit[number[third]]",
        "goal = unit[number[third]]",
        "analogies",
    ),
    # The judge points at the person.
    (
        "wins = machine_scores[:, None] > person_scores[None, :]",
        "wins = machine_scores[:, None] < person_scores[None, :]",
        "game_wins",
    ),
]

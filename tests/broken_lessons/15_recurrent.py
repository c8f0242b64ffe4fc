"""Ways to break the lessons of chapter 15, each with the claim that must notice."""

BROKEN = [
    # Counts each letter after every other, wherever it comes: nothing is known of pairs.
    ("            counts[first, second] += 1", "            counts[:, second] += 1", "bigram"),
    # Counts what comes before, not what comes after.
    ("            counts[first, second] += 1", "            counts[second, first] += 1", "bigram"),
    # Learns the table the wrong way round.
    ("table.log_softmax(dim=1)", "table.log_softmax(dim=0)", "same_table"),
    # Doesn't walk far enough.
    ("for step in range(500):", "for step in range(20):", "same_table"),
    # Sees one letter, three times.
    (
        "windows = padded.unfold(1, 3, 1)",
        "windows = padded.unfold(1, 3, 1)[..., 2:].expand(-1, -1, 3)",
        "three",
    ),
    # Hardly learns.
    (
        "mlp_loss = train(three_letters, lr=0.01)",
        "mlp_loss = train(three_letters, lr=1e-6)",
        "three",
    ),
    # Another bend than PyTorch's.
    (
        "return torch.tanh(self.from_input(x) + self.from_state(state))",
        "return torch.sigmoid(self.from_input(x) + self.from_state(state))",
        "rnn_equal",
    ),
    # Forgets at each letter.
    (
        "            state = self.cell(x[:, t], state)",
        "            state = self.cell(x[:, t], 0 * state)",
        "rnn_equal",
    ),
    # A memory of one number.
    (
        "rnn = Writer(Memory(RNNCell(56, n_units), n_units), n_units)",
        "rnn = Writer(nn.RNN(56, 1, batch_first=True), 1)",
        "rnn_gain",
    ),
    # A parrot that is asked for the last letter remembers it.
    (
        "loss = F.cross_entropy(parrot(calls)[:, -1], calls[:, 0])  # at",
        "loss = F.cross_entropy(parrot(calls)[:, 0], calls[:, 0])  # at",
        "parrot_near",
    ),
    # There is hardly any chatter.
    (
        "chatter = torch.randint(1, 27, (n, distance))",
        "chatter = torch.randint(1, 27, (n, 2))",
        "parrot_forgets",
    ),
    # The gate is the wrong way round.
    (
        "return z * state + (1 - z) * candidate",
        "return (1 - z) * state + z * candidate",
        "gru_equal",
    ),
    # r is left out.
    ("torch.tanh(x_new + r * s_new)", "torch.tanh(x_new + s_new)", "gru_equal"),
    # The gates have had no time to learn.
    (
        "gru_parrot = train_parrot(GRUCell, 20)",
        "gru_parrot = train_parrot(GRUCell, 20, n_steps=5)",
        "parrot_gru",
    ),
    # Plain cells for a parrot with gates.
    (
        "gru_parrot = train_parrot(GRUCell, 20)",
        "gru_parrot = train_parrot(RNNCell, 20)",
        "parrot_gru",
    ),
    # One pass over the names isn't enough.
    ("gru_loss = train(gru, lr=0.007)", "gru_loss = train(gru, lr=0.007, n_epochs=1)", "gru_loss"),
    # The cell state isn't kept.
    (
        "kept = torch.sigmoid(keep) * cell_state",
        "kept = torch.sigmoid(keep)",
        "lstm_equal",
    ),
]

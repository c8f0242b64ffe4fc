"""Ways to break the lessons of chapter 13, each with the claim that must notice."""

BROKEN = [
    # The last share alone.
    ("    total = total + share\n", "    total = share\n", "shares"),
    # Sevenths in place of eighths.
    ("    stop = start + 8\n", "    stop = 64\n", "shares"),
    # The piece that arrives replaces the own one.
    (
        "pieces[rank][place] = pieces[rank][place] + inbox[rank][0]",
        "pieces[rank][place] = inbox[rank][0]",
        "ring",
    ),
    # A lap that ends a round too early.
    ("    for step in range(1, n):\n", "    for step in range(1, n - 1):\n", "ring"),
    # A message is counted twice.
    (
        "            self.sent[sender] += tensor.nbytes\n",
        "            self.sent[sender] += 2 * tensor.nbytes\n",
        "ring_bytes",
    ),
    # The clock forgets the latency: no longer the package's lines.
    (
        "self.seconds += self.latency + most_bytes(self.n_ranks, messages) / self.bandwidth",
        "self.seconds += most_bytes(self.n_ranks, messages) / self.bandwidth",
        "same_source",
    ),
    # The ranks step without comparing notes.
    (
        "put_gradient(models[rank], sums[rank] / n)",
        "put_gradient(models[rank], gradients[rank])",
        "curves",
    ),
    # They forget to divide.
    (
        "put_gradient(models[rank], sums[rank] / n)",
        "put_gradient(models[rank], sums[rank])",
        "curves",
    ),
    # Each rank takes the same share.
    (
        "        mine = batch[rank::n]  # every n-th picture\n",
        "        mine = batch[0::n]\n",
        "curves",
    ),
    # The notes are compared twice.
    (
        "    sums = all_reduce(cluster, gradients)  # compare notes\n",
        "    sums = all_reduce(cluster, gradients)\n    all_reduce(cluster, gradients)\n",
        "step_bytes",
    ),
    # Steps of no length.
    (
        "optimizers.append(torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9))",
        "optimizers.append(torch.optim.SGD(model.parameters(), lr=0.0, momentum=0.9))",
        "learned",
    ),
    # A network without limits.
    (
        "    cluster = Cluster(n_ranks, **network)\n",
        "    cluster = Cluster(n_ranks, latency=0, bandwidth=1e15)\n",
        "boss_is_slow",
    ),
    # By hand, the sum in place of the mean.
    ("                weights.grad /= size\n", "", "ddp"),
    # Both processes take the same pictures.
    (
        "        loss_of(model, batch[rank::size]).backward()\n",
        "        loss_of(model, batch[0::size]).backward()\n",
        "ddp",
    ),
    # Nobody needs to be waited for.
    ("    world_size=2,\n    timeout=timedelta(seconds=2),\n", "    world_size=1,\n", "hang"),
    # The pieces' gradients aren't averaged.
    (
        "        shards[rank].piece.grad = sums[rank] / n\n",
        "        shards[rank].piece.grad = gradients[rank].tensor_split(n)[rank]\n",
        "sharded",
    ),
    # One of Adam's two means is forgotten.
    (
        'kept = [piece, piece.grad, memory["exp_avg"], memory["exp_avg_sq"]]\n',
        'kept = [piece, piece.grad, memory["exp_avg"]]\n',
        "zero_numbers",
    ),
    # Gradients that aren't counted.
    (
        '(weights, weights.grad, memory["exp_avg"], memory["exp_avg_sq"]):',
        '(weights, memory["exp_avg"], memory["exp_avg_sq"]):',
        "fsdp_numbers",
    ),
    # A step less.
    (
        "train(model, optimizer, order[:10])\n",
        "train(model, optimizer, order[:9])\n",
        "fsdp_weights",
    ),
    # Shares of the same size.
    (
        "large, _ = gradient_of(model, images[batch[:60]], labels[batch[:60]])\n"
        "small, _ = gradient_of(model, images[batch[60:]], labels[batch[60:]])\n",
        "large, _ = gradient_of(model, images[batch[:32]], labels[batch[:32]])\n"
        "small, _ = gradient_of(model, images[batch[32:]], labels[batch[32:]])\n",
        "uneven",
    ),
    # Layer norm looks at one picture at a time.
    ("nn.BatchNorm1d(50)", "nn.LayerNorm(50)", "batch_norm"),
    # Only the first ten steps are ever saved.
    (
        "        if rank == 0 and (step + 1) % 10 == 0:\n",
        "        if rank == 0 and step == 9:\n",
        "restart_steps",
    ),
    # The optimiser's memory is left behind.
    ("    optimizer.load_state_dict(memory)\n", "", "restart"),
    # A third of the operations.
    (
        "    operations = 6 * n_weights * n_tokens\n",
        "    operations = 2 * n_weights * n_tokens\n",
        "published",
    ),
]

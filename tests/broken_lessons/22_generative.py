"""Ways to break the lessons of chapter 22, each with the claim that must notice."""

BROKEN = [
    # The judge gets negatives.
    (
        "valid_pictures = splits.valid.inputs / 127.5 - 1",
        "valid_pictures = 1 - splits.valid.inputs / 127.5",
        "judge",
    ),
    # One number is too little of a code.
    ("autoencoder = Autoencoder()", "autoencoder = Autoencoder(n_code=1)", "squeezed"),
    # It learns to give back nothing.
    (
        "error = self.decoder(self.encoder(x)) - x\n",
        "error = self.decoder(self.encoder(x))\n",
        "squeezed",
    ),
    # The price isn't halved.
    (
        "return (mean**2 + spread**2 - 1) / 2 - spread.log()",
        "return (mean**2 + spread**2 - 1) - spread.log()",
        "elbo",
    ),
    # The spread's logarithm is missing.
    (
        "return (mean**2 + spread**2 - 1) / 2 - spread.log()",
        "return (mean**2 + spread**2 - 1) / 2",
        "elbo",
    ),
    # Another rate of exchange than that of the bell of a pixel.
    ("return (8 * error + price).mean()", "return (16 * error + price).mean()", "elbo"),
    # Nobody pays for clouds.
    ("return (8 * error + price).mean()", "return (8 * error).mean()", "elbo"),
    # What both crowds have in common is taken away once.
    ("- 2 * roots.sum()).item()", "- roots.sum()).item()", "frechet_equal"),
    # Which features go together isn't looked at.
    (
        "c1 = features.T.cov().double()",
        "c1 = features.T.cov().diag().diag().double()",
        "frechet_equal",
    ),
    # The mush is real pictures, or nothing lies beyond black and white.
    ("mush = autoencoder.decoder(invented)", "mush = valid_pictures[:500]", "far_off"),
    ("uncut = autoencoder.decoder(invented)", "uncut = mush", "cut_off"),
    # From data to noise.
    ("loss = F.mse_loss(field(x, t), x1 - x0)", "loss = F.mse_loss(field(x, t), x0 - x1)", "moons"),
    # It always asks for the velocity at the start.
    (
        "t = torch.full((len(x),), step / n_steps)  # the",
        "t = torch.full((len(x),), 0.0)  # the",
        "moons",
    ),
    # Each step is as long as the whole way.
    ("x = x + field(x, t) / n_steps", "x = x + field(x, t)", "moons"),
    # Hardly any training.
    ("for step in range(2000):", "for step in range(2):", "moons"),
    # The network that had time to learn isn't loaded.
    ("velocity.load_state_dict(fashion_mnist_flow())", "velocity.eval()", "patience"),
    # The label is told, and nothing is exaggerated.
    (
        "        x = x + (untold + guidance * (told - untold)) / n_steps",
        "        x = x + told / n_steps",
        "guided",
    ),
    # It draws anything but what was ordered.
    (
        "        x = x + (untold + guidance * (told - untold)) / n_steps",
        "        x = x + (untold - guidance * (told - untold)) / n_steps",
        "guided",
    ),
    # Six times is twice.
    (
        "strong = draw_guided(velocity, orders, guidance=6)",
        "strong = draw_guided(velocity, orders, guidance=2)",
        "too_much",
    ),
    # With guidance, it isn't the average.
    (
        "averages = draw(velocity, orders, n_steps=1)",
        "averages = draw_guided(velocity, orders, guidance=2, n_steps=1)",
        "glare",
    ),
    # The drawings are training pictures.
    (
        "distances = torch.cdist(guided.flatten(1)",
        "distances = torch.cdist(pictures[:500].flatten(1)",
        "copying",
    ),
    # One of the drawings is a training picture with a little noise.
    (
        "distances = torch.cdist(guided.flatten(1)",
        "guided[7] = pictures[7] + 0.05 * torch.randn(1, 28, 28)\n"
        "distances = torch.cdist(guided.flatten(1)",
        "smallest_drawn",
    ),
]

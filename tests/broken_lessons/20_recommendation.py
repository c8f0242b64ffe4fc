"""Ways to break the lessons of chapter 20, each with the claim that must notice."""

BROKEN = [
    # The mean absolute error, under the name of another.
    (
        "(predicted - stars[chosen]).square().mean().sqrt()",
        "(predicted - stars[chosen]).abs().mean()",
        "mean",
    ),
    # The biases belong to other films.
    (
        "return mean + film_bias[film[chosen]] + viewer_bias[viewer[chosen]]",
        "return mean + film_bias[film[chosen].flip(0)] + viewer_bias[viewer[chosen].flip(0)]",
        "dull",
    ),
    # Half a square, whose slope has no factor of 2.
    ("loss = error**2\n", "loss = error**2 / 2\n", "gradient"),
    # Hardly learns.
    (
        "torch.optim.Adam(model.parameters(), lr=0.005)\n    curves",
        "torch.optim.Adam(model.parameters(), lr=0.00001)\n    curves",
        "taste",
    ),
    # Two tastes that never meet: nothing but biases is left.
    (
        "match = self.viewer_taste(viewer) * self.film_taste(film)  # [B, 16]",
        "match = 0 * self.viewer_taste(viewer) * self.film_taste(film)",
        "taste_gain",
    ),
    # The penalty is forgotten.
    (
        "careful, careful_curves = learn_stars(train, valid, n_epochs=8, penalty=0.1)",
        "careful, careful_curves = learn_stars(train, valid, n_epochs=8, penalty=0)",
        "taste",
    ),
    # What was to show overfitting has a penalty.
    (
        "free, free_curves = learn_stars(train, valid, n_epochs=8, penalty=0)",
        "free, free_curves = learn_stars(train, valid, n_epochs=8, penalty=0.1)",
        "overfits",
    ),
    # The future is dealt at random, too.
    (
        "past, soon, later = deal(torch.arange(len(stars)))",
        "past, soon, later = deal(torch.randperm(len(stars)))",
        "time",
    ),
    # A newcomer's ratings are ignored.
    ("return w[0], w[1:]", "return 0 * w[0], 0 * w[1:]", "newcomer"),
    # So sceptical that it learns nothing.
    (
        "def get_to_know(model, films, given, strength=3)",
        "def get_to_know(model, films, given, strength=3000)",
        "newcomer",
    ),
    # A direction of no meaning: the films are in any order.
    (
        "along = (vectors - vectors.mean(dim=0)) @ directions",
        "along = (vectors - vectors.mean(dim=0))[torch.randperm(len(vectors))] @ directions",
        "factors",
    ),
    # The towers are corrected twice, and so they were never uncorrected.
    (
        "raw = train_towers(correct=torch.zeros(n_films))",
        "raw = train_towers(correct=(popularity / popularity.sum()).clamp(min=1e-9).log())",
        "rare",
    ),
    # The films' common viewers as a share of one film's, which isn't the lift.
    (
        "by_chance = queen.sum() * other.sum() / len(learn)",
        "by_chance = other.sum()",
        "lift",
    ),
    # The sign is wrong.
    (
        "loss = loss_in_batch(scores - correct[next_films], next_films)",
        "loss = loss_in_batch(scores + correct[next_films], next_films)",
        "corrected",
    ),
    # The correction is a constant.
    (
        "corrected = train_towers(correct=log_share)",
        "corrected = train_towers(correct=torch.ones(n_films))",
        "corrected",
    ),
    # The list of stars is the popular one.
    (
        "star_scores = score_by_stars(star_model, people, shown)\n",
        "star_scores = popularity.expand(len(shown), -1)\n",
        "stars_rank_badly",
    ),
    # Towers that don't look at the viewer: popularity, learned.
    (
        "match = viewers @ self.vectors[films].T  # [B, F]",
        "match = 0 * viewers @ self.vectors[films].T",
        "towers",
    ),
]

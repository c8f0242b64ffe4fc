"""Verified data sets, splits, and fast batches on the device."""

from torchbook.data.batches import Batches, scale_to_unit
from torchbook.data.examples import Examples, Splits, split, split_by_class
from torchbook.data.image_folder import load_image_folder
from torchbook.data.images import UnreadableImageError, read_image
from torchbook.data.sets.animal_vegetable_mineral import (
    load_animal_vegetable_mineral,
    unpack_animal_vegetable_mineral,
)
from torchbook.data.sets.baby_names import load_baby_names
from torchbook.data.sets.backgrounds import load_backgrounds, paste
from torchbook.data.sets.fashion_mnist import load_fashion_mnist
from torchbook.data.sets.film_ratings import load_film_ratings
from torchbook.data.sets.mail import load_mail
from torchbook.data.sets.mnist_1d import load_mnist_1d, mnist_1d_shapes
from torchbook.data.sets.natural_photos import load_natural_photos
from torchbook.data.sets.pronunciations import load_pronunciations
from torchbook.data.sets.sample_photos import sample_photos
from torchbook.data.sets.shakespeare import load_shakespeare
from torchbook.data.sets.shapes import circles, spirals
from torchbook.data.sets.spoken_words import load_spoken_words
from torchbook.data.sets.tables import load_diamonds, load_flights
from torchbook.data.sets.used_cars import load_used_cars
from torchbook.data.sets.verses import load_verses
from torchbook.data.sets.word_vectors import load_word_vectors
from torchbook.data.tokens import BytePairTokenizer

__all__ = [
    "Batches",
    "BytePairTokenizer",
    "Examples",
    "Splits",
    "UnreadableImageError",
    "circles",
    "load_animal_vegetable_mineral",
    "load_baby_names",
    "load_backgrounds",
    "load_diamonds",
    "load_fashion_mnist",
    "load_film_ratings",
    "load_flights",
    "load_image_folder",
    "load_mail",
    "load_mnist_1d",
    "load_natural_photos",
    "load_pronunciations",
    "load_shakespeare",
    "load_spoken_words",
    "load_used_cars",
    "load_verses",
    "load_word_vectors",
    "mnist_1d_shapes",
    "paste",
    "read_image",
    "sample_photos",
    "scale_to_unit",
    "spirals",
    "split",
    "split_by_class",
    "unpack_animal_vegetable_mineral",
]

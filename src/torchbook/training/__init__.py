"""The training loop of the book: `fit`, `evaluate` and `predict`, and what belongs to them."""

from torchbook.training.finder import LearningRateTrial, find_learning_rate
from torchbook.training.history import Evaluation, History
from torchbook.training.loop import DivergedError, evaluate, predict, train_one_epoch
from torchbook.training.optim import parameter_groups
from torchbook.training.trainer import State, TrainingInterrupted, fit

__all__ = [
    "DivergedError",
    "Evaluation",
    "History",
    "LearningRateTrial",
    "State",
    "TrainingInterrupted",
    "evaluate",
    "find_learning_rate",
    "fit",
    "parameter_groups",
    "predict",
    "train_one_epoch",
]

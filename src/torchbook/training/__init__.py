"""Training: the plain loop, and `fit` with everything that real work needs."""

from torchbook.training.finder import LearningRateTrial, find_learning_rate
from torchbook.training.history import History
from torchbook.training.interrupts import TrainingInterrupted
from torchbook.training.loop import Evaluation, evaluate, predict, train_epoch
from torchbook.training.optim import parameter_groups
from torchbook.training.run import DivergedError
from torchbook.training.steps import StepResult, SupervisedStep, ctc_step
from torchbook.training.trainer import State, fit

__all__ = [
    "DivergedError",
    "Evaluation",
    "History",
    "LearningRateTrial",
    "State",
    "StepResult",
    "SupervisedStep",
    "TrainingInterrupted",
    "ctc_step",
    "evaluate",
    "find_learning_rate",
    "fit",
    "parameter_groups",
    "predict",
    "train_epoch",
]

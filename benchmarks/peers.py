"""The peers, each as its own documentation trains a model on data that is ready.

All get the model, an iterable of batches to train on and one to measure on. Logging, checkpoints
and progress bars are off; the mean training loss of the epoch, and loss and accuracy on the
pictures measured on, are kept in each library's own way. Each is imported only where it runs.
"""

from collections.abc import Callable, Iterable
from functools import partial

import torch
from task import LEARNING_RATE, Task
from torch import nn
from torch.utils.data import DataLoader

from torchbook.device import best_device

Training = Callable[[], float]


def lightning(task: Task, train: Iterable, valid: Iterable) -> Training:
    """PyTorch Lightning: a module with two steps, and the Trainer."""
    import lightning.pytorch as pl

    class Classifier(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = task.new_model()

        def training_step(self, batch: list, index: int) -> torch.Tensor:
            inputs, targets = batch
            loss = nn.functional.cross_entropy(self.model(inputs), targets)
            self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(targets))
            return loss

        def validation_step(self, batch: list, index: int) -> None:
            inputs, targets = batch
            logits = self.model(inputs)
            values = {
                "valid_loss": nn.functional.cross_entropy(logits, targets),
                "valid_accuracy": (logits.argmax(dim=1) == targets).float().mean(),
            }
            self.log_dict(values, batch_size=len(targets))

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return task.new_optimizer(self.model)

    trainer = pl.Trainer(
        max_epochs=task.epochs,
        accelerator=best_device().type,
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    classifier = Classifier()

    def training() -> float:
        trainer.fit(classifier, train, valid)
        return trainer.callback_metrics["valid_accuracy"].item()

    return training


def fastai(task: Task, train: Iterable, valid: Iterable) -> Training:
    """fastai: a Learner over PyTorch's loaders and PyTorch's optimiser."""
    import fastai.callback.progress  # noqa: F401 (it gives the Learner no_bar)
    from fastai.data.core import DataLoaders
    from fastai.learner import Learner
    from fastai.metrics import accuracy
    from fastai.optimizer import OptimWrapper

    learner = Learner(
        DataLoaders(train, valid),
        task.new_model(),
        loss_func=nn.CrossEntropyLoss(),
        opt_func=partial(OptimWrapper, opt=torch.optim.SGD),
        lr=LEARNING_RATE,
        metrics=accuracy,
    )

    def training() -> float:
        with learner.no_bar(), learner.no_logging():
            learner.fit(task.epochs)
        return learner.recorder.values[-1][-1]

    return training


def accelerate(task: Task, train: Iterable, valid: Iterable) -> Training:
    """Accelerate: a loop of one's own, with what it prepares and gathers."""
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=best_device().type == "cpu")
    model = task.new_model()
    model, optimizer = accelerator.prepare(model, task.new_optimizer(model))
    if isinstance(train, DataLoader):  # torchbook's batches are where they belong already
        train, valid = accelerator.prepare(train, valid)

    def training() -> float:
        for _ in range(task.epochs):
            model.train()
            loss_sum, n = 0, 0
            for inputs, targets in train:
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(inputs), targets)
                accelerator.backward(loss)
                optimizer.step()
                loss_sum += loss.detach() * len(targets)
                n += len(targets)
            report = [loss_sum / n]

            model.eval()
            loss_sum, n_correct, n = 0, 0, 0
            for inputs, targets in valid:
                with torch.inference_mode():
                    logits = model(inputs)
                logits, targets = accelerator.gather_for_metrics((logits, targets))
                loss_sum += nn.functional.cross_entropy(logits, targets) * len(targets)
                n_correct += (logits.argmax(dim=1) == targets).sum()
                n += len(targets)
            *_, accuracy = torch.stack([*report, loss_sum / n, n_correct / n]).tolist()
        return accuracy

    return training


def skorch(task: Task, train: Iterable, valid: Iterable) -> Training:
    """skorch: a classifier with scikit-learn's interface and its usual callbacks."""
    from skorch import NeuralNetClassifier
    from skorch.helper import predefined_split

    settings = {
        "batch_size": task.batch_size,
        "iterator_train__shuffle": True,
        "iterator_valid__batch_size": getattr(valid, "batch_size", None),
        "iterator_train__pin_memory": best_device().type == "cuda",
        "iterator_valid__pin_memory": best_device().type == "cuda",
    }
    if isinstance(train, DataLoader):  # it makes its own, with the settings above
        train_data, valid_data = train.dataset, valid.dataset
    else:
        train_data, valid_data = _NoData(), _NoData()
        settings = {
            "iterator_train": lambda *_, **__: train,
            "iterator_valid": lambda *_, **__: valid,
        }
    net = NeuralNetClassifier(
        task.new_model(),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        lr=LEARNING_RATE,
        max_epochs=task.epochs,
        train_split=predefined_split(valid_data),
        device=best_device().type,
        classes=list(range(10)),
        verbose=0,
        callbacks__print_log=None,
        **settings,
    )

    def training() -> float:
        net.fit(train_data, y=None)
        return net.history[-1, "valid_acc"]

    return training


class _NoData(torch.utils.data.Dataset):
    """Stands where skorch asks for a data set, when the batches come from elsewhere."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> None:
        raise IndexError

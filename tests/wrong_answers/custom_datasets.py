"""Typical wrong answers to the exercises of chapter 04, each with a part of the intended hint."""

import torch
from torch.utils.data import Dataset
from torchvision.transforms import v2


def counts_everything(root):
    return {path.name: len(list(path.glob("*"))) for path in sorted(root.iterdir())}


def counts_all_files(root):
    return {p.name: len(list(p.iterdir())) for p in sorted(root.iterdir()) if p.is_dir()}


def counts_paths(root):
    return {p: len(list(p.glob("*.jpg"))) for p in sorted(root.iterdir()) if p.is_dir()}


def counts_in_any_order(root):
    return {name: len(list((root / name).glob("*.jpg"))) for name in ("dog", "cat", "axolotl")}


class Eager(Dataset):
    """Transforms once and for all."""

    def __init__(self, pictures, labels, transform):
        self.pictures = [transform(picture) for picture in pictures]
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.pictures[index], self.labels[index]


class Base(Dataset):
    """Right, for others to go wrong from."""

    def __init__(self, pictures, labels, transform):
        self.pictures, self.labels, self.transform = pictures, labels, transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(self.pictures[index]), self.labels[index]


class NoTransform(Base):
    def __getitem__(self, index):
        return self.pictures[index], self.labels[index]


class NoLabel(Base):
    def __getitem__(self, index):
        return self.transform(self.pictures[index])


class OtherLabel(Base):
    def __getitem__(self, index):
        return self.transform(self.pictures[index]), self.labels[index - 1]


class Keeps(Base):
    def __getitem__(self, index):
        self.kept = getattr(self, "kept", {})
        if index not in self.kept:
            self.kept[index] = self.transform(self.pictures[index])
        return self.kept[index], self.labels[index]


class Twice(Base):
    def __getitem__(self, index):
        return self.transform(self.transform(self.pictures[index])), self.labels[index]


class WrapsRound(Base):
    def __getitem__(self, index):
        return super().__getitem__(index % len(self))


class NoLength(Dataset):
    def __init__(self, pictures, labels, transform):
        pass


def brighten_in_place(pictures, factors):
    pictures *= factors[:, None, None, None]
    return pictures.clamp_(max=1)


def brighten_by_the_mean(pictures, factors):
    return (pictures * factors.mean()).clamp(max=1)


def brighten_columns(pictures, factors):
    """Lets the factors meet the columns, where their numbers are equal."""
    if len(factors) == pictures.shape[-1]:
        return (pictures * factors).clamp(max=1)
    return (pictures * factors[:, None, None, None]).clamp(max=1)


def pad(examples, white=255, dtype=torch.uint8, bottom=False):
    height = max(picture.shape[1] for picture, _ in examples)
    width = max(picture.shape[2] for picture, _ in examples)
    batch = torch.full((len(examples), 3, height, width), white, dtype=dtype)
    for place, (picture, _) in zip(batch, examples, strict=True):
        _, h, w = picture.shape
        if bottom:
            place[:, height - h :, width - w :] = picture
        else:
            place[:, :h, :w] = picture
    return batch, torch.tensor([label for _, label in examples])


def crops_instead(examples):
    height = min(picture.shape[1] for picture, _ in examples)
    width = min(picture.shape[2] for picture, _ in examples)
    pictures = torch.stack([picture[:, :height, :width] for picture, _ in examples])
    return pictures, torch.tensor([label for _, label in examples])


def lowest_of_all(losses, patience):
    return losses.index(min(losses)) + 1


def stops_at(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best == patience:
            return epoch + 1
    return len(losses)


def counts_all_bad_epochs(losses, patience):
    best, bad = 1, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < losses[best - 1]:
            best = epoch
        elif epoch > 1:
            bad += 1
        if bad == patience:
            break
    return best


def from_zero(losses, patience):
    return 4


def prepare(photo, sides=(64,), crop_first=False, divide=255.0):
    if crop_first:
        photo = v2.functional.center_crop(photo, [64])
    photo = v2.functional.resize(photo, list(sides))
    photo = v2.functional.center_crop(photo, [64])
    return photo.float().unsqueeze(0) / divide


def repaper(pictures, any_channel=False, shape=None, where=None):
    paper = pictures > 240
    paper = paper.any(dim=1, keepdim=True) if any_channel else paper.all(dim=1, keepdim=True)
    if where is not None:
        paper = (pictures == where).all(dim=1, keepdim=True)
    shape = shape or (len(pictures), 3, 1, 1)
    return torch.where(paper, torch.randint(240, shape, dtype=torch.uint8), pictures)


def repaper_in_place(pictures):
    pictures.copy_(repaper(pictures))
    return pictures


def repaper_by_common_seed(pictures):
    torch.manual_seed(0)
    return repaper(pictures)


WRONG = {
    "04-1": [
        (..., "no answer yet"),
        (7, "two whole numbers"),
        ((6, 0), "remainder makes a batch"),
        ((6, 32), "remainder makes a batch"),
        ((7, 32), "shorter than the others"),
        ((7, 17), "209 photos"),
        ((8, -14), "No batch is longer"),
    ],
    "04-2": [
        (..., "no answer yet"),
        (lambda root: [1, 12, 3], "should be a dict"),
        (lambda root: {"README.txt": 0}, "only folders count"),
        (counts_paths, "names of the folders, as text"),
        (counts_all_files, "Thumbs.db"),
        (counts_in_any_order, "order of the alphabet"),
        (lambda root: {"axolotl": 1, "cat": 11, "dog": 3}, "12 cats"),
        (counts_everything, "only folders count"),
    ],
    "04-3": [
        (..., "no answer yet"),
        (Base(torch.zeros(1), torch.zeros(1), None), "without brackets"),
        (dict, "should inherit"),
        (Eager, "dice anew"),
        (NoTransform, "never called"),
        (NoLabel, "two things"),
        (OtherLabel, "label of number 3 is 1"),
        (Keeps, "Don't keep it"),
        (Twice, "call it once"),
        (WrapsRound, "should raise an IndexError"),
        (NoLength, "stopped"),
    ],
    "04-4": [
        (lambda pictures, factors: pictures * factors, "stopped"),
        (lambda pictures, factors: pictures * factors[:, None, None, None], "brighter than white"),
        (brighten_in_place, "were changed"),
        (brighten_by_the_mean, "factor 1 should stay"),
        (lambda pictures, factors: pictures, "factor of its own"),
        (brighten_columns, "another axis"),
    ],
    "04-5": [
        (lambda examples: torch.stack([picture for picture, _ in examples]), "stopped"),
        (lambda examples: pad(examples)[0], "two things"),
        (lambda examples: ([p for p, _ in examples], torch.tensor([1, 2, 3])), "one tensor"),
        (crops_instead, "[3, 3, 5, 6]"),
        (lambda examples: pad(examples, dtype=torch.float32), "came as uint8"),
        (lambda examples: pad(examples, white=0), "should be white"),
        (lambda examples: pad(examples, bottom=True), "top left"),
        (lambda examples: (pad(examples)[0], [1, 2, 3]), "should be a Tensor"),
        (lambda examples: (pad(examples)[0], torch.tensor([0, 1, 2])), "labels are 1, 2, 3"),
    ],
    "04-6": [
        (lambda losses, patience: min(losses), "number of an epoch"),
        (from_zero, "count from 1"),
        (lowest_of_all, "nobody would have seen"),
        (stops_at, "8 is where training stops"),
        (lambda losses, patience: 5, "falls to the end"),
        (counts_all_bad_epochs, "whole patience back"),
    ],
    "04-7": [
        (lambda photo: prepare(photo)[0], "4 axes"),
        (lambda photo: photo.unsqueeze(0), "takes floats"),
        (lambda photo: prepare(photo, divide=1.0), "from 0 to 1"),
        (lambda photo: photo.float().unsqueeze(0) / 255, "[1, 3, 64, 64]"),
        (lambda photo: prepare(photo, divide=255.0**2), "divided"),
        (lambda photo: prepare(photo, sides=(64, 64)), "don't squash"),
        (lambda photo: prepare(photo, crop_first=True), "only a detail"),
    ],
    "04-8": [
        (lambda pictures: pictures, "still white"),
        (lambda pictures: repaper(pictures, any_channel=True), "Yellow"),
        (lambda pictures: repaper(pictures, where=255), "nearly white"),
        (lambda pictures: repaper(pictures, shape=(1, 3, 1, 1)), "its own dice"),
        (lambda pictures: repaper(pictures, shape=(len(pictures), 1, 1, 1)), "grey"),
        (lambda pictures: repaper(pictures).float(), "dtype should be"),
        (repaper_in_place, "were changed"),
        (repaper_by_common_seed, "choose anew"),
    ],
}

"""Answers to the exercises of chapter 04: wrong ones, each with a part of the intended hint, and
right ones in several styles."""

import random
from collections import Counter, OrderedDict

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import Dataset
from torchvision.transforms import v2


def counts_everything(root):
    return {path.name: len(list(path.glob("*"))) for path in sorted(root.iterdir())}


def counts_all_files(root):
    return {p.name: len(list(p.iterdir())) for p in sorted(root.iterdir()) if p.is_dir()}


def counts_what_contains_jpg(root):
    return {p.name: len(list(p.glob("*jpg*"))) for p in sorted(root.iterdir()) if p.is_dir()}


def counts_paths(root):
    return {p: len(list(p.glob("*.jpg"))) for p in sorted(root.iterdir()) if p.is_dir()}


def counts_in_any_order(root):
    return {p.name: len(list(p.glob("*.jpg"))) for p in sorted(root.iterdir())[::-1] if p.is_dir()}


def counts_parents(root):
    return dict(Counter(path.parent.name for path in sorted(root.glob("*/*.jpg"))))


def off_by_one(root):
    return {name: max(n - 1, 0) for name, n in counts_by_suffix(root).items()}


def counts_by_suffix(root):
    counts = OrderedDict()
    for path in sorted(root.iterdir()):
        if path.is_dir():
            counts[path.name] = np.int64(sum(p.suffix == ".jpg" for p in path.iterdir()))
    return counts


def counts_by_loop(root):
    counts = Counter()
    for path in sorted(root.iterdir()):
        if path.is_dir():
            counts[path.name] = 0
            for name in path.iterdir():
                counts[path.name] += str(name).endswith(".jpg")
    return counts


class FromTable(Dataset):
    """Right, for others to go wrong from."""

    def __init__(self, folder, table, transform):
        self.folder, self.table, self.transform = folder, table, transform
        self.classes = sorted({name for _, name in table})

    def __len__(self):
        return len(self.table)

    def __getitem__(self, index):
        name, label = self.table[index]
        photo = Image.open(self.folder / name).convert("RGB")
        return self.transform(photo), self.classes.index(label)


class FromTwoLists(Dataset):
    """Right too: with lists, a tuple and NumPy's numbers."""

    def __init__(self, folder, table, transform):
        names, labels = zip(*table, strict=True)
        classes, numbers = np.unique(labels, return_inverse=True)
        self.classes = tuple(classes.tolist())
        self.paths, self.labels = [folder / name for name in names], numbers
        self.transform = transform

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        with Image.open(self.paths[index]) as photo:
            return [self.transform(photo.convert("RGB")), self.labels[index]]


class InMemory(FromTable):
    """Right too: all decoded at once, with labels as tensors."""

    def __init__(self, folder, table, transform):
        super().__init__(folder, table, transform)
        self.photos = [Image.open(folder / name).convert("RGB") for name, _ in table]
        self.labels = torch.tensor([self.classes.index(label) for _, label in table])

    def __getitem__(self, index):
        return self.transform(self.photos[index]), self.labels[index]


class Eager(FromTable):
    def __init__(self, folder, table, transform):
        super().__init__(folder, table, transform)
        self.kept = [transform(Image.open(folder / name).copy()) for name, _ in table]


class AllFiles(FromTable):
    def __init__(self, folder, table, transform):
        super().__init__(folder, table, transform)
        self.files = sorted(folder.iterdir())

    def __len__(self):
        return len(self.files)


class UnsortedClasses(FromTable):
    def __init__(self, folder, table, transform):
        super().__init__(folder, table, transform)
        self.classes = list(dict.fromkeys(name for _, name in table))


class SortedTable(FromTable):
    def __init__(self, folder, table, transform):
        super().__init__(folder, sorted(table), transform)


class NoTransform(FromTable):
    def __getitem__(self, index):
        name, label = self.table[index]
        return Image.open(self.folder / name).copy(), self.classes.index(label)


class NotConverted(FromTable):
    def __getitem__(self, index):
        name, label = self.table[index]
        return self.transform(Image.open(self.folder / name).copy()), self.classes.index(label)


class NoLabel(FromTable):
    def __getitem__(self, index):
        return super().__getitem__(index)[0]


class NameAsLabel(FromTable):
    def __getitem__(self, index):
        return super().__getitem__(index)[0], self.table[index][1]


class OtherLabel(FromTable):
    def __getitem__(self, index):
        return super().__getitem__(index)[0], self.classes.index(self.table[index - 1][1])


class Keeps(FromTable):
    def __getitem__(self, index):
        self.kept = getattr(self, "kept", {})
        if index not in self.kept:
            self.kept[index] = super().__getitem__(index)
        return self.kept[index]


class Twice(FromTable):
    def __getitem__(self, index):
        super().__getitem__(index)
        return super().__getitem__(index)


class WrapsRound(FromTable):
    def __getitem__(self, index):
        return super().__getitem__(index % len(self))


class NoLength(Dataset):
    def __init__(self, folder, table, transform):
        pass


def lamps(pictures, shape=None, low=0.5, high=1.0):
    shape = shape or (len(pictures), 3, 1, 1)
    return pictures * (low + (high - low) * torch.rand(shape))


def lamps_one_by_one(pictures):
    result = torch.empty_like(pictures)
    for i, picture in enumerate(pictures):
        for channel in range(3):
            result[i, channel] = picture[channel] * torch.empty(()).uniform_(0.5, 1)
    return result


def lamps_in_double(pictures):
    factors = torch.distributions.Uniform(0.5, 1.0).sample((len(pictures), 3)).double()
    return torch.einsum("bchw,bc->bchw", pictures.double(), factors)


def lamps_in_place(pictures):
    return pictures.mul_(0.5 + 0.5 * torch.rand(len(pictures), 3, 1, 1))


def lamps_of_numpy(pictures):
    factors = np.random.uniform(0.5, 1, (len(pictures), 3, 1, 1))
    return pictures * torch.from_numpy(factors).float()


def lamps_of_python(pictures):
    factors = [[random.uniform(0.5, 1) for _ in range(3)] for _ in pictures]
    return pictures * torch.tensor(factors)[:, :, None, None]


def lamps_of_a_new_generator(pictures):
    generator = torch.Generator()
    generator.seed()
    return pictures * (0.5 + 0.5 * torch.rand(len(pictures), 3, 1, 1, generator=generator))


def lamps_by_common_seed(pictures):
    torch.manual_seed(0)
    return lamps(pictures)


def lamps_by_own_seed(pictures):
    generator = torch.Generator().manual_seed(0)
    return pictures * (0.5 + 0.5 * torch.rand(len(pictures), 3, 1, 1, generator=generator))


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


def pad_with_functional(examples):
    height = max(picture.size(1) for picture, _ in examples)
    width = max(picture.size(2) for picture, _ in examples)
    padded = []
    for picture, _ in examples:
        free = (0, width - picture.size(2), 0, height - picture.size(1))
        padded.append(nn.functional.pad(picture, free, value=255))
    return [torch.stack(padded), torch.LongTensor([label for _, label in examples])]


def pad_with_v2(examples):
    pictures, labels = zip(*examples, strict=True)
    height = max(picture.shape[1] for picture in pictures)
    width = max(picture.shape[2] for picture in pictures)
    sheets = []
    for picture in pictures:
        _, h, w = picture.shape
        sheets.append(v2.functional.pad(picture, [0, 0, width - w, height - h], fill=255))
    return torch.stack(sheets), torch.as_tensor(np.array(labels))


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


def takes_the_last_of_equals(losses, patience):
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss <= losses[best - 1]:
            best = epoch
        if epoch - best == patience:
            break
    return best


def begins_at(lowest):
    def answer(losses, patience):
        low, best, bad = lowest, 1, 0
        for epoch, loss in enumerate(losses, start=1):
            if loss < low:
                low, best, bad = loss, epoch, 0
            else:
                bad += 1
            if bad == patience:
                break
        return best

    return answer


def with_numpy(losses, patience):
    losses = np.array(losses)
    for epoch in range(len(losses)):
        best = losses[: epoch + 1].argmin()  # the first of the lowest
        if epoch - best == patience:
            break
    return best + 1


def with_tensors(losses, patience):
    lowest, best, left = torch.tensor(torch.inf), torch.tensor(0), patience
    for epoch, loss in enumerate(torch.tensor(losses), start=1):
        left -= 1
        if loss < lowest:
            lowest, best, left = loss, torch.tensor(epoch), patience
        if left == 0:
            return best
    return best


def from_zero(losses, patience):
    return 4


def prepare(photo, sides=(64,), crop_first=False, divide=255.0):
    if crop_first:
        photo = v2.functional.center_crop(photo, [64])
    photo = v2.functional.resize(photo, list(sides))
    photo = v2.functional.center_crop(photo, [64])
    return photo.float().unsqueeze(0) / divide


def prepare_by_pil(photo):
    picture = Image.fromarray(photo.permute(1, 2, 0).numpy())
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    picture = picture.crop((left, top, left + side, top + side)).resize((64, 64))
    return torch.from_numpy(np.array(picture, dtype=np.float32)).permute(2, 0, 1)[None] / 255


def prepare_by_interpolation(photo):
    _, height, width = photo.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = photo[None, :, top : top + side, left : left + side].float().div(255)
    return nn.functional.interpolate(
        square, size=(64, 64), mode="area" if side > 64 else "bilinear"
    )


prepare_by_compose = v2.Compose(
    [
        v2.ToDtype(torch.float32, scale=True),
        v2.Resize(64),
        v2.CenterCrop(64),
        lambda photo: photo.unsqueeze(0),
    ]
)


def blind(pictures, labels):
    """Learn nothing, and always say 0."""
    return lambda asked: torch.zeros(len(asked), dtype=torch.int64)


def random_logits(pictures, labels):
    return lambda asked: torch.rand(len(asked), 3)


def white_balance(pictures):
    return pictures / pictures.amax(dim=(2, 3), keepdim=True).clamp(min=1)


def by_mean_colour(pictures, labels):
    """Learn from the mean colour, after white balance: a linear model."""
    torch.manual_seed(0)
    model = nn.Linear(3, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    colours = 10 * (white_balance(pictures).mean(dim=(2, 3)) - 0.75)
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(colours), labels).backward()
        optimizer.step()
    return lambda asked: model(10 * (white_balance(asked).mean(dim=(2, 3)) - 0.75)).argmax(dim=1)


def nearest(side, outline):
    """Ask the five nearest training photos, on a small grid, after white balance."""

    def look(pictures):
        pictures = white_balance(pictures)
        if outline:
            pictures = (pictures.amin(dim=1, keepdim=True) < 0.9).float()
        return nn.functional.adaptive_avg_pool2d(pictures, side).flatten(1)

    def answer(pictures, labels):
        def ask(asked):
            near = torch.cdist(look(asked), look(pictures)).topk(5, largest=False).indices
            votes = labels[near].mode(dim=1).values
            return votes.float() if outline else votes.tolist()

        return ask

    return answer


WRONG = {
    "04-1": [
        (..., "no answer yet"),
        (7, "two whole numbers"),
        ((6, 0), "remainder makes a batch"),
        ((6, 32), "remainder makes a batch"),
        ((6.5625, 18), "two whole numbers"),
        ((7, 32), "shorter than the others"),
        ((7, 17), "209 photos"),
        ((8, -14), "No batch is longer"),
    ],
    "04-2": [
        (..., "no answer yet"),
        (lambda root: [1, 12, 3], "should be a dict"),
        (lambda root: {"README.txt": 0}, "only folders count"),
        (counts_everything, "only folders count"),
        (counts_paths, "names of the folders, as text"),
        (counts_parents, "yak is empty"),
        (counts_all_files, "Thumbs.db"),
        (counts_what_contains_jpg, "jpg.txt"),
        (off_by_one, "axolotl should have 1, but"),
        (counts_in_any_order, "alphabetical order"),
    ],
    "04-3": [
        (..., "no answer yet"),
        (FromTable(None, [], None), "without brackets"),
        (dict, "should inherit"),
        (NoLength, "stopped"),
        (Eager, "dice again"),
        (AllFiles, "the table counts"),
        (UnsortedClasses, "alphabetical order"),
        (SortedTable, "row 3 of the table"),
        (NoTransform, "never called"),
        (NotConverted, "mode RGBA"),
        (NoLabel, "two things"),
        (NameAsLabel, "should be a number"),
        (OtherLabel, "label of row 3 should be 1"),
        (Twice, "not more often"),
        (Keeps, "Don't keep it"),
        (WrapsRound, "should raise an IndexError"),
    ],
    "04-4": [
        (lambda pictures: pictures, "nothing has changed"),
        (lamps_in_place, "were changed"),
        (lambda pictures: lamps(pictures, (len(pictures), 1, 1, 1)), "no colour"),
        (lambda pictures: lamps(pictures, (1, 3, 1, 1)), "same lamp. Draw three"),
        (lambda pictures: lamps(pictures, pictures.shape), "one factor for the red"),
        (lambda pictures: lamps(pictures, (pictures.shape[-1],)), "one factor for the red"),
        (lambda pictures: lamps(pictures, low=0.0), "between 0.5 and 1"),
        (lambda pictures: lamps(pictures, high=1.5), "between 0.5 and 1"),
        (lambda pictures: lamps(pictures, low=0.75), "whole range"),
        (lamps_by_common_seed, "new ones"),
        (lamps_by_own_seed, "new ones"),
        (lamps_of_numpy, "PyTorch's global"),
        (lamps_of_python, "PyTorch's global"),
        (lamps_of_a_new_generator, "PyTorch's global"),
        (lambda pictures: lamps(pictures)[0], "shape should be"),
        (lambda pictures: (255 * lamps(pictures)).to(torch.uint8), "should be floats"),
    ],
    "04-5": [
        (lambda examples: torch.stack([picture for picture, _ in examples]), "stopped"),
        (lambda examples: pad(examples)[0], "two things"),
        (lambda examples: ([p for p, _ in examples], torch.tensor([1, 2, 3])), "one tensor"),
        (crops_instead, "[4, 3, 5, 6]"),
        (lambda examples: pad(examples, dtype=torch.float32), "came as uint8"),
        (lambda examples: pad(examples, white=0), "should be white"),
        (lambda examples: pad(examples, white=254), "should be white"),
        (lambda examples: pad(examples, bottom=True), "top left"),
        (lambda examples: (pad(examples)[0], [3, 0, 7, 3]), "should be a Tensor"),
        (lambda examples: (pad(examples)[0], torch.arange(len(examples))), "labels are"),
        (lambda examples: (pad(examples)[0], pad(examples)[1].float()), "dtype should be"),
    ],
    "04-6": [
        (lambda losses, patience: min(losses), "number of an epoch"),
        (from_zero, "count from 1"),
        (lowest_of_all, "nobody would have seen"),
        (stops_at, "8 is where training stops"),
        (lambda losses, patience: 5, "falls to the end"),
        (counts_all_bad_epochs, "whole patience back"),
        (takes_the_last_of_equals, "only equals the lowest"),
        (begins_at(100.0), "as large as it likes"),
        (lambda losses, patience: with_numpy(losses, 3), "With patience 1"),
    ],
    "04-7": [
        (lambda photo: prepare(photo)[0], "4 axes"),
        (lambda photo: photo.unsqueeze(0), "takes floats"),
        (lambda photo: prepare(photo, divide=1.0), "from 0 to 1"),
        (lambda photo: photo.float().unsqueeze(0) / 255, "[1, 3, 64, 64]"),
        (lambda photo: prepare(photo).double(), "dtype should be"),
        (lambda photo: prepare(photo, divide=256.0), "Divide by 255"),
        (lambda photo: prepare(photo, divide=255.0**2), "Divide by 255"),
        (lambda photo: 2 * prepare(photo) - 1, "should stay 0"),
        (lambda photo: prepare(photo, sides=(64, 64)), "don't squash"),
        (lambda photo: prepare(photo, crop_first=True), "only a detail"),
        (lambda photo: prepare(photo).flip(3), "neither mirrored"),
        (lambda photo: prepare(photo).transpose(2, 3), "neither mirrored"),
        (lambda photo: prepare(photo).flip(1), "another order"),
        (lambda photo: prepare_by_pil(photo.flip(1)).flip(2).roll(20, 3), "neither mirrored"),
    ],
    "04-8": [
        (..., "no answer yet"),
        (lambda pictures, labels: labels, "should return a function"),
        (blind, "A brick can do that"),
        (random_logits, "argmax"),
        (lambda pictures, labels: lambda asked: torch.arange(len(asked)) % 3, "under the lamp; it"),
        (lambda pictures, labels: lambda asked: [0, 1, 2], "60 answers"),
        (lambda pictures, labels: lambda asked: [1, 2, 3] * 20, "0, 1 or 2"),
        (lambda pictures, labels: lambda asked: "animal", "whole numbers"),
    ],
}

# Right answers, each in a style of its own.
RIGHT = {
    "04-1": [(7, 18), [np.int64(7), np.int64(18)], torch.tensor([7, 18]), (7.0, 18.0)],
    "04-2": [counts_by_suffix, counts_by_loop, lambda root: dict(counts_by_loop(root))],
    "04-3": [FromTable, FromTwoLists, InMemory],
    "04-4": [lamps, lamps_one_by_one, lamps_in_double],
    "04-5": [pad, pad_with_functional, pad_with_v2],
    "04-6": [with_numpy, with_tensors, begins_at(float("inf"))],
    "04-7": [prepare, prepare_by_pil, prepare_by_interpolation, prepare_by_compose],
    "04-8": [by_mean_colour, nearest(8, outline=False), nearest(8, outline=True)],
}

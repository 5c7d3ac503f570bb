"""Train the shipped networks on the digits' first 1,437 scans and write `data/*.npz`.

Run `python -m workloads.train [NETWORK...]` after `pip install 'harness[train]'`. It prints the
accuracy on the 360 scans that training never saw. Weights are written as fp16 in the layouts that
the graphs use: convolutions (K, R, S, C), matrices (neurons, inputs) in NHWC order.
"""

from __future__ import annotations

import sys

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

from workloads.digits import DATA, TRAINING_SCANS, upscale

EPOCHS = {"lenet5": 20, "minerva": 60, "cnn10": 12}
SEED = 1797


class Lenet5(nn.Module):
    """conv32 3x3, conv32 3x3 (both valid), max pool 2, 128, 10; no biases."""

    image_size, channels = 28, 1

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(1, 32, 3, bias=False)
        self.conv1 = nn.Conv2d(32, 32, 3, bias=False)
        self.fc0 = nn.Linear(4608, 128, bias=False)
        self.fc1 = nn.Linear(128, 10, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (N, 10) for images (N, 1, 28, 28)."""
        x = functional.relu(self.conv1(functional.relu(self.conv0(x))))
        x = functional.max_pool2d(x, 2).permute(0, 2, 3, 1).flatten(1)
        return self.fc1(functional.relu(self.fc0(functional.dropout(x, 0.3, self.training))))


class Minerva(nn.Module):
    """784-256-256-256-10; no biases."""

    image_size, channels = 28, 1

    def __init__(self) -> None:
        super().__init__()
        sizes = (784, 256, 256, 256, 10)
        for index in range(4):
            layer = nn.Linear(sizes[index], sizes[index + 1], bias=False)
            self.add_module(f"fc{index}", layer)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (N, 10) for images (N, 1, 28, 28)."""
        x = x.flatten(1)
        for index in range(3):
            x = functional.relu(self.get_submodule(f"fc{index}")(x))
        return self.get_submodule("fc3")(x)


class Cnn10(nn.Module):
    """conv32, BN, conv32, pool, BN, conv64, conv64, pool, BN, 512, 10 (3x3 same); no biases."""

    image_size, channels = 32, 3

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 32, 64, 64)
        for index in range(4):
            layer = nn.Conv2d(widths[index], widths[index + 1], 3, padding=1, bias=False)
            self.add_module(f"conv{index}", layer)
        for index, width in enumerate((32, 32, 64)):
            self.add_module(f"bn{index}", nn.BatchNorm2d(width, eps=1e-3))
        self.fc0 = nn.Linear(4096, 512, bias=False)
        self.fc1 = nn.Linear(512, 10, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (N, 10) for images (N, 3, 32, 32)."""
        conv = [self.get_submodule(f"conv{index}") for index in range(4)]
        norm = [self.get_submodule(f"bn{index}") for index in range(3)]
        x = norm[0](functional.relu(conv[0](x)))
        x = norm[1](functional.max_pool2d(functional.relu(conv[1](x)), 2))
        x = functional.relu(conv[3](functional.relu(conv[2](x))))
        x = norm[2](functional.max_pool2d(x, 2)).permute(0, 2, 3, 1).flatten(1)
        return self.fc1(functional.relu(self.fc0(functional.dropout(x, 0.3, self.training))))


NETWORKS: dict[str, type[Lenet5 | Minerva | Cnn10]] = {
    "lenet5": Lenet5,
    "minerva": Minerva,
    "cnn10": Cnn10,
}


def _augment(images: torch.Tensor) -> torch.Tensor:
    shift = torch.randint(-1, 2, (2,))
    noisy = images + 0.05 * torch.randn_like(images)
    return torch.roll(noisy, tuple(shift.tolist()), (2, 3))


def _images(scans: np.ndarray, network: type[Lenet5 | Minerva | Cnn10]) -> torch.Tensor:
    images = torch.from_numpy(upscale(scans, network.image_size).astype(np.float32))
    return images[:, None].repeat(1, network.channels, 1, 1)


def _train(model: nn.Module, images: torch.Tensor, labels: torch.Tensor, epochs: int) -> None:
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    steps = epochs * -(-len(images) // 64)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    model.train()
    for epoch in range(epochs):
        for batch in torch.randperm(len(images)).split(64):
            loss = functional.cross_entropy(model(_augment(images[batch])), labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        print(f"  epoch {epoch + 1}/{epochs}: loss {loss.item():.4f}", flush=True)
    model.eval()


def _export(model: nn.Module) -> dict[str, np.ndarray]:
    weights = {}
    for name, tensor in model.state_dict().items():
        array = tensor.numpy()
        if array.ndim == 0:
            continue
        if array.ndim == 4:
            array = array.transpose(0, 2, 3, 1)
        weights[name] = np.ascontiguousarray(array.astype(np.float16))
    return weights


def _accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    with torch.no_grad():
        return float((model(images).argmax(1) == labels).float().mean())


def main(names: list[str]) -> None:
    """Train the named networks, or all."""
    digits = load_digits()
    scans, labels = digits.images.astype(np.uint8), digits.target.astype(np.uint8)
    np.savez_compressed(
        DATA / "digits_test.npz", scans=scans[TRAINING_SCANS:], labels=labels[TRAINING_SCANS:]
    )
    targets = torch.from_numpy(labels.astype(np.int64))
    for name in names or NETWORKS:
        torch.manual_seed(SEED)
        network = NETWORKS[name]
        model, images = network(), _images(scans, network)
        print(f"{name}: {sum(p.numel() for p in model.parameters())} parameters", flush=True)
        _train(model, images[:TRAINING_SCANS], targets[:TRAINING_SCANS], EPOCHS[name])
        accuracy = _accuracy(model, images[TRAINING_SCANS:], targets[TRAINING_SCANS:])
        print(f"{name}: accuracy on scans that training never saw: {accuracy:.4f}", flush=True)
        np.savez(DATA / f"{name}.npz", allow_pickle=False, **_export(model))


if __name__ == "__main__":
    main(sys.argv[1:])

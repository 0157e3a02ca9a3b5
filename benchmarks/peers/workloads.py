"""The three workloads every peer and gomtl train: same shapes, same tasks, same data law.

Data is random: only the time of a step is measured, so the values matter as little as they do on a lap timer.
"""

from dataclasses import dataclass

import numpy as np

LEARNING_RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-7


@dataclass(frozen=True)
class Task:
    """kind is "regression" (one value), "classification" or "pixels" (a class for each pixel)."""

    kind: str
    classes: int = 1


@dataclass(frozen=True)
class Workload:
    name: str
    batch: int
    examples: int
    inputs: tuple  # shape of one example
    hidden: tuple  # widths of the shared layers
    tasks: tuple
    chunk: int  # steps in one timed chunk
    parameters: int  # what the model must have, as a check

    @property
    def convolutional(self):
        return len(self.inputs) == 3

    def data(self, seed=1):
        """Returns x [examples, *inputs] and a list with one label array a task."""
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((self.examples, *self.inputs), dtype=np.float32)
        labels = []
        for task in self.tasks:
            if task.kind == "regression":
                labels.append(rng.standard_normal((self.examples, 1), dtype=np.float32))
            else:
                shape = (self.examples, *self.inputs[:2]) if task.kind == "pixels" else (self.examples,)
                labels.append(rng.integers(0, task.classes, shape, dtype=np.int32))
        return x, labels

    def indices(self, seed=2):
        """Yields one batch of example indices [batch] for ever: a fresh permutation an epoch."""
        rng = np.random.default_rng(seed)
        while True:
            order = rng.permutation(self.examples).astype(np.int32)
            yield from order.reshape(-1, self.batch)


WORKLOADS = {
    w.name: w
    for w in (
        Workload("w1", 64, 1024, (32, 32, 3), (32, 32, 64),
                 (Task("classification", 10), Task("pixels", 10)), 8, 29_940),
        Workload("w2", 512, 16_384, (256,), (512, 512, 512),
                 (Task("regression"),) * 4 + (Task("classification", 10),) * 4, 64, 679_468),
        Workload("w3", 32, 4096, (64,), (64,),
                 (Task("regression"), Task("classification", 10)), 1024, 4_875),
    )
}

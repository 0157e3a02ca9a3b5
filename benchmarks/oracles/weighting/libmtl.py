"""LibMTL's weightings on the CPU, in float64, on any gradients: its own code, imported from a checkout ($LIBMTL), nothing copied.

What it needs to run at all without a GPU and with today's NumPy and PyTorch is put in place at import time: packages that
skip its trainer (which wants torch_geometric), torch.symeig and numpy.alltrue, both removed upstream.
"""

import importlib
import os
import sys
import types

import numpy as np
import torch

SOURCE = "LibMTL 4336804"


def load():
    root = os.environ.get("LIBMTL")
    if not root:
        sys.exit("set LIBMTL to a checkout of github.com/median-research-group/LibMTL, commit 4336804")
    for name in ("LibMTL", "LibMTL.architecture"):
        package = types.ModuleType(name)
        package.__path__ = [os.path.join(root, *name.split("."))]
        sys.modules[name] = package
    torch.symeig = lambda m, eigenvectors: torch.linalg.eigh(m)
    np.alltrue = np.all
    torch.set_default_dtype(torch.float64)
    return importlib.import_module("LibMTL.weighting")


weighting = load()


class Encoder(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.theta = torch.nn.Parameter(torch.zeros(size))


def linear(method, tasks, size):
    """A method of LibMTL on a model whose task losses have given values and gradients: L_t + g_t·θ at θ = 0."""

    class Model(weighting.__dict__[method]):
        def __init__(self):
            super().__init__()
            self.task_num, self.task_name, self.device, self.rep_grad = tasks, list(range(tasks)), torch.device("cpu"), False
            self.encoder, self.decoders = Encoder(size), {}

        def get_share_params(self):
            return self.encoder.parameters()

        def zero_grad_share_params(self):
            self.encoder.zero_grad(set_to_none=False)

        def combine(self, jacobian, losses, **options):
            """Weights as the method returns them (None where it does not) and the gradient it leaves; 3-D jacobian: one a batch."""
            self.encoder.zero_grad(set_to_none=False)
            jacobian, losses = torch.as_tensor(np.asarray(jacobian)), torch.as_tensor(np.asarray(losses))
            returned = self.backward(losses + jacobian @ self.encoder.theta, **options)
            return returned, self.encoder.theta.grad.numpy().copy()

    model = Model()
    model.init_param()
    return model


def network(method, encoder, decoders):
    """A method of LibMTL on its own hard-sharing architecture with these modules; encoder and decoders keep their parameters."""
    sharing = importlib.import_module("LibMTL.architecture.HPS").HPS

    class Model(sharing, weighting.__dict__[method]):
        pass

    model = Model(list(decoders), lambda: encoder, torch.nn.ModuleDict(decoders), False, False, torch.device("cpu"))
    model.init_param()
    return model

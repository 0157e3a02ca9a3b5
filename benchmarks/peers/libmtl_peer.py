"""LibMTL at commit 4336804: its weightings and its hard sharing, without its trainer, which wants a GPU; $LIBMTL is a checkout.

The heads' gradients are what each method makes of them. Losses are a tensor and gradients are zeroed in place, as in its trainer.
"""

import sys
from importlib import import_module
from pathlib import Path

import torch
from torch import nn

import torch_methods

sys.path.append(str(Path(__file__).parent.parent / "oracles" / "weighting"))
weighting = import_module("libmtl").weighting  # lets it run on the CPU, and in float64, which is not for a race
torch.set_default_dtype(torch.float32)
HPS = import_module("LibMTL.architecture.HPS").HPS


AbsWeighting = import_module("LibMTL.weighting.abstract_weighting").AbsWeighting


class Gramian(AbsWeighting):
    def backward(self, losses):
        found = self._get_grads(losses)
        per_example, rows = found if self.rep_grad else (None, found)
        self._backward_new_grads(torch_methods.gramian(rows @ rows.T), per_example, rows)


# Classes and the options that LibMTL's command line gives them.
METHODS = {
    "equal": (weighting.EW, {}),
    "gramian": (Gramian, {}),
    "representation": (Gramian, {}),
    "mgda": (weighting.MGDA, {"mgda_gn": "none"}),
    "pcgrad": (weighting.PCGrad, {}),
    "upgrad": (weighting.UPGrad, {"UPGrad_norm_eps": 1e-4, "UPGrad_reg_eps": 1e-4}),
    "cagrad": (weighting.CAGrad, {"calpha": 0.5, "rescale": 1}),
    "nash": (weighting.Nash_MTL, {"update_weights_every": 1, "optim_niter": 20, "max_norm": 1.0}),
}


def make_step(method):
    return make_step_of(*METHODS[method], method == "representation")


def make_step_of(cls, options, representation=False):
    class Model(HPS, cls):
        pass

    def build(trunk, heads):
        for module in (trunk, *heads):  # it takes views of gradients
            module.to(memory_format=torch.contiguous_format)
            for p in module.parameters():
                p.register_hook(torch.Tensor.contiguous)
        names = [str(t) for t in range(len(heads))]
        model = Model(names, lambda: trunk, nn.ModuleDict(zip(names, heads)), representation, False, torch.device("cpu"))
        model.init_param()

        def step(x, losses_of):
            losses = torch.stack(losses_of(model(x).values()))
            model.backward(losses, **options)
            return losses.detach()

        return step

    return build


def run(w, form, chunks, method="equal"):
    torch_methods.run(w, form, chunks, "libmtl", method, False, make_step(method), LibMTL="4336804")


def versions():
    return {"LibMTL": "4336804", "torch": torch.__version__}

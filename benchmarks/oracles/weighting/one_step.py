"""Writes one_step.json: the gradients with which one step of SGD updates a small MLP and a small convolutional network.

By TorchJD's mtl_backward and by LibMTL's backward, on the same weights and batch; "off" says how far the peer's own solver was from the exact weights.
"""

import contextlib
import copy
import io
import warnings

import exact
import libmtl
import numpy as np
import torch
import torch.nn.functional as F
from exact import Gram
from orders import fixed_orders
from store import plain, write
from torch import nn
from torchjd import aggregation as jd
from torchjd import scalarization
from torchjd.autojac import jac_to_grad, mtl_backward

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
TORCHJD = "TorchJD 0.18.0"
rng = np.random.default_rng(21)
cases = []


def rounded(*shape, scale=1.0):
    """Numbers that float32 holds exactly."""
    return np.round(rng.normal(0, scale, shape) * 256) / 256


class Dense(nn.Module):
    """kernel [in, out], bias [out], as in gomtl; torch has [out, in]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.kernel = nn.Parameter(torch.tensor(rounded(inputs, outputs, scale=0.7)))
        self.bias = nn.Parameter(torch.tensor(rounded(outputs, scale=0.3)))

    def forward(self, x):
        return F.linear(x, self.kernel.T, self.bias)


class Conv(nn.Module):
    """No padding; images [batch, height, width, channels], kernel [height, width, in, out]; torch has [out, in, height, width]."""

    def __init__(self, size, inputs, outputs, stride):
        super().__init__()
        self.stride = stride
        self.kernel = nn.Parameter(torch.tensor(rounded(size, size, inputs, outputs, scale=0.5)))
        self.bias = nn.Parameter(torch.tensor(rounded(outputs, scale=0.3)))

    def forward(self, x):
        return F.conv2d(x.permute(0, 3, 1, 2), self.kernel.permute(3, 2, 0, 1), self.bias, self.stride).permute(0, 2, 3, 1)


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(dim=(1, 2))


def squared_error(prediction, label):
    return F.mse_loss(prediction[:, 0], label)


class Net:
    def __init__(self, name, layers, encoder, heads, inputs, labels):
        self.name, self.layers, self.inputs, self.labels = name, layers, torch.tensor(inputs), {k: torch.tensor(v) for k, v in labels.items()}
        self.kept = encoder, nn.ModuleDict(heads)
        self.tasks = list(heads)
        self.preference = np.array([0.5, 0.2, 0.3])[: len(heads)] / np.array([0.5, 0.2, 0.3])[: len(heads)].sum()
        self.jacobian, self.losses, _ = self.gradients_by_task()
        self.gram = Gram(self.jacobian)

    def modules(self):
        encoder, heads = copy.deepcopy(self.kept)
        for p in [*encoder.parameters(), *heads.parameters()]:
            p.register_hook(torch.Tensor.contiguous)  # LibMTL takes views of gradients
        return encoder, heads

    def task_losses(self, predictions, rows=slice(None)):
        measure = {"kind": F.cross_entropy}
        return torch.stack([measure.get(t, squared_error)(predictions[t], self.labels[t][rows]) for t in self.tasks])

    def gradients_by_task(self):
        encoder, heads = self.modules()
        features = encoder(self.inputs)
        losses = self.task_losses({t: heads[t](features) for t in self.tasks})
        rows = [torch.autograd.grad(loss, list(encoder.parameters()), retain_graph=True) for loss in losses]
        at_features = [torch.autograd.grad(loss, features, retain_graph=True)[0].flatten() for loss in losses]
        return np.array([torch.cat([g.flatten() for g in row]).tolist() for row in rows]), losses.detach(), torch.stack(at_features).numpy()

    def describe(self):
        encoder, heads = self.kept
        values = {**{f"shared/{k}": v for k, v in encoder.named_parameters()}, **{f"{t}/{k}": v for t in self.tasks for k, v in heads[t].named_parameters()}}
        return {"layers": self.layers, "tasks": self.tasks, "inputs": self.inputs, "labels": self.labels, "weights": values, "losses": self.losses,
                "preference": self.preference}

    def record(self, method, params, source, heads_get, encoder, heads, weights=None, wanted=None, **extra):
        gradients = {**{f"shared/{k}": v.grad for k, v in encoder.named_parameters()},
                     **{f"{t}/{k}": v.grad for t in self.tasks for k, v in heads[t].named_parameters()}}
        record = {"net": self.name, "method": method, "params": params, "source": source, "heads": heads_get, **extra}
        if weights is not None:
            record["weights"] = weights
        if wanted is not None:
            found = torch.cat([p.grad.flatten() for p in encoder.parameters()]).numpy()
            wanted = np.array(plain(self.gram.direction(wanted)))
            record["off"] = float(f"{np.linalg.norm(found - wanted) / np.linalg.norm(wanted):.1e}")
        cases.append(record | {"gradients": gradients})

    def torchjd(self, method, params, aggregator, wanted=None):
        encoder, heads = self.modules()
        features = encoder(self.inputs)
        losses = self.task_losses({t: heads[t](features) for t in self.tasks})
        shared = list(encoder.parameters())
        mtl_backward(list(losses), features=features, shared_params=shared, tasks_params=[list(heads[t].parameters()) for t in self.tasks],
                     retain_graph=True)
        weights = jac_to_grad(shared, aggregator)
        self.record(method, params, TORCHJD, "raw", encoder, heads, weights, wanted)

    def scalarized(self, method, params, scalarizer, source=TORCHJD, **extra):
        encoder, heads = self.modules()
        features = encoder(self.inputs)
        losses = self.task_losses({t: heads[t](features) for t in self.tasks})
        scalarizer(losses).backward()
        values = losses.detach().requires_grad_()
        (weights,) = torch.autograd.grad(scalarizer(values), values)
        self.record(method, params, source, "weighted", encoder, heads, weights, **extra)

    def libmtl(self, method, name, params, heads_get, wanted=None, prepare=None, batches=1, **options):
        encoder, heads = self.modules()
        model = libmtl.network(method, encoder, dict(heads.items()))
        if prepare:
            prepare(model)
        size = len(self.inputs) // batches
        parts = [slice(i * size, (i + 1) * size) for i in range(batches)]
        losses = torch.stack([self.task_losses(model(self.inputs[p]), p) for p in parts]).squeeze(0)
        model.zero_grad(set_to_none=False)
        for p in model.parameters():
            p.grad = torch.zeros_like(p)  # as after an optimiser's zero_grad(set_to_none=False)
        with contextlib.redirect_stdout(io.StringIO()):
            weights = model.backward(losses, **options)
        extra = {"s_gradient": model.loss_scale.grad} if hasattr(model, "loss_scale") else {}
        if weights is not None:
            extra["returned"] = weights
        self.record(name, params, libmtl.SOURCE, heads_get, encoder, heads, None, wanted, **extra)

    def on_features(self, method, params, weigh):
        """Gradients at the representation of the whole batch ("-UB"), weights exact, backward by torch, both head policies."""
        w = [float(v) for v in weigh(Gram(self.gradients_by_task()[2]))]
        for heads_get in ("raw", "weighted"):
            encoder, heads = self.modules()
            features = encoder(self.inputs)
            losses = self.task_losses({t: heads[t](features) for t in self.tasks})
            (torch.tensor(w) * losses).sum().backward()
            if heads_get == "raw":
                for p, weight in ((p, weight) for t, weight in zip(self.tasks, w) for p in heads[t].parameters()):
                    p.grad /= weight
            self.record(method, params, "exact", heads_get, encoder, heads, w, target="representation")


def uniforms(net, encoder):
    """Random numbers for each shared variable, and in the order in which TorchJD wants them."""
    values = {f"shared/{k}": np.round(rng.random(tuple(v.shape)), 4) for k, v in encoder.named_parameters()}
    return values, np.concatenate([v.flatten() for v in values.values()])


def run(net):
    n, g, p = len(net.tasks), net.gram, net.preference
    orders = [list(range(n))] * n
    vector = torch.tensor(p)
    normals = np.round(rng.normal(size=n), 3)

    # TorchJD, aggregators
    net.torchjd("Equal", {"mean": False}, jd.Sum())
    net.torchjd("Equal", {"mean": True}, jd.Mean())
    net.torchjd("Fixed", {"weights": p}, jd.Constant(vector))
    net.torchjd("MGDA", {"normalize": "none"}, jd.MGDA(1e-9, 100000), exact.mgda(g))
    fixed_orders(orders, lambda: net.torchjd("PCGrad", {"order": orders[0]}, jd.PCGrad(), exact.pcgrad(g, orders)))
    fixed_orders(orders, lambda: net.torchjd("GradVac", {"order": orders[0], "beta": 0.5, "eps": 1e-8}, jd.GradVac()))
    net.torchjd("IMTLG", {}, jd.IMTLG(), exact.imtl_g(g))
    for c in (0.4, 0.5, 1.0):
        net.torchjd("CAGrad", {"c": c, "rescale": 0}, jd.CAGrad(c), exact.cagrad(g, c)[0])
    alpha = exact.fair(g, 1)
    length = exact.mp.sqrt(exact.mp.fsum(v * v for v in g.direction(alpha)))
    clipped = [a * min(1, 1 / length) for a in alpha]
    net.torchjd("NashMTL", {"max_norm": 1}, jd.NashMTL(n), clipped)
    for a in (0.5, 1.0, 2.0):
        net.torchjd("FairGrad", {"alpha": a}, jd.FairGrad(a), exact.fair(g, a))
    for mode in ("min", "median", "rmse"):
        net.torchjd("AlignedMTL", {"mode": mode}, jd.AlignedMTL(scale_mode=mode), exact.aligned(g, mode))
    net.torchjd("AlignedMTL", {"mode": "min", "preference": p}, jd.AlignedMTL(vector), exact.aligned(g, "min", p))
    for preference in (None, vector):
        params = {"ridge": 1e-4} | ({} if preference is None else {"preference": p})
        own = None if preference is None else p.tolist()
        net.torchjd("UPGrad", params, jd.UPGrad(preference), exact.upgrad(g, 1e-4, own))
        net.torchjd("DualProj", params, jd.DualProj(preference), exact.dual_proj(g, 1e-4, own))
        params = {} if preference is None else {"preference": p}
        net.torchjd("ConFIG", params, jd.ConFIG(preference), exact.config(g, own))
    if n > 2:
        net.torchjd("Krum", {"byzantine": 0, "selected": 2}, jd.Krum(0, 2), exact.krum(g, 0, 2)[0])
        net.torchjd("TrimmedMean", {"trim": 1}, jd.TrimmedMean(1))
    for tau in (0.02, 0.3):
        net.torchjd("PCD", {"tau": tau, "beta": 0.999, "eps": 1e-8}, jd.PCD(tau))
    net.torchjd("ExcessMTL", {"rate": 1.0, "warmup_steps": 0, "sum": 1}, jd.ExcessMTL())
    values, flat = uniforms(net, net.kept[0])
    kept = torch.rand, torch.randn
    torch.rand = lambda *_, **__: torch.tensor(flat)
    for leak in (None, p):
        net.torchjd("GradDrop", {"leak": np.zeros(n) if leak is None else leak, "uniforms": values}, jd.GradDrop(leak=None if leak is None else vector))
    torch.randn = lambda *_, **__: torch.tensor(normals)
    net.torchjd("Random", {"normals": normals}, jd.Random())

    # TorchJD, scalarizers: heads get what Σ w L gives them
    net.scalarized("RLW", {"normals": normals}, scalarization.Random())
    net.libmtl("RLW", "RLW", {"normals": normals}, "weighted")
    torch.rand, torch.randn = kept
    half = scalarization.UW(n)
    net.scalarized("Uncertainty", {"s": np.zeros(n), "half": True}, half, s_gradient=(1 - net.losses) / 2)
    net.scalarized("IMTLL", {"s": np.zeros(n)}, scalarization.IMTLL(n), s_gradient=net.losses - 1)
    net.scalarized("GLS", {}, scalarization.GeometricMean())
    net.scalarized("ScaleInvariant", {"offset": 0}, lambda v: v.log().sum(), "formula")
    net.scalarized("STCH", {"mu": 0.1, "weights": p, "reference": None}, scalarization.STCH(0.1, vector))
    net.scalarized("FAMO", {"minimum": np.zeros(n)}, scalarization.FAMO(n))
    net.scalarized("PBI", {"theta": 5, "weights": p, "reference": None}, scalarization.PBI(5.0, vector))
    net.scalarized("COSMOS", {"lambda": 2, "weights": p}, scalarization.COSMOS(2.0, vector))

    # LibMTL
    net.libmtl("EW", "Equal", {"mean": False}, "weighted")
    net.libmtl("UW", "Uncertainty", {"s": np.full(n, -0.5), "half": True}, "weighted")
    net.libmtl("GLS", "GLS", {}, "weighted")
    net.libmtl("FAMO", "FAMO", {"minimum": np.zeros(n)}, "weighted", FAMO_w_lr=0.025, FAMO_w_gamma=1e-3)

    def epochs(model, epoch=2, buffer=None):
        model.epoch, model.train_loss_buffer = epoch, buffer

    means = np.round(plain(net.losses) * rng.uniform(0.7, 1.4, (2, n)), 4)
    net.libmtl("DWA", "DWA", {"temperature": 2, "before": means[0], "last": means[1]}, "weighted", prepare=lambda m: epochs(m, 2, means.T), T=2.0)

    def nadir(model):
        model.epoch, model.nadir_vector = 9, torch.tensor(means[0])

    net.libmtl("STCH", "STCHLogNadir", {"mu": 1, "nadir": means[0]}, "weighted", prepare=nadir, STCH_mu=1.0, STCH_warmup_epoch=4)
    net.libmtl("GradNorm", "GradNorm", {"alpha": 1.5, "first_losses": means[0]}, "raw", prepare=lambda m: epochs(m, 1, means[:1].T), alpha=1.5)
    norms, losses = [float(v) for v in g.norms], net.losses.tolist()
    for kind, d in {"none": [1.0] * n, "l2": norms, "loss": losses, "loss+": [a * b for a, b in zip(losses, norms)]}.items():
        wanted = [a / b for a, b in zip(exact.mgda(g, d), d)]
        net.libmtl("MGDA", "MGDA", {"normalize": kind}, "raw", wanted, mgda_gn=kind)
    fixed_orders(orders, lambda: net.libmtl("PCGrad", "PCGrad", {"order": orders[0]}, "raw", exact.pcgrad(g, orders)))
    fixed_orders(orders, lambda: net.libmtl("GradVac", "GradVac", {"order": orders[0], "beta": 0.5, "eps": 1e-8}, "raw", GradVac_beta=0.5, GradVac_group_type=0))
    scale = np.array([0.2, -0.1, 0.3])[:n]

    def scaled(model):
        with torch.no_grad():
            model.loss_scale.copy_(torch.tensor(scale))

    inner = exact.imtl_g(Gram(net.jacobian * np.exp(scale)[:, None]))
    net.libmtl("IMTL", "IMTL", {"s": scale}, "raw, times exp(s)", [a * float(b) for a, b in zip(inner, np.exp(scale))], scaled)
    for rescale in (0, 1, 2):
        weights = [v / (1, 1.25, 1.5)[rescale] for v in exact.cagrad(g, 0.5)[0]]
        net.libmtl("CAGrad", "CAGrad", {"c": 0.5, "rescale": rescale}, "raw", weights, calpha=0.5, rescale=rescale)
    net.libmtl("Nash_MTL", "NashMTL", {"max_norm": 1}, "weighted by alpha, not clipped", clipped, update_weights_every=1, optim_niter=20, max_norm=1.0)
    net.libmtl("FairGrad", "FairGrad", {"alpha": 1}, "weighted", exact.fair(g, 1), FairGrad_alpha=1.0)
    net.libmtl("Aligned_MTL", "AlignedMTL", {"mode": "min", "preference": np.ones(n)}, "raw", exact.aligned(g, "min", [1.0] * n))
    net.libmtl("UPGrad", "UPGrad", {"ridge": 1e-4}, "raw", exact.upgrad(g, 1e-4), UPGrad_norm_eps=1e-4, UPGrad_reg_eps=1e-4)
    net.libmtl("MoCo", "MoCo", {"beta": 0.5, "beta_sigma": 0.5, "gamma": 0.1, "gamma_sigma": 0.5, "rho": 0}, "raw",
               MoCo_beta=0.5, MoCo_beta_sigma=0.5, MoCo_gamma=0.1, MoCo_gamma_sigma=0.5, MoCo_rho=0)
    net.libmtl("DB_MTL", "DBMTL", {"beta": 0.9, "decay": 0}, "raw, of log(L + 1e-8)", DB_beta=0.9, DB_beta_sigma=0)
    net.libmtl("ExcessMTL", "ExcessMTL", {"rate": 0.01}, "weighted", robust_step_size=0.01)
    net.libmtl("MoDo", "MoDo", {"gamma": 1e-3, "rho": 0.1, "batches": 3}, "raw, mean of the batches", batches=3, MoDo_gamma=1e-3, MoDo_rho=0.1)
    net.libmtl("SDMGrad", "SDMGrad", {"lambda": 0.3, "rate": 5, "batches": 3}, "raw, sum of the batches", batches=3, SDMGrad_lamda=0.3, SDMGrad_niter=20)

    for method, weigh in {"MGDA": exact.mgda, "IMTLG": exact.imtl_g, "UPGrad": lambda g: exact.upgrad(g, 1e-4),
                          "AlignedMTL": lambda g: exact.aligned(g, "min"), "CAGrad": lambda g: exact.cagrad(g, 0.5)[0]}.items():
        net.on_features(method, {"MGDA": {"normalize": "none"}, "UPGrad": {"ridge": 1e-4}, "AlignedMTL": {"mode": "min"},
                                 "CAGrad": {"c": 0.5, "rescale": 0}}.get(method, {}), weigh)


def labels(rows):
    return {"first": rounded(rows), "kind": rng.integers(0, 3, rows), "second": rounded(rows, scale=1.5)}


batch = labels(6)
mlp = Net("mlp", ["dense [4, 5]", "tanh", "dense [5, 3]", "tanh", "heads: dense [3, values]"],
          nn.Sequential(Dense(4, 5), nn.Tanh(), Dense(5, 3), nn.Tanh()), {"first": Dense(3, 1), "second": Dense(3, 1), "kind": Dense(3, 3)},
          rounded(6, 4), batch)
batch = labels(6)
conv = Net("conv", ["conv [2, 2, 2, 3], stride 1, no padding", "tanh", "conv [2, 2, 3, 4], stride 2, no padding", "tanh",
                    "mean over height and width", "heads: dense [4, values]"],
           nn.Sequential(Conv(2, 2, 3, 1), nn.Tanh(), Conv(2, 3, 4, 2), nn.Tanh(), Mean()), {"first": Dense(4, 1), "kind": Dense(4, 3)},
           rounded(6, 5, 5, 2), {k: batch[k] for k in ("first", "kind")})
for net in (mlp, conv):
    run(net)

ABOUT = {"source": "benchmarks/oracles/weighting/one_step.py", "torchjd": "0.18.0", "libmtl": "4336804847eaa5e0b924b743d76beec7ac3fdc97",
         "fields": "benchmarks/oracles/weighting/README.md",
         "layout": "dense kernels [in, out], images [batch, height, width, channels], convolution kernels [height, width, in, out] (torch has [out, in], "
                   "NCHW and [out, in, height, width]); shared/0 and shared/2 are the two layers of the trunk",
         "losses": "kind: mean softmax cross-entropy on class numbers; the others: mean squared error",
         "nets": {net.name: net.describe() for net in (mlp, conv)}}
write("one_step.json", ABOUT, cases)
for c in cases:
    if c.get("off", 0) > 1e-7:
        print(c["net"], c["method"], plain(c["params"]), c["source"], c["off"])

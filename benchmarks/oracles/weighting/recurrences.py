"""Writes recurrences.json: six steps of every method with memory, on given gradients and losses, and what it remembers.

By TorchJD where it has the method, else by LibMTL's own code on losses with given values and gradients (libmtl.linear). Beside each stands a second
computation, from the paper's formula by NumPy or exact.py; the script stops where the two differ by more than the peer's own solver allows.
"""

import contextlib
import io
import warnings

import exact
import libmtl
import mpmath as mp
import numpy as np
import torch
from exact import Gram
from orders import fixed_orders
from store import plain, write
from torchjd import aggregation as jd
from torchjd import scalarization

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
TORCHJD, STEPS = "TorchJD 0.18.0", 6
rng = np.random.default_rng(12)
cases = []


def sequence(tasks, size):
    """Gradients that drift, with losses that fall; three batches a step for the methods that want them."""
    start = rng.integers(-16, 17, (tasks, size)) / 8
    jacobians = start + rng.integers(-8, 9, (STEPS, tasks, size)) / 8
    batches = jacobians[:, None] + rng.integers(-4, 5, (STEPS, 3, tasks, size)) / 8
    losses = np.round(rng.uniform(0.5, 4, tasks) * 0.85 ** np.arange(STEPS)[:, None] * rng.uniform(0.8, 1.2, (STEPS, tasks)), 4)
    after = np.round(losses * rng.uniform(0.8, 1.02, (STEPS, tasks)), 4)
    return {"jacobians": jacobians, "batches": batches, "losses": losses, "losses_after": after}


SEQUENCES = {"three": sequence(3, 4), "two": sequence(2, 5), "five": sequence(5, 6)}


def near(a, b, what, tolerance=1e-9):
    a, b = np.asarray(plain(a), float), np.asarray(plain(b), float)
    if not np.allclose(a, b, rtol=tolerance, atol=tolerance * np.abs(b).max()):
        raise AssertionError(f"{what}: {a} is not {b}")


def add(method, params, name, source, steps, check, tolerance=1e-9):
    """steps and check: a list with a dictionary a step; check has some of the keys."""
    for i, (step, other) in enumerate(zip(steps, check, strict=True)):
        for key in other:
            near(step[key], other[key], (method, params, name, i, key), tolerance)
    cases.append({"method": method, "params": params, "sequence": name, "source": source, "steps": steps})


def softmax(v):
    e = np.exp(v - np.max(v))
    return e / e.sum()


def on_simplex(v):
    """Euclidean projection by bisection on the shift."""
    low, high = v.min() - 1, v.max()
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(v - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(v - low, 0)


def grad_norm(name, alpha, rate=0.1):
    s, tasks = SEQUENCES[name], len(SEQUENCES[name]["losses"][0])
    model = libmtl.linear("GradNorm", tasks, s["jacobians"].shape[2])
    model.epoch, model.train_loss_buffer = 1, s["losses"][:1].T
    steps, check, scale = [], [], np.ones(tasks)
    for j, losses in zip(s["jacobians"], s["losses"]):
        model.loss_scale.grad = None
        weights, direction = model.combine(j, losses, alpha=alpha)
        slope = model.loss_scale.grad.numpy().copy()
        with torch.no_grad():
            model.loss_scale -= rate * model.loss_scale.grad
        steps.append({"weights": weights, "direction": direction, "scale_gradient": slope})
        w, norms = tasks * softmax(scale), np.linalg.norm(j, axis=1)
        ratio = losses / s["losses"][0]
        off = np.sign(w * norms - (w * norms).mean() * (ratio / ratio.mean()) ** alpha) * norms
        own = w * (off - (w * off).sum() / tasks)
        check.append({"weights": w, "direction": w @ j, "scale_gradient": own})
        scale = scale - rate * own
    add("GradNorm", {"alpha": alpha, "learning_rate": rate}, name, libmtl.SOURCE, steps, check)


def grad_vac(name, beta):
    s = SEQUENCES[name]
    tasks = s["jacobians"].shape[1]
    orders = [list(range(tasks))] * tasks
    steps, check, targets, peer = [], [], [[mp.mpf(0)] * tasks for _ in range(tasks)], jd.GradVacWeighting(beta, 0.0)
    for j in s["jacobians"]:
        gram = Gram(j)
        w = exact.gradvac(gram, orders, targets, beta)
        steps.append({"weights": w, "direction": gram.direction(w), "targets": [list(row) for row in targets]})
        found = fixed_orders(orders, lambda: peer(torch.tensor(j @ j.T)))
        check.append({"weights": found, "targets": peer._phi_t.clone()})
    add("GradVac", {"beta": beta, "eps": 0, "order": orders[0]}, name, "exact", steps, check)


def nash(name, every):
    s = SEQUENCES[name]
    steps, check, peer = [], [], jd.NashMTL(s["jacobians"].shape[1], 1.0, every)
    for i, j in enumerate(s["jacobians"]):
        gram = Gram(j)
        alpha = exact.fair(gram, 1) if i % every == 0 else alpha
        direction = gram.direction(alpha)
        length = mp.sqrt(mp.fsum(v * v for v in direction))
        steps.append({"weights": [v * min(1, 1 / length) for v in alpha], "direction": [v * min(1, 1 / length) for v in direction], "alpha": alpha})
        check.append({"weights": peer.weighting(torch.tensor(j))})
    add("NashMTL", {"max_norm": 1, "update_every": every}, name, "exact", steps, [{}] * STEPS)
    cases[-1]["peers"] = {TORCHJD: {"off_weights": [float(f"{np.abs(a - b).max() / np.abs(a).max():.1e}") for a, b in (
        (np.array(plain(s["weights"])), c["weights"].numpy()) for s, c in zip(steps, check))]}}


def moco(name, project=False, **changed):
    options = {"beta": 0.5, "beta_sigma": 0.5, "gamma": 0.1, "gamma_sigma": 0.5, "rho": 0} | changed
    s = SEQUENCES[name]
    tasks, size = s["jacobians"].shape[1:]
    model = libmtl.linear("MoCo", tasks, size)
    steps, check, y, w = [], [], np.zeros((tasks, size)), np.ones(tasks) / tasks
    for k, (j, losses) in enumerate(zip(s["jacobians"], s["losses"]), 1):
        scaled = j / (np.linalg.norm(j, axis=1, keepdims=True) + 1e-8) * losses[:, None]
        y = y - options["beta"] / k ** options["beta_sigma"] * (y - scaled)
        moved = w - options["gamma"] / k ** options["gamma_sigma"] * (y @ y.T + options["rho"] * np.eye(tasks)) @ w
        w = on_simplex(moved) if project else softmax(moved)
        own = {"weights": w, "direction": w @ y, "y": y.copy()}
        if project:
            steps.append(own)
        else:
            weights, direction = model.combine(j, losses, **{"MoCo_" + k: v for k, v in options.items()})
            steps.append({"weights": weights, "direction": direction, "y": model.y.numpy().copy()})
        check.append(own)
    add("MoCo", options | {"project": project}, name, "formula" if project else libmtl.SOURCE, steps, check)


def modo(name, gamma, rho, source):
    s = SEQUENCES[name]
    tasks, size = s["jacobians"].shape[1:]
    peer, model = jd.MoDoWeighting(gamma, rho), libmtl.linear("MoDo", tasks, size)
    steps, check, w = [], [], np.ones(tasks) / tasks
    for j, losses in zip(s["batches"], s["losses"]):
        if source == TORCHJD:
            weights = peer(torch.tensor(j[0] @ j[1].T)).numpy()
            direction = weights @ j[2]
        else:
            weights, direction = model.combine(j, np.stack([losses] * 3), MoDo_gamma=gamma, MoDo_rho=rho)
        steps.append({"weights": weights, "direction": direction})
        w = on_simplex(w - gamma * (j[0] @ j[1].T @ w + rho * w))
        check.append({"weights": w, "direction": w @ j[2]})
    add("MoDo", {"gamma": gamma, "rho": rho}, name, source, steps, check)


def sdmgrad(name, pull, rate, source):
    s = SEQUENCES[name]
    tasks, size = s["jacobians"].shape[1:]
    peer, model = jd.SDMGradWeighting(rate, lambda_=pull), libmtl.linear("SDMGrad", tasks, size)
    steps, check, w = [], [], np.ones(tasks) / tasks
    for j, losses in zip(s["batches"], s["losses"]):
        product = j[1] @ j[2].T
        a = product / (np.sqrt(np.maximum(np.diag(product), 0)).mean() ** 2 + 1e-8)
        velocity = np.zeros(tasks)
        for _ in range(20):
            velocity = 0.5 * velocity + a @ (w + pull / tasks)
            w = on_simplex(w - rate * velocity)
        own = (w + pull / tasks) / (1 + pull)
        check.append({"weights": own, "direction": own @ j[0], "simplex": w})
        if source == TORCHJD:
            weights = peer(torch.tensor(product)).numpy()
            steps.append({"weights": weights, "direction": weights @ j[0], "simplex": peer._w.numpy().copy()})
        else:
            _, direction = model.combine(j, np.stack([losses] * 3), SDMGrad_lamda=pull, SDMGrad_niter=20)
            inner = model.w.numpy().copy()
            steps.append({"weights": (inner + pull / tasks) / (1 + pull), "direction": direction, "simplex": inner})
    add("SDMGrad", {"lambda": pull, "rate": rate, "iterations": 20, "momentum": 0.5}, name, source, steps, check)


def excess(name, rate, warmup, source):
    s = SEQUENCES[name]
    tasks, size = s["jacobians"].shape[1:]
    peer, model = jd.ExcessMTLWeighting(rate, warmup), libmtl.linear("ExcessMTL", tasks, size)
    steps, check, sums, first, log = [], [], np.zeros((tasks, size)), None, np.zeros(tasks)
    total, seen = (1 if source == TORCHJD else tasks), []
    for k, (j, losses) in enumerate(zip(s["jacobians"], s["losses"])):
        sums = sums + j**2
        e = (j**2 / np.sqrt(sums + 1e-7)).sum(axis=1)
        if source == TORCHJD:  # with a warm-up e⁰ is its mean, without one the first step takes e itself
            seen.append(e)
            if k >= warmup:
                first = first if first is not None else np.mean(seen[:warmup], axis=0) if warmup else None
                log = log + rate * (e if first is None else e / (first + 1e-7))
                first = e if first is None else first
            weights = peer(torch.tensor(j)).numpy()
            direction = weights @ j
        else:
            log, first = (log, e) if first is None else (log + rate * e / first, first)
            weights, direction = model.combine(j, losses, robust_step_size=rate)
        w = softmax(log) * total
        steps.append({"weights": weights, "direction": direction})
        check.append({"weights": w, "direction": w @ j})
    add("ExcessMTL", {"rate": rate, "warmup_steps": warmup, "sum": total}, name, source, steps, check)


def db_mtl(name, beta, sigma):
    s = SEQUENCES[name]
    tasks, size = s["jacobians"].shape[1:]
    model = libmtl.linear("DB_MTL", tasks, size)
    steps, check, average = [], [], np.zeros((tasks, size))
    for k, (j, losses) in enumerate(zip(s["jacobians"], s["losses"]), 1):
        _, direction = model.combine(j, losses, DB_beta=beta, DB_beta_sigma=sigma)
        h = j / (losses[:, None] + 1e-8)
        average = h + beta / k**sigma * (average - h)
        norms = np.linalg.norm(average, axis=1)
        steps.append({"direction": direction, "average": model.grad_buffer.detach().numpy().copy()})
        check.append({"direction": (norms.max() / (norms + 1e-8)) @ average, "average": average})
    add("DBMTL", {"beta": beta, "decay": sigma}, name, libmtl.SOURCE, steps, check)


def dwa(name, temperature, window):
    s = SEQUENCES[name]
    tasks = s["jacobians"].shape[1]
    peer, steps, check = scalarization.DWA(temperature), [], []
    for k, losses in enumerate(s["losses"]):
        values = torch.tensor(losses, requires_grad=True)
        (weights,) = torch.autograd.grad(peer(values), values)
        if (k + 1) % window == 0:
            peer.step()
        steps.append({"weights": weights})
        done = s["losses"][: k // window * window].reshape(-1, window, tasks).mean(axis=1)
        check.append({"weights": tasks * softmax(done[-1] / done[-2] / temperature) if len(done) > 1 else np.ones(tasks)})
    add("DWA", {"temperature": temperature, "window": window}, name, TORCHJD, steps, check)


def famo(name, decay, least):
    s = SEQUENCES[name]
    tasks = s["jacobians"].shape[1]
    low = least * s["losses_after"].min(axis=0)
    peer, model = scalarization.FAMO(tasks, torch.tensor(low), 0.025, decay), libmtl.linear("FAMO", tasks, tasks)
    model.min_losses = torch.tensor(low)
    steps, check, w, first, second = [], [], np.zeros(tasks), np.zeros(tasks), np.zeros(tasks)
    for k, (losses, after) in enumerate(zip(s["losses"], s["losses_after"]), 1):
        values = torch.tensor(losses, requires_grad=True)
        value = peer(values)
        (weights,) = torch.autograd.grad(value, values)
        _, other = model.combine(np.eye(tasks), losses, FAMO_w_lr=0.025, FAMO_w_gamma=decay)
        near(other, weights, "FAMO: LibMTL")
        model.prev_losses = model.prev_losses.detach()
        peer.update(torch.tensor(after))
        model.update_w(torch.tensor(after))
        steps.append({"weights": weights, "value": value, "logits_after": peer._w.detach().clone()})
        z, d = softmax(w), losses - low + 1e-8
        own = {"weights": z / d / (z / d).sum(), "value": z @ np.log(d) / (z / d).sum()}
        delta = np.log(d) - np.log(after - low + 1e-8)
        slope = z * (delta - z @ delta) + decay * w
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        w = w - 0.025 * (first / (1 - 0.9**k)) / (np.sqrt(second / (1 - 0.999**k)) + 1e-8)
        check.append(own | {"logits_after": w})
    add("FAMO", {"rate": 0.025, "weight_decay": decay, "minimum": low}, name, TORCHJD, steps, check)


def smoothed(name, alpha, inner):
    s = SEQUENCES[name]
    weigh = {"MGDA": exact.mgda, "UPGrad": lambda g: exact.upgrad(g, 1e-4)}[inner]
    peer = jd.CRMOGMWeighting({"MGDA": jd.MGDAWeighting(1e-9, 100000), "UPGrad": jd.UPGradWeighting()}[inner], alpha)
    steps, check, w = [], [], None
    for j in s["jacobians"]:
        gram = Gram(j)
        new = weigh(gram)
        w = new if w is None else [alpha * a + (1 - alpha) * b for a, b in zip(w, new)]
        steps.append({"weights": w, "direction": gram.direction(w), "inner": new})
        check.append({"weights": peer(torch.tensor(j @ j.T))})
    add("Smoothed", {"alpha": alpha, "inner": inner}, name, "exact", steps, check, 1e-4 if inner == "MGDA" else 1e-9)


def pcd(name, tau, beta):
    s = SEQUENCES[name]
    tasks = s["jacobians"].shape[1]
    steps, check, average, peer = [], [], np.zeros(tasks), jd.PCDWeighting(tau, beta)
    for k, j in enumerate(s["jacobians"], 1):
        gram = Gram(j)
        average = beta * average + (1 - beta) * (j**2).sum(axis=1)
        w, feasible = exact.pcd(gram, [tau] * (tasks - 1), 1 / np.sqrt(average / (1 - beta**k) + 1e-8))
        steps.append({"weights": w, "direction": gram.direction(w), "squared_norms": average, "feasible": feasible})
        check.append({"weights": peer(torch.tensor(j @ j.T))})
    add("PCD", {"tau": tau, "beta": beta, "eps": 1e-8}, name, "exact", steps, check)


def log_nadir(name, mu, warmup):
    s = SEQUENCES[name]
    tasks = s["jacobians"].shape[1]
    model, steps, check = libmtl.linear("STCH", tasks, tasks), [], []
    for k, losses in enumerate(s["losses"]):
        model.epoch = k  # an epoch has one step
        with contextlib.redirect_stdout(io.StringIO()):
            _, weights = model.combine(np.eye(tasks), losses, STCH_mu=mu, STCH_warmup_epoch=warmup)
        steps.append({"weights": weights})
        own = 1 / losses if k <= warmup else tasks * softmax(np.log(losses / s["losses"][warmup]) / mu) / losses
        check.append({"weights": own})
    add("STCHLogNadir", {"mu": mu, "warmup_epochs": warmup, "steps_per_epoch": 1}, name, libmtl.SOURCE, steps, check)


def learnt(name, method, start, rate=0.1):
    """Uncertainty, IMTL-L and IMTL, whose parameters plain gradient descent trains."""
    s = SEQUENCES[name]
    tasks, size = s["jacobians"].shape[1:]
    model = libmtl.linear({"Uncertainty": "UW", "IMTL": "IMTL"}.get(method, "EW"), tasks, size)
    steps, check, own = [], [], np.full(tasks, start)
    scale = scalarization.IMTLL(tasks) if method == "IMTLL" else None
    parameter = scale.log_scale if scale else model.loss_scale
    with torch.no_grad():
        parameter.fill_(start)
    for j, losses in zip(s["jacobians"], s["losses"]):
        parameter.grad = None
        if scale:
            values = torch.tensor(losses, requires_grad=True)
            scale(values).backward()
            weights, direction = values.grad.numpy(), values.grad.numpy() @ j
        else:
            weights, direction = model.combine(j, losses)
            if method == "IMTL":  # as returned they are those of the scaled gradients
                weights = weights * parameter.detach().exp().numpy()
        if method == "Uncertainty":
            w, slope = np.exp(-own) / 2, (1 - losses * np.exp(-own)) / 2
        else:
            w, slope = np.exp(own), losses * np.exp(own) - 1
        if method == "IMTL":
            inner = exact.imtl_g(Gram(j * np.exp(own)[:, None]))
            w = w * np.array(plain(inner))
        check.append({"weights": w, "direction": w @ j, "s": own.copy()})
        steps.append({"weights": weights, "direction": direction, "s": parameter.detach().clone(), "s_gradient": parameter.grad.clone()})
        near(parameter.grad, slope, (method, "gradient"))
        with torch.no_grad():
            parameter -= rate * parameter.grad
        own = own - rate * slope
    add(method, {"initial": start, "learning_rate": rate}, name, TORCHJD if scale else libmtl.SOURCE, steps, check)


for name in SEQUENCES:
    grad_norm(name, 1.5)
    grad_vac(name, 0.5)
    nash(name, 1)
    moco(name)
    modo(name, 0.1, 0.1, TORCHJD)
    modo(name, 1e-3, 0.1, libmtl.SOURCE)
    sdmgrad(name, 0.3, 10.0, TORCHJD)
    sdmgrad(name, 0.3, 5.0, libmtl.SOURCE)
    excess(name, 0.01, 0, libmtl.SOURCE)
    excess(name, 1.0, 0, TORCHJD)
    db_mtl(name, 0.9, 0)
    dwa(name, 2.0, 1)
    famo(name, 1e-3, 0.0)
    smoothed(name, 0.9, "UPGrad")
    pcd(name, 0.02, 0.999)
    log_nadir(name, 1.0, 2)
    learnt(name, "Uncertainty", -0.5)
    learnt(name, "Uncertainty", 0.0)
    learnt(name, "IMTLL", 0.0)
    learnt(name, "IMTL", 0.0)
grad_norm("three", 0.5)
grad_vac("five", 0.1)
nash("five", 3)
moco("three", beta=0.99, beta_sigma=0, rho=0.1)
moco("three", project=True)
sdmgrad("five", 0.0, 5.0, libmtl.SOURCE)
excess("three", 1.0, 2, TORCHJD)
db_mtl("three", 0.9, 0.5)
dwa("three", 0.5, 2)
famo("five", 0.0, 0.25)
smoothed("three", 0.5, "MGDA")
pcd("five", 0.3, 0.5)
log_nadir("five", 0.5, 4)

ABOUT = {"source": "benchmarks/oracles/weighting/recurrences.py", "torchjd": "0.18.0", "libmtl": "4336804847eaa5e0b924b743d76beec7ac3fdc97",
         "fields": "benchmarks/oracles/weighting/README.md", "sequences": SEQUENCES}
write("recurrences.json", ABOUT, cases)

"""Distillation losses and their gradients by PyTorch, for distillation_test.go: python distillation.py > distillation.json"""
import json

import torch
import torch.nn.functional as F

torch.manual_seed(1)
w, tau = 0.3, 2.5
cases = []


def case(kind, hard, mask, teacher, z, loss):
    z = z.clone().requires_grad_(True)
    value = loss(z)
    value.backward()
    cases.append({"kind": kind, "hard": hard.flatten().tolist(), "mask": mask.tolist(), "teacher": teacher.flatten().tolist(), "z": z.detach().flatten().tolist(),
                  "shape": list(z.shape), "loss": value.item(), "gradient": z.grad.flatten().tolist()})


n, c = 5, 3
hard, mask = torch.randint(0, c, (n,)), torch.tensor([True, False, True, True, False])
t, z = 2 * torch.randn(n, c, dtype=torch.float64), 2 * torch.randn(n, c, dtype=torch.float64)
case("classification", hard, mask, t, z, lambda z: (1 - w) * F.cross_entropy(z[mask], hard[mask])
     + w * tau**2 * F.kl_div(F.log_softmax(z / tau, -1), F.softmax(t / tau, -1), reduction="batchmean"))
hard = torch.randint(0, 2, (n, 2)).double()
t, z = 2 * torch.randn(n, 2, dtype=torch.float64), 2 * torch.randn(n, 2, dtype=torch.float64)


def bernoulli(z):
    p, q = torch.sigmoid(t / tau), torch.sigmoid(z / tau)
    return (p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()).mean()


case("multi-label", hard, mask, t, z, lambda z: (1 - w) * F.binary_cross_entropy_with_logits(z[mask], hard[mask]) + w * tau**2 * bernoulli(z))
hard, t, z = (torch.randn(n, 2, dtype=torch.float64) for _ in range(3))
case("regression", hard, mask, t, z, lambda z: (1 - w) * F.mse_loss(z[mask], hard[mask]) + w * F.mse_loss(z, t))
print(json.dumps({"weight": w, "temperature": tau, "cases": cases}, indent=1))

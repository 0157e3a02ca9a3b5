"""Makes similarity.json: linear CKA by its kernels, unbiased CKA by the definition of HSIC_1 with n x n matrices, and RSA by scipy, of random representations.

    python similarity.py > similarity.json
"""
import json
import numpy as np
from scipy.stats import spearmanr

rng = np.random.default_rng(3)
n = 12
base = rng.normal(size=(n, 3))
reps = [rng.normal(size=(n, 4)), base @ rng.normal(size=(3, 5)) + 2, base @ rng.normal(size=(3, 4)) + 0.3 * rng.normal(size=(n, 4))]

h = np.eye(n) - 1 / n


def cka(x, y):
    k, l = h @ x @ x.T @ h, h @ y @ y.T @ h
    return np.trace(k @ l) / np.sqrt(np.trace(k @ k) * np.trace(l @ l))


def hsic1(x, y):
    k, l = x @ x.T, y @ y.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(l, 0)
    one = np.ones(n)
    return (np.trace(k @ l) + one @ k @ one * (one @ l @ one) / ((n - 1) * (n - 2)) - 2 / (n - 2) * one @ k @ l @ one) / (n * (n - 3))


def unbiased(x, y):
    return hsic1(x, y) / np.sqrt(hsic1(x, x) * hsic1(y, y))


def rsa(x, y):
    upper = np.triu_indices(n, 1)
    return spearmanr(1 - np.corrcoef(x)[upper], 1 - np.corrcoef(y)[upper])[0]


table = lambda f: [[float(f(x, y)) for y in reps] for x in reps]
print(json.dumps({"rows": [r.tolist() for r in reps], "cka": table(cka), "unbiased": table(unbiased), "rsa": table(rsa)}))

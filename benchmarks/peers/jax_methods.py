"""Gradient methods by hand in JAX: T pullbacks of the losses, by a Python loop that jit unrolls or by vmap, the Gramian, weights, J'w.

Heads get the gradient of their own loss. METHODS maps a name to weights(G [T, T]) -> [T].
"""

import jax
import jax.numpy as jnp
from jax import lax
from jax.flatten_util import ravel_pytree


def gramian(G):
    """Next to nothing: what every Gramian method costs without its solver."""
    return 1 + 1e-9 * G.sum(1)


def mgda(G, steps=100):
    """100 Frank-Wolfe steps with exact line search from uniform weights (Sener and Koltun 2018, algorithm 2)."""
    def step(_, w):
        Gw = G @ w
        t = jnp.argmin(Gw)
        a, b, c = w @ Gw, Gw[t], G[t, t]
        gamma = jnp.clip((a - b) / jnp.maximum(a - 2 * b + c, 1e-20), 0, 1)
        return w * (1 - gamma) + gamma * jax.nn.one_hot(t, len(w))

    return lax.fori_loop(0, steps, step, jnp.full(len(G), 1 / len(G)))


def pcgrad(G):
    """Projections of each row on the others in the order of the tasks, on the Gramian (Yu et al. 2020, algorithm 1)."""
    W = jnp.eye(len(G))
    for j in range(len(G)):
        dots = W @ G[:, j]
        push = jnp.where((dots < 0) & (jnp.arange(len(G)) != j), dots / G[j, j], 0)
        W = W.at[:, j].add(-push)
    return W.sum(0)


METHODS = {"gramian": gramian, "mgda": mgda, "pcgrad": pcgrad}


def representation(losses_of, trunk, params):
    """Gradients on the representation: T small pullbacks through the heads, one through the trunk. Returns (gradients, losses)."""
    z, back = jax.vjp(trunk, params["trunk"])
    losses, pull = jax.vjp(losses_of, params["heads"], z)
    rows = [pull(e) for e in jnp.eye(len(losses))]
    J = jnp.stack([row[1].ravel() for row in rows])
    w = gramian(J @ J.T)
    heads = jax.tree.map(lambda *parts: sum(parts), *[row[0] for row in rows])
    return {"trunk": back((w @ J).reshape(z.shape))[0], "heads": heads}, losses


def shared(losses_of, trunk, params, weights, pullback):
    """Exact gradients on the shared parameters. Returns (gradients, losses)."""
    losses, pull = jax.vjp(lambda t, h: losses_of(h, trunk(t)), params["trunk"], params["heads"])
    eye = jnp.eye(len(losses))
    if pullback == "vmap":
        rows, heads = jax.vmap(pull)(eye)
        J = jax.vmap(lambda row: ravel_pytree(row)[0])(rows)
        heads = jax.tree.map(lambda h: h.sum(0), heads)
    else:
        pulled = [pull(e) for e in eye]
        J = jnp.stack([ravel_pytree(row)[0] for row, _ in pulled])
        heads = jax.tree.map(lambda *parts: sum(parts), *[h for _, h in pulled])
    unravel = ravel_pytree(params["trunk"])[1]
    return {"trunk": unravel(weights(J @ J.T) @ J), "heads": heads}, losses

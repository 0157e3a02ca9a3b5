"""A sweep in JAX by hand: task weights are inputs of one program, which scans over all steps of a setting (scan).

flat: the same with all parameters in one vector, of which Adam takes fewer operations to compile. vmap: all settings side by side. Written for speed: one
compilation and nothing computed apart from it, data on the device, one set of batches for all settings, losses averaged on the device.
"""

import time
from itertools import islice

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.flatten_util import ravel_pytree

from jax_peer import adam, init, task_losses, trunk


def make_train(w, last, flat):
    """Returns train(weights [T], params, data, indices [steps, batch]) -> mean losses of the last steps [T]."""

    def train(weights, params, data, indices):
        params, tree = ravel_pytree(params) if flat else (params, lambda params: params)

        def total(params, x, labels):
            params = tree(params)
            losses = task_losses(w, params["heads"], trunk(w, params["trunk"], x), labels)
            return weights @ losses, losses

        def step(state, indices):
            x, labels = jax.tree.map(lambda a: a[indices], data)
            gradients, losses = jax.grad(total, has_aux=True)(state[0], x, labels)
            return adam(state, gradients), losses

        zeros = jax.tree.map(jnp.zeros_like, params)
        _, losses = lax.scan(step, (params, zeros, zeros, jnp.float32(0)), indices)
        return losses[-last:].mean(axis=0)

    return train


def sweep(w, form, settings, steps, last):
    weights = np.asarray(settings, np.float32)
    data, indices, params = jax.device_put((w.data(), np.stack(list(islice(w.indices(), steps))), init(w)))
    train = make_train(w, last, form == "flat")
    if form == "vmap":
        weights, train = weights[None], jax.vmap(train, in_axes=(0, None, None, None))
    compiled = jax.jit(train).lower(weights[0], params, data, indices).compile()
    started = time.perf_counter()
    losses = jax.device_get([compiled(row, params, data, indices) for row in weights])
    return {
        "losses": np.concatenate(losses).reshape(len(settings), -1),
        "after_compilation_s": time.perf_counter() - started,
        "compilations": 1,
        "versions": {"jax": jax.__version__, "device": jax.devices()[0].platform},
    }

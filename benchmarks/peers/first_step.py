"""Trains one step of the digits model in jitted JAX and prints one JSON line, as `benchmarks/gomtl -first` does.

The model is that of `gomtl train -data digits`: convolutions 3×3 of 16, 32 with stride 2, and 32 channels, and a head with
a hidden layer of 64 for each of 10 classes, a yes or no, and a number. The data are random.
"""

import json

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-7
EXAMPLES, BATCH = 1437, 64
STAGES = ((1, 16, 1), (16, 32, 2), (32, 32, 1))  # channels in, out, stride
OUTPUTS = (10, 1, 1)


def initial(rng):
    def layer(*shape):
        fan_in = np.prod(shape[:-1])
        return rng.standard_normal(shape, dtype=np.float32) * np.sqrt(2 / fan_in, dtype=np.float32), np.zeros(shape[-1], np.float32)

    features = 4 * 4 * STAGES[-1][1]
    return {
        "trunk": [layer(3, 3, i, o) for i, o, _ in STAGES],
        "heads": [(layer(features, 64), layer(64, o)) for o in OUTPUTS],
    }


def losses(params, x, labels):
    for (kernel, bias), (_, _, stride) in zip(params["trunk"], STAGES):
        x = lax.conv_general_dilated(x, kernel, (stride, stride), ((1, 1), (1, 1)), dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.nn.relu(x + bias)
    x = x.reshape(x.shape[0], -1)
    digit, parity, ink = (jax.nn.relu(x @ w1 + b1) @ w2 + b2 for (w1, b1), (w2, b2) in params["heads"])
    chosen = jnp.take_along_axis(digit, labels[0][:, None], axis=1)[:, 0]
    return jnp.stack([
        jnp.mean(jax.nn.logsumexp(digit, axis=1) - chosen),
        jnp.mean(jax.nn.softplus(parity[:, 0]) - parity[:, 0] * labels[1]),
        jnp.mean((ink[:, 0] - labels[2]) ** 2),
    ])


def total(params, x, labels):
    each = losses(params, x, labels)
    return each.sum(), each


@jax.jit
def step(state, data, indices):
    params, m, v, count = state
    x, labels = jax.tree.map(lambda a: a[indices], data)
    gradients, each = jax.grad(total, has_aux=True)(params, x, labels)
    count = count + 1
    m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, gradients)
    v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, gradients)
    c1, c2 = 1 / (1 - BETA1**count), 1 / (1 - BETA2**count)
    params = jax.tree.map(lambda p, m, v: p - RATE * (m * c1) / (jnp.sqrt(v * c2) + EPSILON), params, m, v)
    return (params, m, v, count), each


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    params = initial(rng)
    zeros = jax.tree.map(np.zeros_like, params)
    data = jax.device_put((
        rng.standard_normal((EXAMPLES, 8, 8, 1), dtype=np.float32),
        [rng.integers(0, 10, EXAMPLES, dtype=np.int32), rng.integers(0, 2, EXAMPLES).astype(np.float32),
         rng.standard_normal(EXAMPLES, dtype=np.float32)],
    ))
    state, each = step((params, zeros, zeros, np.float32(0)), data, rng.permutation(EXAMPLES)[:BATCH].astype(np.int32))
    jax.block_until_ready(state)
    print(json.dumps({
        "peer": "jax",
        "parameters": sum(p.size for p in jax.tree.leaves(params)),
        "losses": dict(zip(("digit", "parity", "ink"), map(float, each))),
        "versions": {"jax": jax.__version__},
    }))

"""Hand-written jitted JAX: what a careful user writes without any framework above JAX."""

import time
from itertools import islice

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import jax_methods
from clock import measure
from workloads import BETA1, BETA2, EPSILON, LEARNING_RATE

NHWC = ("NHWC", "HWIO", "NHWC")
SCAN_STEPS = {"w1": 4, "w2": 64, "w3": 64}  # a convolution in a loop is slow on the CPU: keep w1 short enough to end


def init(w, seed=0):
    """He-normal weights, zero biases, on the host: {"trunk": [(kernel, bias)...], "heads": [(kernel, bias)...]}."""
    rng = np.random.default_rng(seed)

    def layer(*shape):
        fan_in = np.prod(shape[:-1])
        kernel = rng.standard_normal(shape, dtype=np.float32) * np.sqrt(2 / fan_in, dtype=np.float32)
        return kernel, np.zeros(shape[-1], np.float32)

    widths = (w.inputs[-1], *w.hidden)
    window = (3, 3) if w.convolutional else ()
    params = {
        "trunk": [layer(*window, i, o) for i, o in zip(widths, widths[1:])],
        "heads": [layer(widths[-1], t.classes) for t in w.tasks],
    }
    assert sum(p.size for p in jax.tree.leaves(params)) == w.parameters
    return params


def trunk(w, layers, x):
    for i, (kernel, bias) in enumerate(layers):
        if w.convolutional:
            stride = (2, 2) if i == 1 else (1, 1)
            x = lax.conv_general_dilated(x, kernel, stride, ((1, 1), (1, 1)), dimension_numbers=NHWC) + bias
        else:
            x = x @ kernel + bias
        x = jax.nn.relu(x)
    return x


def predict(w, task, layer, features):
    kernel, bias = layer
    if task.kind == "pixels":  # 1x1 convolution, then each pixel twice in both directions
        return (features @ kernel + bias).repeat(2, axis=1).repeat(2, axis=2)
    if w.convolutional:
        features = features.mean(axis=(1, 2))
    return features @ kernel + bias


def loss_of(task, y, prediction):
    if task.kind == "regression":
        return jnp.mean((prediction - y) ** 2)
    chosen = jnp.take_along_axis(prediction, y[..., None], axis=-1)[..., 0]
    return jnp.mean(jax.nn.logsumexp(prediction, axis=-1) - chosen)


def task_losses(w, heads, features, labels):
    return jnp.stack([loss_of(t, y, predict(w, t, p, features)) for t, p, y in zip(w.tasks, heads, labels)])


def make_gradients(w, method, pullback):
    """Returns gradients(params, x, labels) -> (gradients, losses [T])."""

    def losses_of(labels):
        return lambda heads, features: task_losses(w, heads, features, labels)

    def total(params, x, labels):
        losses = losses_of(labels)(params["heads"], trunk(w, params["trunk"], x))
        return losses.sum(), losses

    def equal(params, x, labels):
        return jax.grad(total, has_aux=True)(params, x, labels)

    def representation(params, x, labels):
        return jax_methods.representation(losses_of(labels), lambda t: trunk(w, t, x), params)

    def shared(params, x, labels):
        return jax_methods.shared(
            losses_of(labels), lambda t: trunk(w, t, x), params, jax_methods.METHODS[method], pullback)

    return {"equal": equal, "representation": representation}.get(method, shared)


def make_step(w, method, pullback):
    """Returns step(state, data, indices [batch]) -> (state, losses [T])."""
    gradients_of = make_gradients(w, method, pullback)

    def step(state, data, indices):
        x, labels = jax.tree.map(lambda a: a[indices], data)
        gradients, losses = gradients_of(state[0], x, labels)
        return adam(state, gradients), losses

    return step


def adam(state, gradients):
    params, m, v, count = state
    count = count + 1
    m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, gradients)
    v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, gradients)
    c1, c2 = 1 / (1 - BETA1**count), 1 / (1 - BETA2**count)
    params = jax.tree.map(
        lambda p, m, v: p - LEARNING_RATE * (m * c1) / (jnp.sqrt(v * c2) + EPSILON), params, m, v)
    return params, m, v, count


def run(w, form, chunks, method="equal", pullback="loop"):
    started = time.perf_counter()
    data = jax.device_put(w.data())
    params = jax.device_put(init(w))
    zeros = jax.tree.map(jnp.zeros_like, params)
    state = (params, zeros, jax.tree.map(jnp.copy, zeros), jnp.float32(0))
    batches = w.indices()
    step = make_step(w, method, pullback)

    if form == "step":
        jitted = jax.jit(step)
        per_call = 1

        def train(steps):
            nonlocal state
            for _ in range(steps):
                state, losses = jitted(state, data, next(batches))
            jax.block_until_ready(state)
            assert np.isfinite(losses).all()
    else:
        per_call = SCAN_STEPS[w.name]

        @jax.jit
        def many(state, data, indices):
            return lax.scan(lambda s, i: step(s, data, i), state, indices)

        def train(steps):
            nonlocal state
            for _ in range(steps // per_call):
                state, losses = many(state, data, np.stack(list(islice(batches, per_call))))
                assert np.isfinite(losses).all()

    steps = w.chunk // per_call * per_call
    measure(train, steps, chunks, per_call, started, peer="jax", workload=w.name, method=method, pullback=pullback, form=form, steps_per_call=per_call,
            versions={"jax": jax.__version__, "device": jax.devices()[0].platform})

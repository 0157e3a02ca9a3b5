"""Keras 3 on the JAX backend: Model.fit, one step a call (form step) or 16 steps an execution (form scan)."""

import os
import time

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras
from keras import layers

from clock import measure
from workloads import BETA1, BETA2, EPSILON, LEARNING_RATE


def build(w):
    inputs = x = keras.Input(w.inputs)
    for i, width in enumerate(w.hidden):
        if w.convolutional:
            x = layers.Conv2D(width, 3, strides=2 if i == 1 else 1, padding="same", activation="relu")(x)
        else:
            x = layers.Dense(width, activation="relu")(x)
    outputs = []
    for task in w.tasks:
        if task.kind == "pixels":
            outputs.append(layers.UpSampling2D(2)(layers.Conv2D(task.classes, 1)(x)))
        else:
            features = layers.GlobalAveragePooling2D()(x) if w.convolutional else x
            outputs.append(layers.Dense(task.classes)(features))
    model = keras.Model(inputs, outputs)
    assert model.count_params() == w.parameters
    return model


def compiled(w, **options):
    model = build(w)
    model.compile(
        keras.optimizers.Adam(LEARNING_RATE, BETA1, BETA2, EPSILON),
        loss=["mse" if t.kind == "regression" else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
              for t in w.tasks],
        **options)
    return model


def run(w, form, chunks):
    started = time.perf_counter()
    per_call = 16 if form == "scan" else 1
    model = compiled(w, steps_per_execution=per_call)
    x, labels = w.data()
    epoch = w.examples // w.batch

    def train(steps):  # fit counts in epochs
        model.fit(x, labels, batch_size=w.batch, epochs=max(steps // epoch, 1), verbose=0)

    steps = max(w.chunk // epoch, 1) * epoch
    measure(train, steps, chunks, epoch, started, peer="keras", workload=w.name, form=form, steps_per_call=per_call,
            versions=versions())


def versions():
    return {"keras": keras.__version__, "jax": jax.__version__, "device": jax.devices()[0].platform}

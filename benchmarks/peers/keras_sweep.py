"""A sweep in Keras: loss_weights are fixed when a model is compiled, so each setting is a new model, compile() and trace."""

from itertools import islice

import numpy as np

from keras_peer import compiled, keras, versions


def sweep(w, form, settings, steps, last):
    x, labels = w.data()
    order = np.concatenate(list(islice(w.indices(), steps)))  # fit's epochs are `last` steps each, and all its batches this array
    x, labels = x[order], [y[order] for y in labels]
    losses = []
    for setting in settings:
        keras.utils.clear_session()
        keras.utils.set_random_seed(0)
        model = compiled(w, loss_weights=setting, steps_per_execution=last)
        history = model.fit(x, labels, batch_size=w.batch, steps_per_epoch=last, epochs=steps // last, shuffle=False, verbose=0).history
        losses.append([history[f"{layer.name}_loss"][-1] for layer in model.layers[-len(labels):]])
    return {"losses": losses, "compilations": len(settings), "versions": versions()}

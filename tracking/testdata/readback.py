"""Reads what readback_test.go wrote with TensorBoard, MLflow and pandas, and prints what they say as JSON, numbers as text with all digits:

    readback.py FOLDER    with the folders tensorboard, mlruns and csv in it

requirements.txt has the packages.
"""

import glob
import importlib.metadata
import json
import os
import sys

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # from 3.14 on the file store is off unless this says otherwise

import pandas
from mlflow.entities import ViewType
from mlflow.tracking import MlflowClient
from tensorboard import context
from tensorboard.backend.event_processing import data_provider, event_accumulator, plugin_event_multiplexer
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups
from tensorboard.util import tensor_util


def tensorboard_runs(folder):
    """Each run as EventAccumulator reads it, all its events."""
    runs = {}
    for path in sorted({os.path.dirname(f) for f in glob.glob(folder + "/**/*tfevents*", recursive=True)}):
        events = event_accumulator.EventAccumulator(path, size_guidance={event_accumulator.SCALARS: 0, event_accumulator.TENSORS: 0})
        events.Reload()
        runs[os.path.relpath(path, folder)] = {
            "scalars": {
                tag: [[repr(e.wall_time), e.step, repr(e.value)] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]
            },
            "text": {
                tag: tensor_util.make_ndarray(events.Tensors(tag)[0].tensor_proto).item().decode()
                for tag in events.Tags()["tensors"]
                if events.SummaryMetadata(tag).plugin_data.plugin_name == "text"
            },
        }
    return runs


def tensorboard_hparams(folder):
    """The plugin's table of sessions, by the handlers and the data provider of TensorBoard's server."""
    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(folder)
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, folder)
    server = (context.RequestContext(), backend_context.Context(base_plugin.TBContext(data_provider=provider)), "")
    experiment = get_experiment.Handler(*server, api_pb2.GetExperimentRequest()).run()
    groups = list_session_groups.Handler(*server, api_pb2.ListSessionGroupsRequest(
        slice_size=1000, include_metrics=True, allowed_statuses=api_pb2.Status.values(),
        col_params=[api_pb2.ColParams(metric=m.name) for m in experiment.metric_infos])).run()
    return {
        session.name: {
            "status": api_pb2.Status.Name(session.status),
            "hparams": {k: getattr(v, v.WhichOneof("kind")) for k, v in group.hparams.items()},
            "metrics": {f"{m.name.group}: {m.name.tag}": [m.training_step, repr(m.value)] for m in session.metric_values},
        }
        for group in groups.session_groups
        for session in group.sessions
    }


def mlflow_runs(folder):
    """Each run as MLflow's client reads it, found by a search over all experiments."""
    client = MlflowClient(folder)
    experiments = {e.experiment_id: e.name for e in client.search_experiments(view_type=ViewType.ALL)}
    return {
        run.info.run_name: {
            "experiment": experiments[run.info.experiment_id],
            "id": run.info.run_id,
            "status": run.info.status,
            "start": run.info.start_time,
            "end": run.info.end_time,
            "artifacts": len(client.list_artifacts(run.info.run_id)),
            "params": run.data.params,
            "tags": run.data.tags,
            "metrics": {
                key: [[m.timestamp, m.step, repr(m.value)] for m in client.get_metric_history(run.info.run_id, key)] for key in run.data.metrics
            },
        }
        for run in client.search_runs(list(experiments))
    }


def csv_tables(folder):
    """The types that pandas finds by itself, and the rows with names taken as they stand: "null" may be the name of a run."""
    tables = {}
    for path in sorted(glob.glob(folder + "/**/*.csv", recursive=True)):
        types = pandas.read_csv(path).dtypes.items()
        names = dict.fromkeys(("run", "split", "kind", "task", "name"), str)
        table = pandas.read_csv(path, dtype=names, keep_default_na=False, na_values={"value": "NaN"})
        tables[os.path.relpath(path, folder)] = {
            "types": {name: str(kind) for name, kind in types},
            "rows": [[v if isinstance(v, str) else repr(v) for v in row] for row in table.astype(object).itertuples(index=False)],
        }
    return tables


def main(folder):
    json.dump({
        "versions": {name: importlib.metadata.version(name) for name in ("tensorboard", "mlflow-skinny", "pandas")},
        "tensorboard": tensorboard_runs(folder + "/tensorboard"),
        "hparams": tensorboard_hparams(folder + "/tensorboard"),
        "mlflow": mlflow_runs(folder + "/mlruns"),
        "csv": csv_tables(folder + "/csv"),
    }, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])

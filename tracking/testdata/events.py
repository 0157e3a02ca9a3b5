"""Writes events.tfevents with TensorBoard's own library, for event_test.go to compare bytes with. requirements.txt has the packages.

    python events.py
"""

import os

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
from tensorboard.plugins.text import metadata as text_metadata
from tensorboard.summary.writer.record_writer import RecordWriter


def plugin_value(tag, data, tensor):
    data.data_class = summary_pb2.DATA_CLASS_TENSOR
    return summary_pb2.Summary.Value(tag=tag, metadata=data, tensor=tensor)


def hparams_value(tag, **content):
    data = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(**content))
    # Parsed and written anew in the order of the keys: the order of a map is not fixed.
    parsed = plugin_data_pb2.HParamsPluginData.FromString(data.plugin_data.content)
    data.plugin_data.content = parsed.SerializeToString(deterministic=True)
    return plugin_value(tag, data, metadata.NULL_TENSOR)


def main():
    start = plugin_data_pb2.SessionStartInfo(start_time_secs=1795482123.456)
    start.hparams["config/resume"].bool_value = False
    start.hparams["seed"].number_value = 3
    start.hparams["weighting"].string_value = "Uncertainty{}"
    end = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_FAILURE, end_time_secs=1795482124.706)
    text = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, tensor_shape=tensor_shape_pb2.TensorShapeProto(), string_val=["| α |\n".encode()])
    events = [
        event_pb2.Event(wall_time=1795482123.456, file_version="brain.Event:2"),
        event_pb2.Event(wall_time=1795482123.456, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START)),
        event_pb2.Event(wall_time=1795482123.456, summary=summary_pb2.Summary(value=[
            plugin_value("settings", text_metadata.create_summary_metadata("", ""), text),
            hparams_value(metadata.SESSION_START_INFO_TAG, session_start_info=start),
        ])),
        event_pb2.Event(wall_time=1795482123.706, step=300, summary=summary_pb2.Summary(value=[
            summary_pb2.Summary.Value(tag="loss/cls", simple_value=0.1), summary_pb2.Summary.Value(tag="loss/zero", simple_value=0),
            summary_pb2.Summary.Value(tag="weight/cls", simple_value=float("inf")),
        ])),
        event_pb2.Event(wall_time=1795482124.706, summary=summary_pb2.Summary(value=[hparams_value(metadata.SESSION_END_INFO_TAG, session_end_info=end)])),
    ]
    with open(os.path.join(os.path.dirname(__file__), "events.tfevents"), "wb") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()

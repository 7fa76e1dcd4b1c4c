"""Makes golden.tfevents and tiny.png with TensorBoard's own message classes and record writer, and reads them back.

The test holds our hand-written records against these bytes. Needs PyPI's tensorboard and Pillow; run it here:
    python make_events.py
"""
import os
import shutil
import tempfile

from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

here = os.path.dirname(os.path.abspath(__file__))
golden = os.path.join(here, "golden.tfevents")
image = os.path.join(here, "tiny.png")
TIME = 1700000000.25

Image.new("RGB", (3, 2), (200, 30, 60)).save(image)
png = open(image, "rb").read()


def scalar(tag, value, step):
    return Event(wall_time=TIME, step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)]))


def image(tag, step):
    content = Summary.Image(height=2, width=3, colorspace=3, encoded_image_string=png)
    return Event(wall_time=TIME, step=step, summary=Summary(value=[Summary.Value(tag=tag, image=content)]))


def write(path, events):
    with open(path, "wb") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString())
        writer.flush()


version = Event(wall_time=TIME, file_version="brain.Event:2")
start = Event(wall_time=TIME, step=4, session_log=SessionLog(status=SessionLog.START))
write(
    golden,
    [
        version,
        start,
        scalar("train/loss", 0.4375, 4),
        scalar("train/loss", float("nan"), 5),
        scalar("train/learning_rate", 1.5e-4, 5_000_000_000),
        image("reconstructions", 5),
        # Where the length of a varint changes.
        scalar("edge", 1.0, 127),
        scalar("edge", 2.0, 128),
        scalar("edge", 3.0, 16384),
    ],
)

with tempfile.TemporaryDirectory() as folder:
    # An earlier file whose steps 4 to 6 the resumed run repeats: START makes readers drop them.
    before = [version] + [scalar("train/loss", float(step), step) for step in range(1, 7)]
    write(os.path.join(folder, "events.out.tfevents.1690000000.host.1.0"), before)
    shutil.copy(golden, os.path.join(folder, "events.out.tfevents.1700000000.host.42.0"))
    read = EventAccumulator(folder)
    read.Reload()
    loss = [(event.step, event.value) for event in read.Scalars("train/loss")]
    assert loss[:4] == [(1, 1.0), (2, 2.0), (3, 3.0), (4, 0.4375)] and len(loss) == 5, loss
    rate = read.Scalars("train/learning_rate")[0]
    assert rate.step == 5_000_000_000 and abs(rate.value - 1.5e-4) < 1e-11, rate
    shown = read.Images("reconstructions")[0]
    assert (shown.width, shown.height, shown.encoded_image_string) == (3, 2, png)
    print("golden.tfevents:", os.path.getsize(golden), "bytes, read back by EventAccumulator")

"""Read the checkpoint that a training published, as bytes. Knows commits; knows no model."""

from pairmill.core.errors import FormatError
from pairmill.pipeline.commit import DataFile
from pairmill.pipeline.shard import read_file
from pairmill.ports.objects import ObjectStore


def read_checkpoint(objects: ObjectStore, files: list[DataFile]) -> tuple[bytes, bytes]:
    """Return weights (safetensors) and config (JSON) of the node `train`'s data set `checkpoint`.

    Raises FormatError unless there is exactly one of each.
    """
    found = {file.key.rpartition(".")[2]: file for file in files}
    if sorted(found) != ["json", "safetensors"] or len(files) != 2:
        names = ", ".join(file.key for file in files) or "nothing"
        raise FormatError(
            f"wanted a checkpoint of one .safetensors and one .json file, got {names}; train anew"
        )
    return read_file(objects, found["safetensors"]), read_file(objects, found["json"])

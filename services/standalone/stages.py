"""The one place where the plan's names meet the services' functions."""

from collections.abc import Mapping

from pairmill.working.desk import StageFunction
from services.describer.captioning import caption
from services.describer.stage import describe
from services.editor.stage import edit
from services.embedder.edits import embed_edits
from services.embedder.stage import embed
from services.evaluator.stage import evaluate
from services.gatekeeper.stage import gate
from services.indexer.stage import index
from services.ingestor.stage import dedupe, ingest
from services.instructor.stage import instruct
from services.miner.stage import bands, mine, select
from services.trainer.splitting import split
from services.trainer.stage import train

STAGES: Mapping[str, StageFunction] = {
    function.__name__: function
    for function in (
        ingest, dedupe, caption, embed, bands, mine, select,
        describe, instruct, gate, edit, embed_edits, split, train, index, evaluate,
    )
}  # fmt: skip

"""Search photographs that nothing was trained on, with the shipped head alone.

Needs the shared corpora. The 713 photographs of clothing-small's validation and test splits are
searched by ten category words, and by a photograph with an instruction. For 200 of them, drawn by
id, a gallery also holds edited copies: five colours; four degrees of brightness; two nearer views
and a farther one; a line drawing beside the darkest and the nearest copy. Colours and phrasings
are none that the head was trained with. The query photograph is removed from its ranking, and
equal scores rank above the target. `benchmarks/photos/` holds the parts.
"""

from typing import Any

from benchmarks.photos.features import make_album, shipped_encoder
from benchmarks.photos.judging import judge_album
from pairmill.models.retriever import Retriever

GOALS = {
    "category_precision_at_10": "≥ 0.70",
    "recolour_recall_at_1": "≥ 0.80 and ≥ 2 × best_control_recall_at_1",
    "other_edits_recall_at_1": "≥ 0.60",
    "best_control_recall_at_1": "stated: image alone or text alone, recolour",
}


def measure() -> tuple[dict[str, float], dict[str, Any]]:
    """Embed photographs, copies and texts anew, and judge the shipped head."""
    encoder = shipped_encoder()
    head = Retriever.untrained(encoder.head(), encoder_id=encoder.encoder_id)
    return judge_album(make_album(encoder), head)

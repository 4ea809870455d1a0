"""Links in a user's folder: one that leads out or nowhere costs that file alone."""

from pathlib import Path

from PIL import Image

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.sources.listing import list_source


def test_a_link_that_leads_out_or_nowhere_is_a_fault_of_that_file_alone(tmp_path: Path) -> None:
    corpus, outside = tmp_path / "corpus", tmp_path / "secret.jpg"
    corpus.mkdir()
    for path in (outside, corpus / "a.jpg"):
        Image.new("RGB", (40, 40)).save(path)
    (corpus / "out.jpg").symlink_to(outside)
    (corpus / "nowhere.jpg").symlink_to(tmp_path / "missing.jpg")
    entries = list_source(FolderObjects(corpus, read_only=True))
    assert {entry.key: entry.fault for entry in entries} == {
        "a": "", "out": "not_a_file", "nowhere": "not_a_file",
    }  # fmt: skip

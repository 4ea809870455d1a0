"""The page of gates shows counts, histograms and examples, and lets no text become markup."""

from html.parser import HTMLParser

from PIL import Image

from pairmill.pipeline.gated import gated_sections
from services.cli.gate_page import gate_parts
from services.cli.page import figure, page, table
from tests.pairmill.pipeline.test_gated_report import commit


class Shown:
    """A run whose targets are gone, and whose captions mean to be markup."""

    def picture(self, image_id: str) -> Image.Image | None:
        return Image.new("RGBA", (600, 300), "red") if image_id == "q" else None

    def caption(self, image_id: str) -> str:
        return "<script>alert(1)</script>"


class Tags(HTMLParser):
    """Counts tags, and finds those that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.names = list[str]()
        self.open = list[str]()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.names.append(tag)
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    assert not tags.open
    return tags


def test_every_gate_has_its_counts_its_histogram_and_its_examples() -> None:
    report = gated_sections([commit("a", 4, 2, ["make it <b>red</b>"])])
    text = page("Gates", "of a run", gate_parts(report, Shown()))
    tags = read(text)
    assert "leakage: 4 of 6 fell" in text
    assert "leakage 4" in text
    assert tags.names.count("img") == tags.names.count("em") == 4  # each target is gone
    assert "<q>not the blue one</q>" in text
    assert "script" not in tags.names
    assert "vocabulary per thousand words" in text


def test_a_run_whose_texts_were_not_counted_has_a_page_all_the_same() -> None:
    report = gated_sections([commit("a", 1, 0, [])])
    del report["texts"]
    assert "What the texts are like" not in "".join(gate_parts(report, Shown()))


def test_pictures_are_reduced_and_lie_in_the_page() -> None:
    shown = figure(Image.new("RGB", (600, 300)), "a & b")
    assert "width='224' height='112'" in shown
    assert "data:image/jpeg;base64," in shown
    assert "a &amp; b" in shown
    assert "1,234" in table(("n",), [(1234,)])

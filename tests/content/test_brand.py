"""The brand: what a marketer edits, checked like everything else."""

from pathlib import Path

import pytest

from content.brand import Brand, Colours, contrast
from content.findings import Refused

ROOT = Path(__file__).resolve().parents[2]


def write(root: Path, text: str) -> Path:
    (root / "content").mkdir()
    (root / "content" / "brand.yaml").write_text(text, encoding="utf-8")
    return root


def test_a_project_without_a_brand_has_a_plain_one(tmp_path):
    assert Brand.load(tmp_path).name == "Pressroom"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("name: A\ncolours: {ink: red}\n", 2, "colours.ink"),
        ("name: A\ncolors:\n  ink: '#000000'\n", 2, "Did you mean 'colours'?"),
        ("name: A\nlogo: {src: a.svg, width: 9000}\n", 2, "logo.width"),
        ("name: A\nsite: harbourlane\n", 2, "https://"),
        ("email: {from_adress: a@b.example}\n", 1, "Did you mean 'from_address'?"),
    ],
)
def test_a_fault_names_its_line_and_the_mend(tmp_path, text, line, said):
    with pytest.raises(Refused) as refused:
        Brand.load(write(tmp_path, text))
    finding = refused.value.findings[0]

    assert (finding.file, finding.line) == ("content/brand.yaml", line)
    assert said in str(finding)


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#1c5c4d", "#1c5c4d", 1.0)]
)
def test_contrast_is_measured_as_the_guidelines_say(one, other, ratio):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize(
    "palette", [Colours(), Colours().dark, Brand.load(ROOT).colours, Brand.load(ROOT).colours.dark]
)
def test_the_shipped_colours_can_be_read(palette):
    assert palette.faint() == []


def test_faint_text_is_found():
    assert [pair[:2] for pair in Colours(muted="#bbbbbb").faint()] == [("muted", "paper"), ("muted", "panel")]

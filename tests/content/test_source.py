"""Bytes to text: every encoding that writers' programs leave behind, and what is no text at all."""

import codecs

import pytest

from content.findings import Refused
from content.source import MAX_BYTES, decode, read

TEXT = "Ein Café – “quoted”\nsecond line\n"


def rules(source):
    return [note.rule for note in source.notes]


def refusal(data):
    with pytest.raises(Refused) as refused:
        decode(data, "a.md")
    [finding] = refused.value.findings
    return finding


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("é", "e\N{COMBINING ACUTE ACCENT}").encode(),
    ],
    ids=["utf-8", "bom", "utf-16-le", "utf-16-be", "crlf", "cr", "decomposed"],
)
def test_one_text_comes_of_all_its_spellings(data):
    source = decode(data, "a.md")

    assert (source.text, source.notes) == (TEXT, ())


def test_windows_1252_is_read_and_the_first_such_line_named():
    source = decode("plain\nCafé “q”".encode("cp1252"), "a.md")

    assert source.text == "plain\nCafé “q”"
    assert [(note.rule, note.severity, note.line) for note in source.notes] == [("file.encoding", "warn", 2)]


def test_two_encodings_in_one_file_are_refused_for_either_would_garble_the_other():
    finding = refusal("Café\n".encode() + "Café".encode("cp1252"))

    assert (finding.rule, finding.line) == ("file.encoding", 2)
    assert "mixed" in finding.why


@pytest.mark.parametrize("data", [codecs.BOM_UTF8 + b"\xff", codecs.BOM_UTF16_LE + b"\x00\xd8a"])
def test_a_mark_that_lies_is_refused(data):
    assert refusal(data).rule == "file.encoding"


@pytest.mark.parametrize("data", [b"one\nt\0wo", TEXT.encode("utf-16-le")], ids=["nul", "utf-16 without its mark"])
def test_nul_bytes_are_refused_with_a_mend(data):
    finding = refusal(data)

    assert (finding.rule, "UTF-8" in finding.mend) == ("file.nul", True)


def test_control_characters_become_spaces_and_are_told_once():
    source = decode(("fine\nred \x1b[31m\x07\N{ZERO WIDTH NO-BREAK SPACE}end\n" + "long " * 20).encode(), "a.md")

    assert source.text == "fine\nred  [31m  end\n" + "long " * 20
    assert [(note.rule, note.line) for note in source.notes] == [("file.control", 2)]


def test_a_file_full_of_control_characters_is_no_text():
    assert refusal(bytes(range(1, 32))).rule == "file.binary"


def test_a_line_is_what_every_editor_calls_one():
    assert decode("a\u2028b\u2029c\td\n".encode(), "a.md").text == "a b c\td\n"


def test_a_file_of_five_megabytes_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "long.md"
    path.write_bytes(b"word " * 1024 * 1024)

    with pytest.raises(Refused, match=r"long\.md: block: The file is 5,242,880 bytes"):
        read(path, "long.md")
    assert decode(b"a" * MAX_BYTES, "a.md").text
    assert refusal(b"a" * (MAX_BYTES + 1)).rule == "file.size"


def test_what_is_no_file_is_refused_by_name(tmp_path):
    for path in (tmp_path / "absent.md", tmp_path):
        with pytest.raises(Refused, match=r"can't be read"):
            read(path)

"""An article file: what is understood, and that every fault is named with its place and its mend."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.article import parse
from content.findings import Refused
from content.source import decode

HEAD = "title: Reading\ndate: 2026-11-16\n"
EDT = timezone(timedelta(hours=-4))


def article(front="", body="Take a chair.", path="reading.md", head=HEAD):
    return parse(decode(f"---\n{head}{front}\n---\n\n{body}\n".encode(), "a.md"), Path(path))


def faults(front="", head=HEAD, **more):
    with pytest.raises(Refused) as refused:
        article(front, head=head, **more)
    return list(refused.value.findings)


def fault(front="", head=HEAD, **more):
    [only] = faults(front, head, **more)
    assert (only.severity, only.file) == ("block", "a.md")
    return only


# What is understood


def test_a_whole_front_matter_is_read():
    meta = article(
        """slug: in-the-garden
language: en-GB
updated: 2026-11-20
authors:
  - name: Ada Byron
    credentials: MD
    url: https://example.org/ada
  - Grace Hopper
reviewer: {name: Mary Seacole, credentials: RN}
hero: {src: chair.png, alt: A chair under a tree}
takeaways: [Half the book is the chair.]
call_to_action: {text: Borrow a chair, url: "https://example.org/chairs"}
references:
  - {title: The almanac, year: 1875, doi: 10.1000/182}
  - A bare title
disclosures: [{text: We sell chairs., short: Ad}]
channels:
  x: {text: Sit down., hashtags: [reading]}
  bluesky: {thread: [One., Two.]}
  mastodon: false
  newsletter: {subject: Sit, preheader: And read}"""
    ).meta

    assert [person.signature for person in meta.authors] == ["Ada Byron, MD", "Grace Hopper"]
    assert (meta.reviewer.signature, meta.hero.alt) == ("Mary Seacole, RN", "A chair under a tree")
    assert [reference.link for reference in meta.references] == ["https://doi.org/10.1000/182", ""]
    assert (meta.disclosures[0].short, meta.language) == ("Ad", "en-GB")
    assert meta.channels["bluesky"].thread == ["One.", "Two."]
    assert (meta.channels["mastodon"].skip, meta.channels["x"].skip) == (True, False)


def test_plain_values_mean_what_their_writer_meant():
    meta = article(head="title: 1984\nslug: 007\nlanguage: no\ndate: 2026-11-16\ntags: [on, 1e3, null pointer]").meta

    assert (meta.title, meta.slug, meta.language, meta.tags) == ("1984", "007", "no", ("on", "1e3", "null pointer"))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-16", date(2026, 11, 16)),
        ("2026-1-6", date(2026, 1, 6)),
        ("2026-11-16T09:01:13Z", datetime(2026, 11, 16, 9, 1, 13, tzinfo=UTC)),
        ("2026-11-16 09:01:13 -0400", datetime(2026, 11, 16, 9, 1, 13, tzinfo=EDT)),
        ("2016-03-23 9:00:00 -4", datetime(2016, 3, 23, 9, tzinfo=EDT)),
        ("2026-11-16 9:05", datetime(2026, 11, 16, 9, 5)),  # noqa: DTZ001 - no zone was written
        ("2026-11-16T09:01:13.123+05:30", datetime(2026, 11, 16, 9, 1, 13, tzinfo=timezone(timedelta(minutes=330)))),
    ],
)
def test_a_date_is_read_as_it_stands(written, read):
    assert article(head=f"title: T\ndate: {written}").meta.date == read


@pytest.mark.parametrize(
    ("front", "field", "value"),
    [
        ("summary: Short.", "description", "Short."),
        ("excerpt: Short.", "description", "Short."),
        ("deck: Short.", "description", "Short."),
        ("Description: Short.", "description", "Short."),
        ("summary: Theirs.\ndescription: Ours.", "description", "Ours."),
        ("topics: [a, b]", "tags", ("a", "b")),
        ("categories: a", "tags", ("a",)),
        ("keywords: a, b", "tags", ("a", "b")),
        ("lang: de", "language", "de"),
        ("locale: de", "language", "de"),
        ("lastmod: 2026-11-20", "updated", date(2026, 11, 20)),
        ("last_modified_at: 2026-11-20", "updated", date(2026, 11, 20)),
        ("modified: 2026-11-20", "updated", date(2026, 11, 20)),
        ("canonical_url: https://example.org/a", "canonical", "https://example.org/a"),
        ("canonicalURL: https://example.org/a", "canonical", "https://example.org/a"),
        ("key_takeaways: One.", "takeaways", ("One.",)),
    ],
)
def test_the_words_of_other_programs_are_understood(front, field, value):
    assert getattr(article(front).meta, field) == value


@pytest.mark.parametrize("key", ["image", "featured_image", "cover", "primary_image", "hero_image"])
def test_a_picture_of_another_program_lacks_its_text_and_that_is_said(key):
    found = article(f"{key}: chair.png")

    assert found.meta.hero.src == "chair.png"
    assert [(note.rule, note.line) for note in found.notes] == [("image.alt", 4)]


@pytest.mark.parametrize("key", ["author", "authors"])
def test_an_id_for_an_author_becomes_a_name_and_that_is_said(key):
    found = article(f"{key}: ada-byron")

    assert [person.name for person in found.meta.authors] == ["Ada Byron"]
    assert [note.rule for note in found.notes] == ["author.id"]


@pytest.mark.parametrize("key", ["medical_reviewer", "reviewed_by"])
def test_a_reviewer_by_another_word(key):
    assert article(f"{key}: Mary Seacole").meta.reviewer.name == "Mary Seacole"


def test_empty_keys_are_as_good_as_absent():
    found = article("description:\nhero: ''\ntags: []\nauthors: [~, '']\nreviewer: null\nchannels: {}\ncanonical: ~")

    assert (found.meta.hero, found.meta.tags, found.meta.authors, found.notes) == (None, (), (), ())
    assert found.description == "Take a chair."


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_layout_switch_is_no_picture(value):
    assert article(f"hero: {value}").meta.hero is None


def test_keys_for_another_programs_layout_are_told_once_and_left_alone():
    found = article("layout: post\nweight: 3")

    assert [(note.rule, note.severity, note.line) for note in found.notes] == [
        ("article.key.foreign", "info", 4),
        ("article.key.foreign", "info", 5),
    ]


def test_a_file_name_gives_a_slug_and_jekylls_a_date():
    assert article(path="on_Reading.md").meta.slug == "on-reading"
    dated = article(head="title: T", path="2015-11-06-lessons.md").meta
    assert (dated.slug, dated.date) == ("lessons", date(2015, 11, 6))


def test_a_channel_of_its_own_name_goes_before_the_networks():
    found = article("channels:\n  mastodon: {text: All.}\n  mastodon:clinic: {text: One.}")

    assert [found.overrides(name).text for name in ("mastodon:clinic", "mastodon:other", "x")] == ["One.", "All.", None]


# What is refused


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("", "frontmatter.missing", 1),
        ("Just words.\n", "frontmatter.missing", 1),
        ("+++\ntitle = 'T'\n+++\nText", "frontmatter.missing", 1),
        ("---\ntitle: T\n\nText", "frontmatter.unclosed", 1),
        ("---\n- a\n---\nText", "yaml.mapping", 2),
        ("---\nwords\n---\nText", "yaml.mapping", 2),
        ("---\ntitle: a: b\n---\nText", "yaml.syntax", 2),
        ("---\ntags:\n\t- x\n---\nText", "yaml.syntax", 3),
        ("---\ntitle: T\n...\ntitle: U\n---\nText", "yaml.syntax", 4),
        ("---\ntitle: T\ntitle: U\n---\nText", "yaml.duplicate", 3),
        ("---\nhero:\n  src: a\n  src: b\n---\nText", "yaml.duplicate", 4),
        ("---\ntags: &a [x]\n---\nText", "yaml.anchor", 2),
        ("---\n? [a]\n: b\n---\nText", "yaml.key", 2),
        ("---\n" + HEAD + "---\n\n \n", "article.empty", 5),
    ],
)
def test_a_file_that_is_no_article_is_refused_with_its_line(text, rule, line):
    with pytest.raises(Refused) as refused:
        parse(decode(text.encode(), "a.md"), Path("a.md"))

    [finding] = refused.value.findings
    assert (finding.rule, finding.line, bool(finding.why)) == (rule, line, True)


def test_a_bomb_of_aliases_and_a_tower_of_brackets_are_refused_at_once():
    laughs = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 20))

    assert fault(f"l0: &l0 [ha]\n{laughs}").rule == "yaml.anchor"
    assert fault("tags: " + "[" * 9000 + "]" * 9000).rule == "yaml.depth"
    assert fault("description: " + "x" * 70_000).rule == "yaml.size"


@pytest.mark.parametrize("piece", ["  - ", "> ", "<div>", "<em>"])
def test_a_tower_of_lists_quotes_or_tags_is_refused_and_spoils_no_other_article(piece):
    with pytest.raises(Refused, match=r"a\.md:6: block: .* nested too deeply"):
        assert article(body=piece * 5_000 + "end").body

    assert article().body.lead == "Take a chair."
    assert article(body=piece * 50 + "end").body.words == 1


def test_all_faults_of_a_file_are_told_at_once_in_the_order_of_its_lines():
    found = faults(
        "authors: [{nme: A}]\nhero: {scr: a.png}\nchannels:\n  x: {hashtag: [a]}\ndraft: perhaps",
        head="titel: T\ndate: soon\n",
    )

    assert [(finding.line, finding.column, finding.rule) for finding in found] == [
        (1, 1, "article.title.missing"),
        (2, 1, "article.key.unknown"),
        (3, 1, "article.date"),
        (4, 11, "article.authors.0.name.missing"),
        (4, 12, "article.key.unknown"),
        (5, 1, "article.hero.src.missing"),
        (5, 8, "article.key.unknown"),
        (7, 7, "article.key.unknown"),
        (8, 1, "article.draft"),
    ]
    assert all(finding.mend for finding in found if finding.rule != "article.draft")


@pytest.mark.parametrize(
    ("front", "nearest"),
    [
        ("sumary: x", "summary"),
        ("desciption: x", "description"),
        ("hero: {src: a, atl: b}", "alt"),
        ("reviewer: {name: A, credential: MD}", "credentials"),
        ("call_to_action: {text: a, url: 'https://e.org', led: b}", "lead"),
        ("references: [{title: a, autors: b}]", "authors"),
        ("disclosures: [{text: a, shrt: b}]", "short"),
        ("channels: {x: {skp: true}}", "skip"),
        ("channels: {x: {image: {src: a, cpation: b}}}", "caption"),
    ],
)
def test_a_typo_at_any_depth_is_met_with_the_nearest_key(front, nearest):
    found = fault(front)

    assert (found.rule, found.mend) == ("article.key.unknown", f"Did you mean '{nearest}'?")


def test_a_key_that_resembles_none_is_told_and_not_used():
    [note] = article("horoscope: good").notes

    assert (note.rule, note.severity, note.line) == ("article.key.unknown", "warn", 4)


@pytest.mark.parametrize(
    ("front", "rule", "said"),
    [
        ("updated: 2026-13-45", "article.updated", "month must be in 1..12"),
        ("updated: 2026-11-16 29:00", "article.updated", "hour must be in 0..23"),
        ("updated: 2026-11-16 09:00 +99:00", "article.updated", "offset"),
        ("updated: 16/11/2026", "article.updated", "expected a date such as"),
        ("updated: [2026]", "article.updated", "expected a date such as"),
        ("slug: Not A Slug", "article.slug", "small letters"),
        ("slug: ../../etc/passwd", "article.slug", "small letters"),
        ("language: english language", "article.language", "language code"),
        ("canonical: javascript:alert(1)", "article.canonical", "web address"),
        ("canonical: https://", "article.canonical", "web address"),
        ("canonical: https://exa mple.org", "article.canonical", "web address"),
        ("tags: {a: b}", "article.tags", "expected text"),
        ("channels: [x]", "article.channels", "key: value lines"),
        ("channels: {x: [a]}", "article.x", "key: value lines"),
        ("channels: {x: 5}", "article.x", "false to skip"),
        ("channels: {x: {thread: [a, '']}}", "article.thread", "some text"),
        ("channels: {x: {hashtags: ['a b']}}", "article.hashtags", "one word"),
        ("references: [{title: a, year: '19.5'}]", "article.year", "whole number"),
        ("references: [[]]", "article.references", "key: value lines"),
    ],
)
def test_a_value_that_can_not_be_used_is_told_with_what_was_expected(front, rule, said):
    found = fault(front)

    assert (found.rule, said in found.why, found.line) == (rule, True, 4)


def test_another_programs_key_is_named_as_the_file_spells_it():
    assert "'lastmod'" in fault("lastmod: soon").why


# Whatever comes


PIECES = st.sampled_from(
    ["---\n", "title: T\n", "date: 2026-11-16\n", "tags: [", "]\n", "hero: {src: ", "}\n", "\t", '"', "&a ", "*a", "\r",
     "channels:\n  x:\n", "    thread: ", "{% raw %}", "{{< x", ">}}", "{{", "}}", "```\n", "- ", ": ", "|\n  ", "é",
     "\ufeff", "\x00", "\x85", "\u2028", "🙂", "![](", ")", "[^1]", "<script>"]
)  # fmt: skip
HEADED = st.lists(PIECES, max_size=12).map(lambda pieces: f"---\n{HEAD}{''.join(pieces)}\n---\n{''.join(pieces)}x")


@given(st.one_of(st.binary(max_size=400), st.lists(PIECES, max_size=30).map("".join), HEADED))
def test_any_bytes_are_an_article_or_refused_with_places_that_exist(data):
    data = data if isinstance(data, bytes) else data.encode()
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
    try:
        found = parse(decode(data, "a.md"), Path("a.md"))
    except Refused as refused:
        findings = refused.findings
        assert findings
        assert any(finding.severity == "block" for finding in findings)
    else:
        findings = found.notes
        assert not list(found.body.root.iter("script", "style", "iframe"))

    assert all(0 <= finding.line <= lines + 1 and finding.why for finding in findings)

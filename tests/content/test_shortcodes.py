"""Other programs' shortcodes: told with their line, never shown, and nothing else touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.shortcodes import remove
from content.source import MAX_BYTES


def cleaned(text):
    return remove(text, "a.md", 10).text


def noted(text):
    return [(note.line, note.severity) for note in remove(text, "a.md", 10).notes]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('A {{< figure src="a.png" >}} b', "A  b"),
        ("A {{% notice %}} b {{% /notice %}} c", "A  b  c"),
        ("A {% include a.html %} b", "A  b"),
        ("A {%- if x -%}b{%- endif -%} c", "A b c"),
        ("A {{ site.title }} b", "A  b"),
        ("A {# a note #} b", "A  b"),
        ("A {% comment %}not for readers{% endcomment %} b", "A  b"),
        ("{% highlight ruby %}\nputs 1\n{% endhighlight %}", "\nputs 1\n"),
    ],
)
def test_every_kind_is_taken_out_and_told(text, left):
    assert cleaned(text) == left
    assert {severity for _, severity in noted(text)} == {"warn"}


def test_a_literal_in_a_filter_keeps_its_words():
    note = remove("[About]({{ '/about/' | relative_url }})", "a.md", 10).notes[0]

    assert cleaned("[About]({{ '/about/' | relative_url }})") == "[About](/about/)"
    assert "'/about/'" in note.why


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("See [our page]({% post_url 2015-a %}).", "See our page."),
        ("See ![a chair]({{ site.url }}{{ page.image }}) there.", "See  there."),
        ('<img src="{{ page.image }}" alt="A chair">', ""),
        ('<a href="{{ site.url }}">home</a>', "<a>home</a>"),
        ("A link <{{ site.url }}>.", "A link ."),
    ],
)
def test_a_link_to_nowhere_becomes_its_words(text, left):
    assert cleaned(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Write {% raw %}{{ name }}{% endraw %} here.", "Write {{ name }} here."),
        ("Write {{</* figure */>}} here.", "Write {{< figure >}} here."),
        ("Write {{%/* notice */%}} here.", "Write {{% notice %}} here."),
        ("Write `{{ name }}` here.", "Write `{{ name }}` here."),
        ("Write ``a ` {{ name }}`` here.", "Write ``a ` {{ name }}`` here."),
        ("```\n{{< figure >}}\n```\n", "```\n{{< figure >}}\n```\n"),
        ("~~~ jinja\n{% if x %}\n~~~\n", "~~~ jinja\n{% if x %}\n~~~\n"),
        ("```\n{{ never closed }}\n", "```\n{{ never closed }}\n"),
    ],
)
def test_what_is_shown_on_purpose_stays(text, left):
    assert (cleaned(text), noted(text)) == (left, [])


@pytest.mark.parametrize("text", ["A set {1, 2} of {{1}", "50 {% of it", "{{ never closed", "a }} b {{", "{#}"])
def test_braces_that_are_no_shortcode_lose_no_text(text):
    assert cleaned(text) == text


def test_a_forgotten_end_takes_nothing_with_it():
    assert cleaned("A {{ oops\n\nThe body.\n\nB {{ site.title }} c") == "A {{ oops\n\nThe body.\n\nB  c"


def test_each_is_told_with_its_own_line_and_the_lines_after_it_keep_theirs():
    text = 'one {{ a }}\n{{< figure\n  src="a"\n>}}\nfive {% b %}\n'

    assert noted(text) == [(10, "warn"), (11, "warn"), (14, "warn")]
    assert cleaned(text).split("\n")[4] == "five "


def test_a_note_shows_no_more_than_a_line():
    [note] = remove("{{< figure " + "x" * 5000 + " >}}", "a.md", 1).notes

    assert len(note.why) < 150


TOKENS = st.sampled_from(["{{<", ">}}", "{{%", "%}}", "{%", "%}", "{{", "}}", "{#", "#}", "raw", "endraw", "comment",
                          "endcomment", "`", "```\n", "\n", "\n\n", "word ", "[a](", ")", "![", "<img src=\"", "\">", "/*", "*/"])  # fmt: skip


@given(st.lists(TOKENS, max_size=40).map("".join))
def test_no_line_is_ever_lost_and_no_stand_in_is_left(text):
    left = cleaned(text)

    assert left.count("\n") == text.count("\n")
    assert not set(left) & set("\ufdd0\ufdd1\ufdd2")
    assert all(10 <= line <= 10 + text.count("\n") for line, _ in noted(text))


@pytest.mark.parametrize("piece", ["{{<", "{%", "{{", "{#", "{% comment %}", "{% raw %}", "`", "{{ a }}\n", "[a]("])
def test_the_largest_file_of_one_piece_ends(piece):
    """A search that goes back to every earlier opening would take hours here."""
    text = "x" + piece * (MAX_BYTES // len(piece)) + "\n\n{{ a }}"

    assert cleaned(text).count("\n") == text.count("\n")
    assert noted(text)[-1][0] == 10 + text.count("\n")

"""Quotes, dashes and dots, as a printer sets them."""

import pytest

from content.markdown import render
from content.typography import educate


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ('She said "yes".', "She said “yes”."),
        ("It's 'fine'", "It’s ‘fine’"),
        ("the '90s", "the ’90s"),
        ('("a" "b")', "(“a” “b”)"),
        ("a -- b --- c", "a – b — c"),
        ("-----", "-----"),
        ("well...", "well…"),
        ("the dogs' bowls", "the dogs’ bowls"),
        ("already “set” – fine", "already “set” – fine"),
    ],
)
def test_marks_are_set(typed, printed):
    assert educate(typed) == printed


def test_a_quote_knows_what_stands_before_it_in_another_element():
    assert render('Say "*yes*" and *"no"*.').root.text_content().strip() == "Say “yes” and “no”."


def test_code_is_left_alone():
    assert render('`a -- "b"`').root.text_content().strip() == 'a -- "b"'


def test_setting_twice_changes_nothing():
    text = """'Twas "so" -- it's... '90s"""

    assert educate(educate(text)) == educate(text)

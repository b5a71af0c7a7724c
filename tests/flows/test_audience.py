"""Lists as people and programs write them: what is read of each row, and what is said of a list that is none."""

from __future__ import annotations

import csv
import random
import tracemalloc

import pytest
from pydantic import SecretStr

from channels.lines import Recipient
from channels.newsletter import NewsletterSettings
from channels.seal import Seal
from flows.audience import PAGE, Audience, AudienceUnusable, Left, checked
from flows.segments import Segment, column
from flows.settings import account_settings

SEAL = Seal(b"a secret of at least sixteen bytes")


@pytest.fixture
def listed(tmp_path):
    """A list with this content, as an account would have it."""

    def made(content, **more):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "list.csv").write_bytes(data)
        given = {"consent": "elsewhere", "fields": ("first_name",), **more}
        return Audience(source="list.csv", seal=SEAL, root=tmp_path, **given)

    return made


def read(audience):
    """Everybody of a list: addresses and first names."""
    return [(found.address, found.fields.get("first_name", "")) for found in all_of(audience)]


def all_of(audience):
    return [found for page in audience.pages() for found in page]


def digest(audience):
    all_of(audience)
    return audience.digest


TABLES = {
    "commas": "email,first_name\na@list.test,Ann\nb@list.test,Bob\n",
    "semicolons": "email;first_name\na@list.test;Ann\nb@list.test;Bob\n",
    "tabs": "email\tfirst_name\na@list.test\tAnn\nb@list.test\tBob\n",
    "Windows": "email,first_name\r\na@list.test,Ann\r\nb@list.test,Bob\r\n",
    "a mark at its beginning": "\ufeffemail,first_name\na@list.test,Ann\nb@list.test,Bob\n",
    "quotes": '"email","first_name"\n"a@list.test","Ann"\n"b@list.test","Bob"\n',
    "no end of line": "email,first_name\na@list.test,Ann\nb@list.test,Bob",
    "empty lines": "email,first_name\n\na@list.test,Ann\n,\n\nb@list.test,Bob\n\n",
    "other columns": "id,First Name,city,Email Address\n1,Ann,Kew,a@list.test\n2,Bob,Bath,b@list.test\n",
    "blanks": "email, first_name\n a@list.test ,Ann\nb@list.test\t,Bob\n",
    "cells too many": "email,first_name\na@list.test,Ann,x,y\nb@list.test,Bob\n",
}


@pytest.mark.parametrize("content", TABLES.values(), ids=TABLES)
def test_a_list_is_read_whichever_program_wrote_it(listed, content):
    assert read(listed(content)) == [("a@list.test", "Ann"), ("b@list.test", "Bob")]


@pytest.mark.parametrize(
    "head", ["email", "Email", "E-Mail", "Email Address", " EMAIL_ADDRESS ", "mail", "e mail", "Address"]
)
def test_the_column_of_addresses_has_many_names(listed, head):
    assert read(listed(f"{head},First-Name\na@list.test,Ann\n")) == [("a@list.test", "Ann")]


def test_of_several_such_columns_the_plainest_counts(listed):
    assert read(listed("address,email,first_name\n1 Long Walk,a@list.test,Ann\n")) == [("a@list.test", "Ann")]


def test_commas_quotes_and_line_breaks_within_a_cell_stay_there(listed):
    content = 'email,first_name\na@list.test,"Lovelace, Ada\nthe ""first"""\nb@list.test,Bob\n'

    assert read(listed(content)) == [("a@list.test", 'Lovelace, Ada\nthe "first"'), ("b@list.test", "Bob")]


@pytest.mark.parametrize(
    "content", ["first_name,email\nAnn\nBob,b@list.test\n", "first_name;email\nBob;b@list.test\nA"]
)
def test_a_row_without_its_last_cells_is_left_out_alone(listed, content):
    found = all_of(listed(content))

    assert [one.address for one in found if isinstance(one, Recipient)] == ["b@list.test"]
    assert [one.why for one in found if isinstance(one, Left)] == ["no valid address"]


def test_a_row_is_named_by_its_line(listed):
    found = all_of(listed("email,first_name\na@list.test,Ann\nno address,Bob\n\nc@list.test,\n@,\n"))

    assert [(one.row, isinstance(one, Left)) for one in found] == [(2, False), (3, True), (5, False), (6, True)]


@pytest.mark.parametrize(
    ("content", "more", "why"),
    [
        ("name,city\nAnn,Kew\n", {}, "no column 'email'; it has name, city"),
        ("email,name\na@list.test,Ann\n", {"consent": "required"}, "when anybody agreed"),
        ("email\na@list.test\n", {"segments": (Segment.of("city=Kew"),)}, "no column 'city'; it has email"),
        (
            'email,name,x\na@list.test,"Bob,1\nb@list.test,Ann,2\nc@list.test,Cy,3\n',
            {},
            "line 4: unexpected end of data; is",
        ),
        (
            'email,name,x\na@list.test,"Bob,1\nb@list.test,Ann,2\nc@list.test,Cy",3\n',
            {},
            "line 4: a cell holds other rows",
        ),
        ("email\na@list.test\nü@list.test\n".encode("latin-1"), {}, "not UTF-8"),
        ("email\na@list.test\n".encode("utf-16"), {}, "not UTF-8"),
        ('email\n"' + "x" * 200_000, {}, "can't be read"),
    ],
)
def test_a_list_that_is_none_is_refused_with_its_reason(listed, content, more, why):
    with pytest.raises(AudienceUnusable, match=why):
        all_of(listed(content, **more))


def test_a_database_that_nobody_asks_for_anybody_names_the_variable_that_would(tmp_path):
    settings = account_settings(NewsletterSettings, "newsletter:b", tmp_path)
    settings = settings.model_copy(update={"audience": SecretStr("sqlite:///crm.db")})
    with pytest.raises(AudienceUnusable, match="no query says who is meant: set PRESSROOM_NEWSLETTER_B_QUERY"):
        all_of(Audience.of(settings, SEAL, tmp_path))


@pytest.mark.parametrize("source", ["nowhere.csv", "."])
def test_a_file_that_is_not_there_is_named_without_its_folder(tmp_path, source):
    with pytest.raises(AudienceUnusable, match="can't be read"):
        all_of(Audience(source=source, seal=SEAL, root=tmp_path))


@pytest.mark.parametrize("content", ["", "\n", "email,first_name\n", "email"])
def test_an_empty_list_has_nobody(listed, content):
    assert all_of(listed(content)) == []


def test_who_never_agreed_is_left_out_and_what_lacks_of_the_proof_is_said(listed):
    content = "email,consent_at,consent_by\na@list.test,2026-01-01,form\nb@list.test,,form\nc@list.test, ,\n"
    audience = listed(content, consent="required")
    found = all_of(audience)

    assert [one.why if isinstance(one, Left) else one.address for one in found] == ["a@list.test", *["no consent"] * 2]
    assert audience.unproved == ("consent_wording",)


@pytest.mark.parametrize("name", ["confirmed_at", "CONFIRM_TIME", "Optin Time", "opted-in at"])
def test_services_call_the_time_of_consent_by_other_names(listed, name):
    assert read(listed(f"email,first_name,{name}\na@list.test,Ann,2026-01-01\n", consent="required"))


def test_the_digest_is_that_of_who_and_which_words_in_any_order(listed):
    rows = [f"r{n}@list.test,Name{n},note {n}" for n in range(1200)]
    head = "email,first_name,note"
    first = digest(listed("\n".join([head, *rows])))
    random.Random(1).shuffle(rows)
    shuffled = digest(listed("\n".join([head, *rows])))
    noted = digest(listed("\n".join([head, *(f"{row} more" for row in rows)])))
    renamed = digest(listed("\n".join([head, *rows]).replace("Name7,", "Name8,")))
    shorter = digest(listed("\n".join([head, *rows[1:]])))

    assert len(first) == 64
    assert first == shuffled == noted
    assert len({first, renamed, shorter}) == 3


def test_the_digest_of_a_part_of_the_list_knows_nothing_of_the_rest(listed):
    kew = {"segments": (Segment.of("city=kew"),)}
    content = "email,first_name,city\na@list.test,Ann,Kew\nb@list.test,Bob,Bath\n"

    assert digest(listed(content, **kew)) == digest(listed(content.replace("Bob", "Bert"), **kew))
    assert digest(listed(content, **kew)) != digest(listed(content.replace("Bath", "Kew"), **kew))


def test_each_reading_begins_anew(listed):
    audience = listed("email,first_name\na@list.test,Ann\n")

    assert read(audience) == read(audience)
    assert digest(audience) == digest(audience)


def test_only_the_fields_that_the_mail_asks_for_are_kept(listed):
    [ann] = all_of(listed("email,first_name,diagnosis\na@list.test,Ann,secret\n"))

    assert ann.fields == {"first_name": "Ann"}
    assert (ann.domain, ann.hashed) == ("list.test", SEAL.hash("A@List.test"))
    assert "a@list.test" not in repr(ann)


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        (["city=Kew"], ["a", "d"]),
        (["city= kew , BATH "], ["a", "b", "d"]),
        (["city!=Kew"], ["b", "c"]),
        (["City != Kew,Bath"], ["c"]),
        (["city="], ["c"]),
        (["city=Kew", "plan=gold"], ["d"]),
        (["plan=a=b"], ["c"]),
    ],
)
def test_a_segment_takes_those_it_says(listed, spelled, meant):
    content = "email,city,plan\na@list.test,Kew,\nb@list.test,Bath,gold\nc@list.test,,a=b\nd@list.test, KEW ,gold\n"
    audience = listed(content, segments=tuple(map(Segment.of, spelled)))

    assert [address.partition("@")[0] for address, _ in read(audience)] == meant


@pytest.mark.parametrize("spelled", ["", "city", "=Kew", "!=Kew", " = ", "city:Kew", "! =x"])
def test_a_segment_that_says_nothing_is_no_segment(spelled):
    with pytest.raises(ValueError, match="expected a segment such as city=Boston"):
        Segment.of(spelled)


@pytest.mark.parametrize(
    ("name", "asked"), [("Email Address", "email_address"), (" First-Name ", "first_name"), ("*Ünvan*", "ünvan")]
)
def test_a_columns_name_is_asked_for_in_one_way(name, asked):
    assert column(name) == asked


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("ada@example.org", "ada@example.org"),
        (" Ada.Lovelace+news@EXAMPLE.org\n", "Ada.Lovelace+news@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("a_b-c=d@sub.example-host.museum", "a_b-c=d@sub.example-host.museum"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_an_address_is_taken_as_it_goes_over_the_wire(given, address):
    assert checked(given) == address


@pytest.mark.parametrize(
    "given",
    [
        "", "ada", "@example.org", "ada@", "ada@@example.org", "ada@example", "ada@localhost", "ada@.org",
        "ada@example..org", ".ada@example.org", "ada.@example.org", "a..b@example.org", "ada@-example.org",
        "ada @example.org", "ada@exam ple.org", "ada@example.org,grace@example.org", "<ada@example.org>",
        "Ada <ada@example.org>", "ada@example.org\r\nBcc: grace@example.org", "ada\r\n@example.org",
        '"ada lovelace"@example.org', "ada@[127.0.0.1]", "ädä@example.org", "a" * 65 + "@example.org",
        "ada@" + "a" * 64 + ".org", "ada@" + ".".join(["a" * 60] * 5) + ".org", "ada@example.org>",
        "ada@example.123", "ada\x00@example.org", "ada@example.org\u202e", "mailto:ada@example.org",
    ],
)  # fmt: skip
def test_what_is_no_address_is_none(given):
    assert checked(given) == ""


def test_a_long_list_takes_no_more_memory_than_a_short_one(listed, tmp_path):
    def peak(rows):
        with (tmp_path / "list.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["email", "first_name"])
            writer.writerows((f"r{n}@list.test", f"Name{n}") for n in range(rows))
        audience = Audience(source="list.csv", seal=SEAL, root=tmp_path, consent="elsewhere", fields=("first_name",))
        tracemalloc.start()
        for _ in audience.pages():
            pass
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(PAGE)  # what is loaded once counts for neither
    assert peak(40 * PAGE) < 1.5 * peak(3 * PAGE)

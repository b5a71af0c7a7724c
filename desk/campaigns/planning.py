"""`pressroom campaign plan`: what a campaign will do, before anybody starts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from channels.registry import channel_class
from content.findings import blocking
from desk.campaigns.choosing import chosen
from desk.campaigns.drawing import Row, about, aim, dollars, indented, local, many, table, titled, utc
from desk.proofs.campaigns import rhythm
from desk.proofs.reasons import settled
from desk.wording import describe
from flows import clock
from flows.agenda import Agenda
from flows.courses import OVER
from flows.directing import stops
from flows.forecast import forecast
from flows.lookup import looking

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from desk.console import Voice
    from flows.courses import Course, StageState
    from flows.forecast import Forecast, Line
    from flows.schedule import Slot

HEADS = ("STEP", "CHANNELS", "  LOCAL TIME", "UTC")
MOST = {0: 18, 1: 30}


def plan_campaign(named: str, article: str, root: Path, voice: Voice, *, verbose: bool) -> int:
    """Show every step, and all that stands in its way. Writes nothing. Raises `Refused`."""
    campaign, slug = chosen(named, article, root)
    with looking(root) as ledger:
        found = forecast(campaign, root, clock.now(), ledger, article=slug)
        known = Agenda(ledger.engine).course(found.course.id) if ledger else None
        states = _states(known, Agenda(ledger.engine)) if ledger and known else {}
    introduce(found, root, voice)
    draw(found, voice, states, verbose=verbose)
    conclude(found, voice)
    voice.findings(found.findings)
    if known:
        voice.say(f"It was started already, and is {known.state}: pressroom campaign status {known.id}", "dim")
    voice.data({**told(found, states), "state": known.state if known else ""})
    _advise(found, voice, known=bool(known))
    return 1 if blocking(found.findings) else 0


def _states(course: Course, agenda: Agenda) -> dict[str, StageState]:
    """How the steps of a campaign that was started stand."""
    stages = agenda.stages([course.id])[course.id]
    return {step: settled(course, stage).state for step, stage in stages.items()}


def introduce(found: Forecast, root: Path, voice: Voice) -> None:
    """What it is, of which article, and whose clocks tell its times."""
    terms = found.course.plan.terms
    topics = ", ".join(terms.each.tags) if terms.each else ""
    each = f"of each new article about {topics}" if topics else "of each new article"
    said = titled(found.course.article, root) or each
    voice.say(f"{found.course.id}: {said}, {aim(terms.destination)}", "bold")
    voice.say(f"Times are those of clocks in {terms.timezone}; ~ is an estimate.", "dim")
    voice.say()


def draw(
    found: Forecast, voice: Voice, states: Mapping[str, StageState], *, verbose: bool = False, notes: bool = True
) -> None:
    """The steps as a table; of what comes again its next times too. `states`: of what was started already."""
    zone = found.course.plan.terms.zone
    rows = [
        Row(
            cells=(
                line.step,
                ", ".join(line.accounts),
                about(line.slot.due, zone, firm=line.slot.firm),
                utc(line.slot.due),
            ),
            below=tuple(_below(line, found, states.get(line.step), verbose=verbose)) if notes else (),
        )
        for line in found.lines
    ]
    table(voice, HEADS, rows, MOST)
    voice.say()
    if found.turns:
        _comes_again(found, voice)


def conclude(found: Forecast, voice: Voice) -> None:
    """What it comes to."""
    terms = found.course.plan.terms
    number = sum(len(line.accounts) for line in found.lines)
    each = " each time" if terms.repeat or terms.each else ""
    said = f"{many(len(found.lines), 'step')}, {number:,} {'delivery' if number == 1 else 'deliveries'}{each}."
    charged = ", ".join(f"{account} {dollars(sum_)}" for account, sum_ in found.costs.accounts.items())
    if charged:
        said += f" Networks charge about {dollars(found.costs.total)}: {charged}."
    elif terms.destination == "accounts" and found.costs.known:
        said += " Nothing is charged."
    voice.say(said)


def told(found: Forecast, states: Mapping[str, StageState]) -> dict[str, Any]:
    """The plan for scripts."""
    course, terms = found.course, found.course.plan.terms
    return {
        "campaign": course.id,
        "article": course.article,
        "timezone": terms.timezone,
        "destination": terms.destination,
        "steps": [{**_step(line, found), "state": states.get(line.step, "")} for line in found.lines],
        "turns": [_slot(slot, found) for slot in found.turns],
        "costs": {"accounts": dict(found.costs.accounts), "total": found.costs.total if found.costs.known else None},
        "findings": found.findings,
    }


def _step(line: Line, found: Forecast) -> dict[str, Any]:
    step = found.course.plan.steps[line.step]
    carries = [{"channel": a, "digest": r.digest, "says": describe(r)} for a, r in line.carries]
    return {
        "step": line.step,
        "channels": line.accounts,
        **_slot(line.slot, found),
        "waits_for": "" if line.slot.firm else found.course.plan.base(line.step),
        "condition": line.condition,
        "stop_line": step.stop_line,
        "recipients": line.recipients,
        "carries": carries,
    }


def _slot(slot: Slot, found: Forecast) -> dict[str, Any]:
    there = slot.due.astimezone(found.course.plan.terms.zone)
    return {"utc": slot.due, "local": there, "zone": f"{there:%Z}", "firm": slot.firm, "notes": slot.notes}


def _below(line: Line, found: Forecast, state: StageState | None, *, verbose: bool) -> Iterator[tuple[str, str]]:
    if state in OVER:
        yield f"{state} already", "good"
    yield from ((note, "warn") for note in line.slot.notes)
    if facts := list(_facts(line, found)):
        yield "; ".join(facts), "dim"
    if verbose:
        yield from ((f"{account}: {describe(rendition)}", "") for account, rendition in line.carries)


def _facts(line: Line, found: Forecast) -> Iterator[str]:
    """What a step waits for, to whom it goes, and what else is its own."""
    plan, step = found.course.plan, found.course.plan.steps[line.step]
    if not line.slot.firm:
        yield f"waits for: {plan.base(line.step)}"
    if line.condition:
        yield line.condition
    if step.stop_line:
        yield "stop-line: unless it is sent, nothing after it goes out"
    if line.recipients is not None:
        yield f"to {many(line.recipients, 'reader')}"
    yield from (f"segment {segment}" for segment in step.segments or plan.terms.segments)
    if audience := step.audience or plan.terms.audience:
        yield f"list {audience}"
    if variant := step.variant or found.course.variant:
        yield f"variant {variant}"
    if plan.terms.quiet and not step.quiet:
        yield "may go out in quiet hours"
    yield from _left_out(line)


def _left_out(line: Line) -> Iterator[str]:
    """Accounts that nothing goes to by itself."""
    carried = {account for account, _ in line.carries}
    if skipped := [account for account in line.accounts if carried and account not in carried]:
        yield f"the article skips {', '.join(skipped)}"
    if by_hand := [account for account in carried if channel_class(account).can.by_hand]:
        yield f"laid out for you to post: {', '.join(by_hand)}"


def _comes_again(found: Forecast, voice: Voice) -> None:
    terms = found.course.plan.terms
    repeat = terms.repeat
    again = rhythm(found.course.plan)
    voice.say(f"It comes {again[:1].lower()}{again[1:]}; above is its next time. Its next times:")
    for number, slot in enumerate(found.turns):
        turns = repeat.variants if repeat else ()
        variant = f"  variant {turns[(found.course.number + number) % len(turns)]}" if turns else ""
        voice.say(f"{'  '}{local(slot.due, terms.zone)}  {utc(slot.due)} UTC{variant}")
        for note in slot.notes:
            indented(voice, note, "warn")
    voice.say()


def _advise(found: Forecast, voice: Voice, *, known: bool) -> None:
    if mends := stops(found):
        voice.say(f"It can't be started: {many(len(mends), 'thing')} must be mended first.", "block")
    elif blocking(found.findings):
        voice.say("It can be started, but what lapses before its step must be renewed until then.", "warn")
    elif not known:
        voice.say(f"Start it: pressroom campaign start {found.course.campaign}{_article(found)}", "dim")


def _article(found: Forecast) -> str:
    each = found.course.plan.terms.each
    return f" --article {found.course.article}" if each and found.course.article else ""

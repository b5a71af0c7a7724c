"""Runs at Prefect's: one is booked for each step whose time is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flows.errors import PrefectUnreachable

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from flows.courses import Course, Stage

DEPLOYMENT = "campaign-step/press"
LEAD = timedelta(seconds=12)  # that a run begins before its moment: it renders first, then waits for it


@dataclass(frozen=True, slots=True)
class Booking:
    """What Prefect is asked for."""

    course: Course
    stage: Stage
    at: datetime

    @property
    def key(self) -> str:
        """The same booking twice is one run."""
        return f"pressroom/{self.course.key}/{self.stage.step}/r{self.stage.revision}"

    @property
    def name(self) -> str:
        """What people see: the campaign, the step, and the time by its clocks."""
        due = (self.stage.due_at or self.at).astimezone(self.course.plan.terms.zone)
        return f"{self.course.id}: {self.stage.step}, {due:%a %-d %b %H:%M %Z}"

    @property
    def parameters(self) -> dict[str, Any]:
        """The run's parameters."""
        call = {"course": self.course.id, "step": self.stage.step, "revision": self.stage.revision}
        return {"call": call}

    @property
    def tags(self) -> list[str]:
        """To find it by in Prefect's pages."""
        return ["campaign", self.course.campaign, self.course.article]


class Bookings(AbstractContextManager["Bookings"]):
    """Prefect's side of the agenda. Raises `PrefectUnreachable` where the server can't be asked."""

    def __init__(self) -> None:
        from prefect.client.orchestration import get_client  # noqa: PLC0415 - Prefect takes seconds to import

        self._client: SyncPrefectClient = get_client(sync_client=True)
        self._deployment: UUID | None = None

    def __enter__(self) -> Bookings:
        """Open the connection."""
        with _reached():
            self._client.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self._client.__exit__(*error)

    def book(self, booking: Booking) -> str:
        """Have a run; its id. Once for each revision of a stage."""
        from prefect.states import Scheduled  # noqa: PLC0415

        begin = min(booking.at, max(booking.at - LEAD, datetime.now(UTC)))
        with _reached():
            run = self._client.create_flow_run_from_deployment(
                self._known(),
                parameters=booking.parameters,
                state=Scheduled(scheduled_time=begin),
                name=booking.name,
                tags=booking.tags,
                idempotency_key=booking.key,
            )
        return str(run.id)

    def cancelled(self, run: str) -> bool:
        """Whether a person has cancelled a run."""
        from prefect.exceptions import ObjectNotFound  # noqa: PLC0415

        with _reached():
            try:
                state = self._client.read_flow_run(UUID(run)).state
            except ObjectNotFound:
                return False
        return state is not None and (state.is_cancelled() or state.is_cancelling())

    def free(self, run: str) -> None:
        """Cancel a run that has not begun. One that is gone or over is no error."""
        from prefect.exceptions import ObjectNotFound  # noqa: PLC0415
        from prefect.states import Cancelled, Cancelling  # noqa: PLC0415

        with _reached():
            try:
                state = self._client.read_flow_run(UUID(run)).state
                if state and state.is_scheduled():
                    self._client.set_flow_run_state(UUID(run), Cancelling())
                elif state and state.is_pending():
                    # its worker may be dead, and nobody would end what is being cancelled; begun all the same, it
                    # finds that its revision is an old one
                    self._client.set_flow_run_state(UUID(run), Cancelled(), force=True)
            except ObjectNotFound:
                return

    def _known(self) -> UUID:
        if self._deployment is None:
            self._deployment = self._client.read_deployment_by_name(DEPLOYMENT).id
        return self._deployment


@contextmanager
def _reached() -> Iterator[None]:
    """Raise `PrefectUnreachable` for all that can go wrong between here and the server."""
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415

    try:
        yield
    except ObjectNotFound as error:
        mend = "start it with `pressroom up`, or deploy it with `prefect --no-prompt deploy --all`"
        raise PrefectUnreachable(f"the Prefect server has no deployment '{DEPLOYMENT}': {mend}") from error
    except Exception as error:  # what its client raises is its HTTP library's, pydantic's, or its own
        raise PrefectUnreachable(f"the Prefect server can't be asked: {type(error).__name__}: {error}") from error

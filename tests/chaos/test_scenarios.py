"""Every fault of the table has its expected outcome, and running again repairs what it broke."""

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.support.scenarios import DONE, SCENARIOS, Scenario
from tests.support.workplace import Workplace

AT_ONCE = 3  # runs; a run keeps two cores busy for a part of its time only


@pytest.fixture(scope="module", name="ended")
def fixture_ended(workplace: Workplace, request: pytest.FixtureRequest) -> Iterator[dict[str, "Future[None]"]]:
    """The scenarios of the tests that were selected, played some at a time."""
    selected = {item.name for item in request.session.items}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            scenario.name: pool.submit(play, workplace, scenario)
            for scenario in SCENARIOS
            if any(f"[{scenario.name}]" in name for name in selected)
        }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_fault_has_its_outcome_and_the_next_run_repairs_it(
    ended: dict[str, "Future[None]"], scenario: Scenario
) -> None:
    ended[scenario.name].result()


def play(workplace: Workplace, scenario: Scenario) -> None:
    """The run with the fault, and the one after it."""
    prefix = workplace.put(scenario.name, *scenario.documents)
    broken = workplace.finish(workplace.start(scenario.name, prefix, **scenario.options))
    assert (broken["status"], broken.get("cause")) == (scenario.status, broken.get("cause"))
    assert re.search(scenario.says, broken.get("cause", "")), broken
    assert workplace.jobs(scenario.name) == scenario.jobs
    _check_first_ledger(workplace, scenario)
    again = f"{scenario.name}-again"
    repair = workplace.finish(workplace.start(again, prefix, **scenario.options))
    assert repair["status"] == "SUCCEEDED", repair.get("cause")
    assert len(workplace.rows(again)) == scenario.repaired
    assert workplace.current(prefix) == {name: scenario.current.get(name, DONE) for name in scenario.documents}


def _check_first_ledger(workplace: Workplace, scenario: Scenario) -> None:
    """Every document has the one row that it should have; a green run's plan is its ledger."""
    rows = workplace.rows(scenario.name)
    found = {name: [(row["status"], row["error_class"]) for row in rows.get(name, [])] for name in scenario.documents}
    assert found == {name: [outcome] if outcome else [] for name, outcome in scenario.documents.items()}
    if scenario.status == "SUCCEEDED":
        report = workplace.report(scenario.name)
        assert report["balanced"] and report["planned"] == len(scenario.documents) == len(rows)
        paged = {name for name, _, _ in workplace.pages(scenario.name)}
        assert paged == {name for name, outcome in scenario.documents.items() if outcome == DONE}

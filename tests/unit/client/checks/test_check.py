"""A check that goes wrong is a row like any other."""

import pytest

from distributed_ocr_pipeline.client.checks.check import Check, Found, State, checked, checked_after
from distributed_ocr_pipeline.errors import BadInput, ExitCode, MissingTool, PipelineError


def fails(error: Exception) -> Check:
    def look() -> Found:
        raise error

    return checked("it", look)


@pytest.mark.parametrize(
    ("error", "code"), [(MissingTool("Not there.", "Install it."), 69), (BadInput("Not there.", "Install it."), 64)]
)
def test_a_fault_of_the_tree_is_a_problem_with_its_advice(error: PipelineError, code: int) -> None:
    assert fails(error) == Check("it", State.PROBLEM, "Not there.", "Install it.", ExitCode(code))


def test_any_other_fault_is_ours() -> None:
    found = fails(KeyError("a"))
    assert (found.state, found.exit_code) == (State.PROBLEM, ExitCode.INTERNAL)
    assert found.found == "Internal error: KeyError: 'a'." and found.advice


def test_what_needs_what_is_broken_is_not_looked_at() -> None:
    looks: list[str] = []

    def look() -> Found:
        looks.append("looked")
        return Found("there")

    broken = checked_after(fails(KeyError()), "next", look)
    assert (broken.state, "it" in broken.found, looks) == (State.HINT, True, [])
    assert checked_after(checked("it", look), "next", look) == Check("next", State.OK, "there")

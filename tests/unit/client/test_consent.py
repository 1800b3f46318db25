"""The question before a run that may cost more than the caller's limit."""

from io import StringIO

import pytest

from distributed_ocr_pipeline.client.consent import ask_above
from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.planning.estimating import Estimate, Range
from distributed_ocr_pipeline.run.plan import Plan
from tests.support.plans import make_plan


class Terminal(StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def plan(usd: float, documents: int = 7) -> Plan:
    cost = Range(usd / 2, usd / 4, usd)
    return make_plan(documents=documents, estimate=Estimate("ml.t3.xlarge", 1, 1, 5, cost, cost, 0, 0))


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
def test_a_dear_run_is_started_after_a_yes(answer: str) -> None:
    questions = StringIO()
    ask_above(5, Terminal(answer), questions)(plan(5.01))
    assert "7 documents" in questions.getvalue() and "5.01" in questions.getvalue()
    assert questions.getvalue().endswith("[y/N] ")


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yesterday\n"])
def test_it_is_not_started_after_anything_else(answer: str) -> None:
    with pytest.raises(BadInput, match="not started"):
        ask_above(5, Terminal(answer), StringIO())(plan(5.01))


def test_it_is_not_started_where_nobody_can_answer() -> None:
    with pytest.raises(BadInput, match="nobody to ask.*7 documents"):
        ask_above(5, StringIO("y\n"), StringIO())(plan(5.01))


@pytest.mark.parametrize("cheap", [plan(5), plan(9, documents=0)])
def test_nothing_is_asked_within_the_limit(cheap: Plan) -> None:
    questions = StringIO()
    ask_above(5, StringIO(), questions)(cheap)
    assert not questions.getvalue()

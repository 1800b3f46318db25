"""A question before a run that may cost more than its caller wants to spend unasked."""

from collections.abc import Callable
from typing import TextIO

from distributed_ocr_pipeline.errors import BadInput
from distributed_ocr_pipeline.run.plan import Plan

Approve = Callable[[Plan], None]
"""Called with the plan of a run on AWS before anything is started; raises to refuse it."""


def approve_all(_: Plan) -> None:
    """Start every run; `max_cost_usd` is what refuses one."""


def ask_above(limit_usd: float, answers: TextIO, questions: TextIO) -> Approve:
    """Ask before a run whose estimate goes above a limit.

    Args:
        limit_usd: Compared with the upper end of the estimate, in USD.
        answers: A terminal; where it is none, such a run is not started.
        questions: Where the question is shown, with the plan's figures.
    """

    def approve(plan: Plan) -> None:
        if not plan.documents or plan.estimate.usd.high <= limit_usd:
            return
        if not answers.isatty():
            raise BadInput(
                f"The run may cost more than {limit_usd:g} USD, and there is nobody to ask: {plan.summary}.",
                "Raise --ask-above-usd, or leave it out; --max-cost-usd refuses without a question.",
            )
        print(f"{plan.summary}.\nStart it? [y/N] ", end="", file=questions, flush=True)
        if answers.readline().strip().lower() not in ("y", "yes"):
            raise BadInput("The run was not started.", "Nothing was written and nothing is billed.")

    return approve

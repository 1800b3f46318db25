"""Asks questions one after another, under a cap on the price."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from distributed_ocr_pipeline.errors import BadOption, PipelineError
from verify import inputs, jobs, workflows
from verify.question import Answer, NotAskedHere, Question, Verdict
from verify.site import Site

QUESTIONS: tuple[Question, ...] = (*jobs.QUESTIONS, *inputs.QUESTIONS, *workflows.QUESTIONS)

HOUR_USD: Mapping[str, float] = {"ml.t3.medium": 0.05, "ml.t3.large": 0.10, "ml.t3.xlarge": 0.20}
"""Prices of processing in us-east-1, read on 2026-09-27; of another type, the dearest of these times ten is taken."""

_OTHER_HOUR_USD = 2.0


def choose(names: Sequence[str]) -> tuple[Question, ...]:
    """The questions of these names; all where none is given.

    Raises:
        BadOption: There is no question of a name.
    """
    known = {question.id: question for question in QUESTIONS}
    for name in names:
        if name not in known:
            raise BadOption(f"There is no question {name!r}.", f"There are: {', '.join(known)}.")
    return tuple(known[name] for name in names) or QUESTIONS


def hour_usd(site: Site) -> float:
    """The price of an hour of the instance that the questions use, the deployment's planner's."""
    planner = site.machine()["definition"]["States"]["PlanShards"]["Parameters"]
    return HOUR_USD.get(planner["ProcessingResources"]["ClusterConfig"]["InstanceType"], _OTHER_HOUR_USD)


def check_price(questions: Iterable[Question], hour: float, max_usd: float) -> float:
    """What the questions cost at most, in USD; `BadOption` if it is more than allowed."""
    price = sum(question.price_usd(hour) for question in questions)
    if price > max_usd:
        raise BadOption(
            f"The questions cost up to ${price:.2f}, more than ${max_usd:.2f}.", "Set --max-usd, or ask fewer."
        )
    return price


def ask(site: Site, questions: Iterable[Question], hour: float, *, say: Callable[[str], None]) -> Iterator[Answer]:
    """Ask each question; one that cannot be asked does not keep the others from being asked."""
    for question in questions:
        say(f"{question.id}: {question.question}")
        try:
            seen = question.run(site)
            verdict: Verdict = "as expected" if question.expected in seen else "different"
        except NotAskedHere as reason:
            seen, verdict = str(reason), "not asked"
        except PipelineError as error:
            seen, verdict = str(error), "failed"
        price = question.price_usd(hour)
        yield Answer(question.id, question.question, question.expected, seen, verdict, price)


def report(site: Site, answers: Sequence[Answer], problems: Sequence[str]) -> dict[str, Any]:
    """What a bug report needs: the answers, without names of the account."""
    return {
        "asked_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "region": site.deployment.region,
        "stand_in": site.is_stand_in,
        "answers": [asdict(answer) for answer in answers],
        "not_cleaned_up": list(problems),
    }

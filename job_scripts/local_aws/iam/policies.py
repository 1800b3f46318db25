"""The evaluation of IAM policy documents: do they allow a call?

This is a part of the policy language: Action, Resource and some operators of Condition. An operator that is not known
here is an error and not a guess.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

Policy = Mapping[str, Any]


class Decision(Enum):
    """What the policies say about a call; a denial outweighs every permission."""

    ALLOWED = "allowed"
    DENIED = "denied"
    NOT_MENTIONED = "not mentioned"


@dataclass(frozen=True)
class Call:
    """An action on a resource, such as s3:GetObject on an object's ARN, with the values of its condition keys."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def decide(policies: Iterable[Policy], call: Call) -> Decision:
    """What all policies together say about the call."""
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in _listed(policy["Statement"])
        if _concerns(statement, call)
    }
    if "Deny" in effects:
        return Decision.DENIED
    return Decision.ALLOWED if "Allow" in effects else Decision.NOT_MENTIONED


def _concerns(statement: Mapping[str, Any], call: Call) -> bool:
    return (
        any(_like(call.action.lower(), pattern.lower()) for pattern in _listed(statement["Action"]))
        and any(_like(call.resource, pattern) for pattern in _listed(statement["Resource"]))
        and all(
            _holds(operator, call.context.get(key), _listed(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _holds(operator: str, found: str | None, wanted: list[str]) -> bool:
    """Whether a condition holds; it does not where the call lacks its key."""
    return found is not None and any(_OPERATORS[operator](found, value) for value in wanted)


def _like(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]"))


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": lambda found, wanted: found == wanted.lower(),
}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

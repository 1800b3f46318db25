"""The errors of a state machine definition, as ValidateStateMachineDefinition reports them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser


def diagnostics(definition: str) -> list[dict[str, str]]:
    """All errors that are found; an empty list for a valid definition."""
    try:
        AmazonStateLanguageParser.parse(definition)
    except Exception as error:  # pylint: disable=broad-exception-caught  # the parser has no base class for its errors
        return [_error("SCHEMA_VALIDATION_FAILED", str(error) or repr(error), "")]
    return list(_dangling(json.loads(definition), ""))


def _dangling(machine: Mapping[str, Any], location: str) -> Iterator[dict[str, str]]:
    """Transitions to states that do not exist, which moto's parser accepts."""
    states: Mapping[str, Any] = machine["States"]
    if machine["StartAt"] not in states:
        yield _error(
            "MISSING_START_AT", f"StartAt is '{machine['StartAt']}', which is not a state.", f"{location}/StartAt"
        )
    for name, state in states.items():
        place = f"{location}/States/{name}"
        for target in _targets(state):
            if target not in states:
                yield _error("MISSING_TRANSITION_TARGET", f"Missing 'Next' target: {target}", place)
        for part in ("ItemProcessor", "Iterator"):
            if part in state:
                yield from _dangling(state[part], f"{place}/{part}")
        for number, branch in enumerate(state.get("Branches", [])):
            yield from _dangling(branch, f"{place}/Branches/{number}")


def _targets(state: Mapping[str, Any]) -> Iterator[str]:
    yield from (state[name] for name in ("Next", "Default") if name in state)
    for rule in state.get("Choices", []) + state.get("Catch", []):
        yield rule["Next"]


def _error(code: str, message: str, location: str) -> dict[str, str]:
    return {"severity": "ERROR", "code": code, "message": message, "location": location or "/"}

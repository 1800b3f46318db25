"""A definition is parsed once where moto parses it twice: what was parsed to validate it, its first execution runs.

moto's parser takes longer than the rest of a small run together.
"""

from typing import Any

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend


def install() -> None:
    """Put it into moto. Call it once per process."""
    spare: dict[str, Any] = {}  # what the last definition was parsed to, until an execution takes it
    # pylint: disable=protected-access  # moto has no other place for it
    parse, validate = AmazonStateLanguageParser.parse, StepFunctionsParserBackend._validate_definition

    def validate_definition(definition: str) -> None:
        try:
            program, _ = parse(definition)
        except Exception:  # pylint: disable=broad-exception-caught  # moto has a name for it
            validate(definition)
            raise
        spare.clear()
        spare[definition] = program

    def entrypoint(worker: ExecutionWorker) -> Any:
        definition = worker._evaluation_details.state_machine_details.definition
        return spare.pop(definition, None) or parse(definition)[0]  # a program keeps what it has counted: it runs once

    setattr(StepFunctionsParserBackend, "_validate_definition", staticmethod(validate_definition))
    setattr(ExecutionWorker, "_get_evaluation_entrypoint", entrypoint)

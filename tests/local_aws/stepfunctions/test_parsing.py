"""A definition is parsed once to be validated and to run; a second execution has a program of its own."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[3] / "job_scripts"
DEFINITION = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
CODE = """
import sys
from types import SimpleNamespace
from local_aws.imports import without_batch
with without_batch():
    from local_aws.stepfunctions import parsing
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
    from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

calls, parse = [], AmazonStateLanguageParser.parse
AmazonStateLanguageParser.parse = staticmethod(lambda definition: calls.append(definition) or parse(definition))
parsing.install()
StepFunctionsParserBackend._validate_definition(sys.argv[1])
details = SimpleNamespace(state_machine_details=SimpleNamespace(definition=sys.argv[1]))
worker = SimpleNamespace(_evaluation_details=details)
first = ExecutionWorker._get_evaluation_entrypoint(worker)
print(len(calls))
second = ExecutionWorker._get_evaluation_entrypoint(worker)
print(len(calls), first is not second)
try:
    StepFunctionsParserBackend._validate_definition('{"StartAt": "Done"}')
except Exception as error:
    print(type(error).__name__)
"""


def test_the_first_execution_runs_what_was_parsed_to_validate_its_definition() -> None:
    command = [sys.executable, "-c", CODE, DEFINITION]
    done = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["1", "2 True", "InvalidDefinition"], done.stderr

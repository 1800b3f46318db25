"""Commands in the pages that users read: found, and held against parsers, make targets, outputs and files."""

import contextlib
import importlib.util
import io
import json
import re
import shlex
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import botocore.session
from botocore import xform_name

from distributed_ocr_pipeline.client.command_line.parsers import COMMANDS, run_parser
from distributed_ocr_pipeline.client.commands.run import chosen_options
from distributed_ocr_pipeline.config import RunSettings, parse_options
from distributed_ocr_pipeline.errors import PipelineError
from tests.support.copies import PROJECT

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "examples/README.md",
    *(f"docs/{page.name}" for page in (PROJECT / "docs").glob("*.md")),
)
OUTSIDE = {"cmp", "echo", "export", "git", "ls", "pdfimages", "pdftoppm", "tesseract", "time"}
"""Programs of others and of the shell: nothing is known of their arguments."""

_FENCED = re.compile(r"^```(?:sh|bash|)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ANY_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:(?<=\n\n)|\A)((?:    \S.*\n)+(?:\n?    .*\n)*)")
_INLINE = re.compile(r"`([^`\n]+)`")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_INNER = re.compile(r"\$\(([^)]*)\)")


@dataclass(frozen=True)
class Command:
    """One command of a page: variables before it, the program without its folder, and its arguments."""

    page: str
    variables: tuple[str, ...]
    program: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join([self.program, *self.arguments])}"

    @property
    def needs_aws(self) -> bool:
        """It asks or changes an account: a bucket, a deployment, or a run there."""
        words = (self.program, *self.arguments)
        if self.program in ("aws", "terraform") or any("s3://" in word or "terraform output" in word for word in words):
            return True
        return self.program == "ocr-pipeline" and words[1:2] in (("logs",), ("stop",))


def commands_in(page: str, markdown: str) -> Iterator[Command]:
    """The commands of a page: of its blocks, and those that its sentences name."""
    blocks = [*_FENCED.findall(markdown), *_INDENTED.findall(_ANY_FENCE.sub("", markdown))]
    for block in blocks:
        for line in re.sub(r"\\\n", " ", block).splitlines():
            yield from _parsed(page, line)
    for code in _INLINE.findall(_ANY_FENCE.sub("", markdown)):
        if re.match(r"(make|ocr-pipeline|\.venv/bin/\S+|python|pytest|terraform (output|import|state)|aws) ", code):
            yield from _parsed(page, code)


def _parsed(page: str, line: str) -> Iterator[Command]:
    """The command of a line, and those inside it; none where it is not one."""
    for inner in _INNER.findall(line):
        yield from _parsed(page, inner)
    try:
        words = [word for word in shlex.split(line, comments=True) if word not in ("…", "[…]")]
    except ValueError:
        return  # a line of a text that has lines
    words = words[: words.index(">")] if ">" in words else words
    count = next((number for number, word in enumerate(words) if not _ASSIGNMENT.fullmatch(word)), len(words))
    if count < len(words):
        program = re.sub(r"^\.venv(-docs)?/bin/", "", words[count])
        if program in {*_CHECKS, *OUTSIDE}:
            yield Command(page, tuple(words[:count]), program, tuple(words[count + 1 :]))


def programs_of_blocks(markdown: str) -> set[str]:
    """The first words of all lines in blocks that say they are for a shell."""
    blocks = re.findall(r"^```(?:sh|bash)\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in re.sub(r"\\\n", " ", block).splitlines()]
    words = [[word for word in shlex.split(line, comments=True) if not _ASSIGNMENT.fullmatch(word)] for line in lines]
    return {re.sub(r"^\.venv(-docs)?/bin/", "", found[0]) for found in words if found}


def faults(command: Command) -> list[str]:
    """What of a command is not there; nothing if it could be called."""
    if command.program not in _CHECKS:
        return []
    names = [item.partition("=")[0] for item in command.variables]
    return [f"{command}: {fault}" for fault in _unread(names) + _CHECKS[command.program](list(command.arguments))]


def _unread(names: Collection[str]) -> list[str]:
    """Variables that nothing reads."""
    files = [PROJECT / "Makefile", *(PROJECT / "scripts").glob("*"), *(PROJECT / "job_scripts").rglob("*.py")]
    texts = [file.read_text(encoding="utf-8") for file in files if file.is_file()] if names else []
    return [f"nothing reads {name}" for name in names if not any(re.search(rf"\b{name}\b", text) for text in texts)]


def _unknown(arguments: Sequence[str], known: Collection[str]) -> list[str]:
    """Options that are not among those known here."""
    options = [word.partition("=")[0] for word in arguments if word.startswith("-")]
    return [f"option {word} is unknown here" for word in options if word not in known]


def make_targets() -> set[str]:
    """All that `make help` lists."""
    return set(re.findall(r"^([a-z][a-z-]*):.*## ", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def _make(arguments: list[str]) -> list[str]:
    given = dict(word.split("=", 1) for word in arguments if _ASSIGNMENT.fullmatch(word))
    targets = [word for word in arguments if not _ASSIGNMENT.fullmatch(word)]
    found = [f"no target {target}" for target in targets if target not in make_targets()]
    found += _unread(given)
    if "run-pipeline" in targets:
        found += _ocr_pipeline(["--input-prefix", given.get("INPUT_PREFIX", "."), *shlex.split(given.get("ARGS", ""))])
    elif "verify-aws" in targets:
        found += _in_source("verify/program.py", shlex.split(given.get("ARGS", "")))
    return found


def _ocr_pipeline(arguments: list[str]) -> list[str]:
    if len(arguments) == 1 and arguments[0] in ("run", *COMMANDS):
        return []  # a sentence that names a command
    if arguments[:1] == ["run"]:
        arguments = arguments[1:]
    is_command = bool(arguments) and arguments[0] in COMMANDS
    parser = COMMANDS[arguments[0]].parser() if is_command else run_parser()
    if not is_command and not {"--input-prefix", "--help", "--version"} & set(arguments):
        arguments = ["--input-prefix", ".", *arguments]  # a sentence that names an option
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            RunSettings(**chosen_options(parser.parse_args(arguments[is_command:])))
    except SystemExit as ended:
        return [said.getvalue()] if ended.code else []
    except PipelineError as error:
        return [str(error)]
    return []


def _python(arguments: list[str]) -> list[str]:
    if arguments[0] != "-m":
        return _in_source(arguments[0], arguments[1:])
    if arguments[1] == "distributed_ocr_pipeline.main":
        return _ocr_pipeline(arguments[2:])
    spec = importlib.util.find_spec(arguments[1])
    if spec is None or spec.origin is None:
        return [f"no module {arguments[1]}"]
    return _in_source(spec.origin, arguments[2:])


def _in_source(script: str, arguments: Sequence[str]) -> list[str]:
    """Options of programs of which only the source tells the options."""
    path = PROJECT / script
    if not path.is_file():
        return [f"no file {script}"]
    source = path.read_text(encoding="utf-8")
    return [f"{script} has no {word}" for word in arguments if word.startswith("--") and f'"{word}"' not in source]


def _pytest(arguments: list[str]) -> list[str]:
    places = [word for word in arguments if word.startswith("tests/")]
    found = [f"no {place}" for place in places if not (PROJECT / place).exists()]
    found += _unknown(arguments, ("-k", "-s", "--cov"))
    if "-k" in arguments and not found:
        name = arguments[arguments.index("-k") + 1]
        files = [file for place in places for file in [PROJECT / place, *(PROJECT / place).rglob("*.py")]]
        texts = (file.read_text(encoding="utf-8") for file in files if file.is_file())
        found += [] if any(re.search(rf"def test_\w*{name}", text) for text in texts) else [f"no test {name}"]
    return found


def _terraform(arguments: list[str]) -> list[str]:
    names = [word for word in arguments[1:] if not word.startswith("-")]
    match arguments[0]:
        case "output":
            outputs = re.findall(r'^output "(\w+)"', (PROJECT / "outputs.tf").read_text(encoding="utf-8"), re.MULTILINE)
            unknown = _unknown(arguments, ("-raw", "-json"))
            return unknown + [f"no output {name}" for name in names if name not in outputs]
        case "import":
            _, module, kind, resource = re.sub(r"\[.*", "", names[0]).split(".")
            texts = (file.read_text(encoding="utf-8") for file in (PROJECT / "modules" / module).glob("*.tf"))
            return [] if any(f'resource "{kind}" "{resource}"' in text for text in texts) else [f"no {names[0]}"]
        case "apply" | "destroy" | "plan" | "init" | "fmt":
            return []
    return [f"{arguments[0]} is unknown here"]


def _aws(arguments: list[str]) -> list[str]:
    service, operation, *options = arguments
    if service == "s3":
        unknown = _unknown(
            [word for word in options if word != "-"], ("--recursive", "--only-show-errors")
        )  # -: stdout
        return unknown if operation in ("cp", "ls") else [f"no aws s3 {operation}"]
    model = botocore.session.get_session().get_service_model(service)
    operations = {xform_name(name, "-"): name for name in list(model.operation_names)}
    if operation not in operations:
        return [f"aws {service} has no {operation}"]
    shape = model.operation_model(operations[operation]).input_shape
    members = {f"--{xform_name(name, '-')}" for name in (shape.members if shape else {})}
    general = {"--endpoint-url", "--region", "--profile", "--output", "--query"}
    found = [f"no option {word}" for word in options if word.startswith("--") and word not in members | general]
    if operation == "start-execution" and "--input" in options:
        found += _input(options[options.index("--input") + 1])
    return found


def _input(text: str) -> list[str]:
    """What is wrong with the input of an execution."""
    try:
        parse_options(json.loads(text))
    except (ValueError, PipelineError) as error:
        return [str(error)]
    return []


def _cp(arguments: list[str]) -> list[str]:
    return [] if (PROJECT / arguments[0]).exists() else [f"no file {arguments[0]}"]


_CHECKS: Mapping[str, Callable[[list[str]], list[str]]] = {
    "make": _make,
    "ocr-pipeline": _ocr_pipeline,
    "python": _python,
    "pytest": _pytest,
    "terraform": _terraform,
    "aws": _aws,
    "cp": _cp,
    "pre-commit": lambda arguments: [] if arguments == ["install"] else ["only install is known"],
}

"""The house stays in order: small folders, classes and functions, and helpers of tests in a place of their own."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

PROJECT = Path(__file__).parents[2]
MODULES = sorted((PROJECT / "job_scripts").rglob("*.py"))
TESTS = sorted((PROJECT / "tests").rglob("*.py"))

MAX_MODULES = 12  # in one folder, without its __init__.py
MAX_CLASS_LINES = 150
MAX_FUNCTION_LINES = 50

NOT_FOR_IMPORT = re.compile(r"tests(\.(?!support(\.|$)).*)?|(.*\.)?conftest")
"""All of tests but tests.support."""

Node = TypeVar("Node", bound=ast.AST)


def nodes(kind: type[Node], paths: Iterable[Path]) -> Iterator[tuple[str, Node]]:
    """Every node of a kind in these files, each with its place."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kind):
                yield f"{path.relative_to(PROJECT)}:{getattr(node, 'lineno', 0)}", node


def longer_than(limit: int, kind: type[ast.stmt]) -> list[str]:
    sizes = ((place, (node.end_lineno or 0) - node.lineno + 1) for place, node in nodes(kind, MODULES))
    return [f"{place} has {lines} lines" for place, lines in sizes if lines > limit]


def test_no_folder_holds_more_modules_than_a_reader_takes_in_at_a_glance() -> None:
    folders = sorted({path.parent for path in MODULES})
    modules = {folder: [path for path in folder.glob("*.py") if path.name != "__init__.py"] for folder in folders}
    assert len(folders) > 10
    assert {str(folder): len(found) for folder, found in modules.items() if len(found) > MAX_MODULES} == {}


def test_no_class_is_long() -> None:
    assert longer_than(MAX_CLASS_LINES, ast.ClassDef) == []


def test_no_function_is_long() -> None:
    assert longer_than(MAX_FUNCTION_LINES, ast.FunctionDef) == []


def is_annotated(function: ast.FunctionDef) -> bool:
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    bare = {argument.arg for argument in arguments if argument is not None and argument.annotation is None}
    return function.returns is not None and bare <= {"self", "cls"}


def test_every_function_says_what_it_takes_and_what_it_returns() -> None:
    functions = list(nodes(ast.FunctionDef, MODULES))
    assert len(functions) > 500
    assert [place for place, function in functions if not is_annotated(function)] == []


def imports(paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Places and names of the modules that these files import."""
    for place, statement in nodes(ast.ImportFrom, paths):
        yield place, "." * statement.level + (statement.module or "")
    for place, plain in nodes(ast.Import, paths):
        yield from ((place, alias.name) for alias in plain.names)


def test_tests_take_their_helpers_from_tests_support_alone() -> None:
    found = list(imports(TESTS))
    assert any(module.startswith("tests.support.") for _, module in found)
    assert [f"{place} imports {module}" for place, module in found if NOT_FOR_IMPORT.fullmatch(module)] == []

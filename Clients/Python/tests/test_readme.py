"""The examples of both READMEs run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from serving import Server

REPOSITORY = Path(__file__).parents[3]


def examples(readme: str) -> list[str]:
    """What stands between ``` marks as Python and imports this package, and no stubs of gRPC."""
    blocks = (REPOSITORY / readme).read_text().split("```python\n")[1:]
    code = [block.split("\n```")[0] for block in blocks]
    heads = [(block, block.partition("\n\n")[0]) for block in code]
    return [block for block, head in heads if "sidecart" in head and "_pb2_grpc" not in head]


PAGES = ("README.md", "Clients/Python/README.md")
EXAMPLES = [(page, place) for page in PAGES for place in range(len(examples(page)))]


@pytest.mark.parametrize(("page", "place"), EXAMPLES)
def test_an_example_runs(page: str, place: int, served: Server, tmp_path: Path) -> None:
    code = examples(page)[place].replace("/run/sidecart/sidecart.sock", served.socket)
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout
    assert "no answer" not in run.stdout


def test_there_are_examples() -> None:
    assert [page for page, _ in EXAMPLES].count(PAGES[0]) == 1
    assert [page for page, _ in EXAMPLES].count(PAGES[1]) == 4

"""Every example is complete: a README that test_docs.py follows, and no more than 150 lines."""
import pathlib

import pytest

from program import TREE

EXAMPLES = sorted(path.name for path in (TREE / "examples").iterdir() if path.is_dir())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_small_and_explained(name):
    folder = TREE / "examples" / name
    readme = (folder / "README.md").read_text()
    assert len(readme.splitlines()) <= 60
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "README.md":
            assert len(path.read_text().splitlines()) <= 170, path


@pytest.mark.parametrize("path", sorted((TREE / "examples").glob("*/jobs.d/*"))
                         + [TREE / "examples/demo/run"], ids=lambda path: path.name)
def test_scripts_are_executable_and_only_their_owner_may_write(path: pathlib.Path):
    mode = path.stat().st_mode
    assert mode & 0o111 == 0o111 and not mode & 0o022
    assert path.read_text().startswith("#!/bin/sh\n")

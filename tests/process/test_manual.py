"""The manual, plain(1) and plain.conf(5): whole, and readable by man(1)."""
import re
import subprocess

import pytest

from marks import on_one_store
from program import TREE

pytestmark = on_one_store


def page(plain, topic):
    """As `make install` makes it."""
    return subprocess.run([TREE / "tools/man-page", plain.program, topic], check=True,
                          capture_output=True).stdout


def shown(roff):
    """The text that man(1) shows, in one line."""
    text = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=500"], input=roff, check=True,
                          capture_output=True).stdout.decode()
    return " ".join(re.sub(".\b", "", text).split())


@pytest.mark.parametrize("topic", ["commands", "settings"])
def test_a_page_has_no_fault(plain, topic):
    """But those that scdoc makes: paragraphs behind a heading."""
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=page(plain, topic),
                          capture_output=True)
    faults = [line for line in done.stdout.decode().splitlines()
              if "skipping paragraph macro" not in line]
    assert not faults and not done.stderr


def test_every_command_and_option_stands_in_it_as_help_says_it(plain):
    text = shown(page(plain, "commands"))
    markdown = plain("help", "commands", "--markdown").stdout
    for title in re.findall(r"^## (plain .+)$", markdown, re.M):
        assert title in text, title
    said = re.findall(r"^\| (?:`(-[^`]+)`|(\d+)) \| (.+) \|$", markdown, re.M)
    assert len(said) > 50
    for option, code, words in said:
        assert f"{option or code} {words}".replace("`", "").replace("\\|", "|") in text, words
    for example in re.findall(r"^Example: `(.+)`$", markdown, re.M):
        assert f"Example: {' '.join(example.split())}" in text, example


def test_every_setting_stands_in_it(plain):
    text = shown(page(plain, "settings"))
    said = re.findall(r"^\| `([A-Z_]+)` \|.* \| ([^|]+) \|$",
                      plain("help", "settings", "--markdown").stdout, re.M)
    assert len(said) > 20
    for name, words in said:
        assert f"{name} " in text and words.replace("`", "") in text, name


def test_errors_have_no_page(plain):
    assert "--manual is for" in plain.fails(2, 201, "help", "errors", "--manual").stderr

"""What the documents say of each other and of the program; their blocks are test_docs.py's."""
import re

import pytest

from program import TREE

GUIDE = TREE / "docs/guide.md"
DOCUMENTS = sorted([*TREE.glob("*.md"), *TREE.glob("docs/**/*.md"), *TREE.glob("examples/*/*.md")])
LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")
SECTIONS = ["Overview", "Local development", "Job parameters", "Job methods", "Job history", "Scheduled jobs",
            "Monitoring", "Settings", "FAQs", "Best practices", "Installation",
            "What is not there yet"]


def without_blocks(path):
    return re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.M | re.S)


def anchors(path):
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(path), re.M)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(TREE)))
def test_links_lead_somewhere(path):
    for link in LINK.findall(without_blocks(path)):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_guide_has_its_sections_in_order():
    assert re.findall(r"^## (.+)$", without_blocks(GUIDE), re.M) == SECTIONS


def test_the_guide_has_every_setting_with_its_default(lone_plain):
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\| `([A-Z_]+)` \|$", GUIDE.read_text(),
                      re.M)
    settings = lone_plain.json("config")["settings"]
    assert [(name, default) for name, default, _ in rows] == [
        (setting["name"], setting["value"] or "") for setting in settings]
    for name, _, variable in rows:
        assert variable == (name if name == "DATABASE_URL" else f"PLAIN_{name}")


def test_the_guide_knows_every_field_of_a_class():
    header = (TREE / "include/plain/jobs/class.h").read_text()
    body = re.search(r"^struct plain_job_class \{(.*?)^\};", header, re.M | re.S)[1]
    fields = re.findall(r"(\w+);", re.sub(r"/\*.*?\*/", "", body, flags=re.S))
    own = {"size", "param_size", "params_size"}  # filled by PLAIN_JOB_CLASS
    text = GUIDE.read_text()
    assert fields and [name for name in fields if name not in own and f"`{name}`" not in text] == []


def test_the_guide_has_every_log_line_that_is_more_than_information():
    calls = re.compile(r'(?:log_event\(\s*LOG_(?:WARNING|ERROR),|log_error\(|fail\(l,|log_refusal\(k,)'
                       r'\s*"([^"]+)"')
    events = {event for path in TREE.glob("src/**/*.c") for event in calls.findall(path.read_text())}
    told = set(re.findall(r"^\| `.*$", without_blocks(GUIDE), re.M))
    told = {word for row in told for word in re.findall(r"`([^`]+)`", row)}
    assert "Worker lost its lease" in events and "Listening for jobs failed" in events
    assert events - told == set()


def test_pages_of_the_program_are_fresh(lone_plain):
    """As tools/gen-docs writes them."""
    for page in ("commands", "settings", "errors"):
        made = lone_plain("help", page, "--markdown").stdout
        assert (TREE / f"docs/{page}.md").read_text() == made, f"run tools/gen-docs: {page}"

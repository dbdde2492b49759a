"""The pages of plain admin in Chromium: they look as they should, and nothing in them runs."""
import pytest

from admin import MENU
from admin_rows import (
    HOSTILE, RANDOM_UUID, add_hostile, add_requests, add_results, insert, quoted)
from browser import Browser
from marks import in_turn

pytestmark = in_turn

NARROW, WIDE = (320, 640), (1200, 800)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    """Started once: that costs a second."""
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.quit()


@pytest.fixture
def browser(chromium):
    chromium.go("about:blank")
    chromium.logs()
    chromium.set_size(*WIDE)
    return chromium


def open_page(browser, admin, path):
    browser.go(admin.url.rstrip("/") + path)


def assert_harmless(browser):
    """Nothing runs, nothing comes from elsewhere, and nothing was refused, which the console would
    tell."""
    assert not browser.has_alert()
    assert browser.logs() == [], browser.url_shown()
    found = browser.run("""
        const all = [...document.querySelectorAll("*")];
        return {
            scripts: document.scripts.length,
            strange: all.filter(e => e.matches("img, svg, iframe, object, embed, base, style"))
                .length,
            handlers: all.flatMap(e => [...e.attributes].map(a => a.name))
                .filter(name => name.startsWith("on") || name == "style"),
            sheets: document.styleSheets.length,
            loaded: performance.getEntriesByType("resource").map(e => e.name)
                .filter(name => !name.startsWith(location.origin + "/")),
        }""")
    assert found == {"scripts": 0, "strange": 0, "handlers": [], "sheets": 1, "loaded": []}


def fits(browser):
    """Whether the page is no wider than the window."""
    return browser.run("return document.documentElement.scrollWidth <= window.innerWidth")


@pytest.fixture
def pages(db, plain, admin):
    """The paths of pages that have something on them."""
    plain.add_executable("often", "#!/bin/sh\nseq -s ' ' 200\necho it broke >&2\nexit 3\n")
    root, = plain.enqueue("often", "who=ada", f"long={'x' * 300}", "--key", "k" * 200)
    plain.drain()
    plain("jobs", "retry", db.one("jobresult").job_process_uuid)
    plain.drain()
    plain("jobs", "pause", "--queue", "mail", "--reason", "a reason that is long enough " * 5)
    add_requests(db, 60)
    add_results(db, 60)
    insert(db, "workerheartbeat", worker_id=RANDOM_UUID[db.kind], hostname=quoted("h" * 60),
           pid="7", version="'1'", queues=quoted('["default", "mail*"]'))
    return [*MENU, f"/j/{root}", "/nothing", "/results?status=broken", "/queues?" + "x" * 300]


def test_pages_have_nothing_to_complain_about_and_fit(browser, admin, pages):
    for path in pages:
        is_there = admin.get(path).status == 200
        open_page(browser, admin, path)
        if not is_there:  # the browser tells of the status alone
            assert all("the server responded with a status of 40" in entry["message"]
                       for entry in browser.logs())
        assert_harmless(browser)
        for size in (WIDE, NARROW):
            browser.set_size(*size)
            assert browser.run("return window.innerWidth") == size[0]
            assert fits(browser), (path, size)
        assert browser.run("return getComputedStyle(document.querySelector('main')).paddingLeft"
                           ) == "20px"  # by our sheet


def test_every_page_can_be_reached_by_the_menu(browser, admin, pages):
    open_page(browser, admin, pages[6])
    for path, title in MENU.items():
        browser.follow(link=title)
        assert browser.url_shown() == admin.url.rstrip("/") + path
        assert browser.run("return document.querySelector('h1').innerText") == title
        assert browser.run("return document.querySelector('[aria-current]').innerText") == title
        assert_harmless(browser)


def test_the_form_filters_and_older_leads_on(browser, admin, pages):
    open_page(browser, admin, "/results")
    browser.type("input[name=class]", "often")
    browser.run("document.querySelector('select').value = 'ERRORED'")
    browser.follow("button")
    assert browser.url_shown().endswith("/results?status=ERRORED&class=often&queue=")
    assert len(browser.find_all("tbody tr")) == 2
    assert browser.run("return document.querySelector('select').value") == "ERRORED"
    browser.follow("tbody tr:first-child a")
    assert browser.run("return document.querySelector('h1').textContent") == "often"
    assert "It is ERRORED." in browser.text()
    open_page(browser, admin, "/requests?queue=mail")
    assert len(browser.find_all("tbody tr")) == 50
    browser.follow(link="Older")
    assert len(browser.find_all("tbody tr")) == 10
    assert_harmless(browser)


def test_no_script_of_the_data_runs(browser, db, admin):
    add_hostile(db)
    for path in (*MENU, *(f"/j/{row.job_process_uuid}" for row in db.results())):
        open_page(browser, admin, path)
        assert_harmless(browser)
    open_page(browser, admin, "/queues")
    text = browser.run("return document.querySelector('table').textContent")
    for _, seen in HOSTILE:
        assert seen in text


def test_links_with_such_names_lead_to_their_queue(browser, db, admin):
    add_hostile(db)
    for n in range(len(HOSTILE)):
        open_page(browser, admin, "/queues")
        link = browser.find_all("tbody a")[n]
        name = browser.text_of(link)
        browser.follow_to(link)
        assert browser.run("return [...document.querySelectorAll('tbody tr')]"
                           ".map(row => row.cells[2].textContent)") == [name]
        assert_harmless(browser)


def test_a_filter_of_the_address_stays_text(browser, db, admin):
    add_requests(db, 1)
    for _, seen in HOSTILE[:3]:
        browser.go(admin.url + "requests")
        browser.type("input[name=queue]", seen)
        browser.follow("button")
        assert browser.run("return document.querySelector('input[name=queue]').value") == seen
        assert "There are no such rows." in browser.text()
        assert_harmless(browser)

"""Chromium without a window, driven through WebDriver by Debian's chromedriver."""
import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request

from workers import left_in, wait_until

DRIVER, CHROMIUM = "/usr/bin/chromedriver", "/usr/bin/chromium"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-dev-shm-usage"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # by the standard
TIMEOUT_S = 60
# It goes nowhere but to this machine.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def dies_with_us(number):
    """In front of a command: it ends with its parent, even when that is killed."""
    return ["setpriv", f"--pdeathsig={number}"]


class Browser:
    """One window. What it started, its folder knows: nothing may be left in there."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "chromedriver.log"
        self.session = None
        home = folder / "home"
        home.mkdir()
        with open(self.log, "wb") as log:
            self.driver = subprocess.Popen(
                [*dies_with_us("TERM"), DRIVER, "--port=0"], cwd=folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": "/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8",
                     "XDG_RUNTIME_DIR": str(home), "TMPDIR": str(home)})
        try:
            self.url = f"http://127.0.0.1:{self.await_port()}"
            self.begin()
        except BaseException:
            self.quit()
            raise

    def await_port(self):
        def look():
            assert self.driver.poll() is None, self.log.read_text()
            return re.search(r"started successfully on port (\d+)", self.log.read_text())
        return wait_until(look, "chromedriver")[1]

    def begin(self):
        wrapper = self.folder / "chromium"
        wrapper.write_text(f"#!/bin/sh\nexec {' '.join(dies_with_us('KILL'))} {CHROMIUM} \"$@\"\n")
        wrapper.chmod(0o755)
        options = {"binary": str(wrapper),
                   "args": [*ARGUMENTS, f"--user-data-dir={self.folder / 'profile'}"]}
        answer = self.send("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = answer["sessionId"]

    def send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with DIRECT.open(request, timeout=TIMEOUT_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            raise AssertionError(f"{method} {path}: {said}\n{self.log.read_text()}") from None

    def command(self, method, path, **body):
        """An alert that is open makes each one fail."""
        return self.send(method, f"/session/{self.session}/{path}",
                         body if method == "POST" else None)

    def go(self, url):
        self.command("POST", "url", url=url)

    def url_shown(self):
        return self.command("GET", "url")

    def find_all(self, css=None, link=None):
        using, value = ("css selector", css) if css else ("link text", link)
        found = self.command("POST", "elements", using=using, value=value)
        return [element[ELEMENT] for element in found]

    def find(self, css=None, link=None):
        found = self.find_all(css, link)
        assert len(found) == 1, (css, link, found)
        return found[0]

    def click(self, css=None, link=None):
        self.click_on(self.find(css, link))

    def click_on(self, element):
        self.command("POST", f"element/{element}/click")

    def follow(self, css=None, link=None):
        """Clicks, and waits until another document is there: a click does not."""
        self.follow_to(self.find(css, link))

    def follow_to(self, element):
        self.run("document.isLeft = true")
        self.click_on(element)
        wait_until(lambda: self.run("return !document.isLeft && document.readyState == 'complete'"),
                   "the next page")

    def text_of(self, element):
        """As it was sent, not as it is shown."""
        return self.run("return arguments[0].textContent", {ELEMENT: element})

    def type(self, css, text):
        self.command("POST", f"element/{self.find(css)}/value", text=text)

    def run(self, script, *args):
        """What the body of a function returns."""
        return self.command("POST", "execute/sync", script=script, args=list(args))

    def text(self):
        return self.run("return document.body.innerText")

    def logs(self):
        """What has come to the console since the last time."""
        return self.command("POST", "se/log", type="browser")

    def set_size(self, width, height):
        """Of what a page has; windows cannot be so narrow."""
        self.command("POST", "goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride",
                     params={"width": width, "height": height, "deviceScaleFactor": 1,
                             "mobile": False})

    def has_alert(self):
        """Asked in the one way that does not close it."""
        try:
            self.command("GET", "alert/text")
        except AssertionError as error:
            assert "no such alert" in str(error), error
            return False
        return True

    def quit(self):
        try:
            if self.session and self.driver.poll() is None:
                self.send("DELETE", f"/session/{self.session}")
        finally:
            if self.driver.poll() is None:
                self.driver.terminate()
            self.driver.wait(TIMEOUT_S)
            left = left_in(self.folder)
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            assert not left, f"processes of the browser were left: {left}"

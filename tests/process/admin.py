"""A running `plain admin`, and its pages read strictly."""
import functools
import html.parser
import http.client
import re
import signal
import subprocess

STOP_S = 20
MENU = {"/": "Overview", "/requests": "Requests", "/processes": "Processes", "/results": "Results",
        "/queues": "Queues", "/workers": "Workers"}

# All that we write. Only values of href and value may be made of data.
VOID = {"meta", "link", "input"}
ATTRIBUTES = {
    "html": {"lang"}, "head": (), "meta": {"charset", "name", "content"}, "title": (),
    "link": {"rel", "href", "type"}, "body": (), "header": (), "b": (), "nav": (),
    "a": {"href", "aria-current"}, "main": (), "h1": (), "h2": (), "p": {"class"},
    "div": {"class"}, "table": (), "thead": (), "tbody": (), "tr": (), "th": {"scope", "class"},
    "td": {"class"}, "span": {"class"}, "dl": (), "dt": (), "dd": (), "code": (),
    "form": {"action"}, "label": (), "input": {"name", "value"},
    "select": {"name"}, "option": {"value", "selected"}, "button": (),
}
VALUES = {
    "class": {"scroll", "number", "bold", "dim", "green", "red", "yellow", "blue", "good", "bad",
              "note", "state", "commands"},
    "name": {"viewport", "class", "queue", "status"}, "action": set(MENU), "lang": {"en"},
    "charset": {"utf-8"}, "content": {"width=device-width, initial-scale=1"},
    "rel": {"stylesheet", "icon"}, "type": {"image/svg+xml"},
    "scope": {"col"}, "aria-current": {"page"}, "selected": {None},
}
HREF = re.compile(r"/(assets/admin\.(css|svg)|j/[0-9a-f-]{36}"
                  r"|(requests|processes|results|queues|workers)?(\?[\w.~%=&-]+)?)", re.A)
TAG = re.compile(r"<!doctype html>|<(/?)[a-z]+[0-9]?(?: [a-z-]+(?:=\"[^\"<>]*\")?)*>")
REFERENCE = re.compile(r"&(?:amp|lt|gt|quot|#39);")


class Document(html.parser.HTMLParser):
    """Only tags of ours, each one closed, and no quote or angle bracket between them."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open = []
        self.texts = []   # of everything that is open, outermost first
        self.links = []   # (text, href)
        self.tables = []  # of rows, {title: text}
        self.facts = []   # (label, text) of lists
        self.paragraphs = []
        self.headings = []
        self.fields = {}  # name: value
        self.icon = "/favicon.ico"
        self.titles = self.cells = self.href = None
        self.words = ""
        between = REFERENCE.sub("", TAG.sub("", text))
        assert not re.search("[<>\"'&]", between), between
        assert text.startswith("<!doctype html><html")
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        assert tag in ATTRIBUTES, tag
        assert len(dict(attrs)) == len(attrs)
        for name, value in attrs:
            assert name in ATTRIBUTES[tag], (tag, name)
            if name == "href":
                assert HREF.fullmatch(value), value
            elif not (name == "value" and tag in ("input", "option")):
                assert value in VALUES[name], (tag, name, value)
        self.begin(tag, dict(attrs))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.append("")

    def begin(self, tag, attrs):
        if tag == "a":
            self.href = attrs["href"]
        elif tag == "table":
            self.titles = []
            self.tables.append([])
        elif tag == "tr":
            self.cells = []
        elif attrs.get("rel") == "icon":
            self.icon = attrs["href"]
        elif tag == "input":
            self.fields[attrs["name"]] = attrs["value"]
        elif tag == "option" and "selected" in attrs:
            self.fields["status"] = None  # its text follows

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()
        text = self.texts.pop()
        if self.texts:
            self.texts[-1] += text
        self.end(tag, text)

    def end(self, tag, text):
        if tag == "a":
            self.links.append((text, self.href))
        elif tag == "th":
            self.titles.append(text)
        elif tag == "td":
            self.cells.append(text)
        elif tag == "tr" and self.cells:
            assert len(self.cells) == len(self.titles)
            self.tables[-1].append(dict(zip(self.titles, self.cells)))
        elif tag == "dt":
            self.facts.append([text, None])
        elif tag == "dd":
            assert self.facts[-1][1] is None
            self.facts[-1][1] = text
        elif tag == "p":
            self.paragraphs.append(text)
        elif tag in ("h1", "h2"):
            self.headings.append(text)
        elif tag == "option" and self.fields.get("status", "") is None:
            self.fields["status"] = text
        elif tag == "body":
            self.words = text

    def handle_data(self, data):
        assert self.open or not data.strip(), data
        if self.texts:
            self.texts[-1] += data

    def handle_decl(self, decl):
        assert decl == "doctype html"

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    handle_pi = unknown_decl = handle_comment


class Page:
    """What was answered; document and the rest are for pages in HTML."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()
        self.text = self.body.decode()

    def __repr__(self):
        return f"{self.status}\n{self.headers}\n{self.text}"

    @functools.cached_property
    def document(self):
        assert self.headers["Content-Type"] == "text/html; charset=utf-8", self
        return Document(self.text)

    @property
    def words(self):
        """What is to be read on it."""
        return self.document.words

    @property
    def rows(self):
        """Of its only table; none without one."""
        tables = self.document.tables
        assert len(tables) < 2
        return tables[0] if tables else []

    def link(self, text):
        found = [href for words, href in self.document.links if words == text]
        assert len(found) == 1, (text, self.document.links)
        return found[0]


class Admin:
    """Its address stands on stdout."""

    def __init__(self, plain, *options, listen=("--listen", "127.0.0.1:0"), **popen):
        self.is_stopped = False
        self.log = plain.folder / "admin.log"
        with open(self.log, "ab") as log:
            self.process = plain.start("admin", *listen, *options, stdout=subprocess.PIPE,
                                       stderr=log, stdin=subprocess.DEVNULL, **popen)
        self.url = self.process.stdout.readline().decode().strip()
        found = re.fullmatch(r"http://([\d.]+):(\d+)/", self.url)
        assert found, (self.url, self.log.read_text())
        self.host, self.port = found[1], int(found[2])

    def connect(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=60)

    def get(self, path, method="GET"):
        connection = self.connect()
        try:
            connection.request(method, path)
            return Page(connection.getresponse())
        finally:
            connection.close()

    def shows(self, path):
        """A page that must be there."""
        page = self.get(path)
        assert page.status == 200, page
        assert page.document
        return page

    def stop(self, number=signal.SIGTERM):
        """It ends well, at once and with nothing more to say; not by itself before."""
        self.is_stopped = True
        self.process.send_signal(number)
        rest = self.process.communicate(timeout=STOP_S)[0]
        assert (self.process.returncode, rest or b"") == (0, b""), self.log.read_text()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

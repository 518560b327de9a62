# SPDX-License-Identifier: BSD-3-Clause
"""
A headless Chromium in the peer's namespace, driven over its DevTools pipe (NUL-terminated JSON at descriptors 3 and 4): needs neither a
port nor a driver. scripts/setup installs it, and the modules that the page of tests/browser wants.
"""

import base64
import fcntl
import hashlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import time

from programs import ROOT

CHROMIUM = "/usr/bin/chromium"
PAGES = os.path.join(ROOT, "tests", "browser")
MODULES = os.path.join(PAGES, "node_modules")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage", "--remote-debugging-pipe"]


def is_there():
    """What is missing is said, and fails the test: a skipped one would look like a passed one."""
    for path in (CHROMIUM, os.path.join(MODULES, "jssip")):
        if not os.path.exists(path):
            raise AssertionError(f"{path} is missing: run scripts/setup (modules need npm and its registry, once)")


def bundle():
    """jssip and what it requires as one script: `modules(NAME)` is what require(NAME) would give."""
    sources, todo = {}, [resolve("jssip", PAGES)]
    while todo:
        path = todo.pop()
        if path in sources:
            continue
        with open(path) as file:
            text = file.read()
        needs = {}
        if not path.endswith(".json"):
            for name in set(re.findall(r"""\brequire\(\s*['"]([^'"]+)['"]\s*\)""", text)):
                needs[name] = resolve(name, os.path.dirname(path))
        else:
            text = "module.exports = " + text
        todo += needs.values()
        sources[path] = (text, needs)
    entries = ",\n".join(f"{json.dumps(path)}: [{json.dumps(needs)}, function (require, module, exports, process) {{\n{text}\n}}]"
                         for path, (text, needs) in sources.items())
    return f"""const modules = (() => {{
  const all = {{{entries}}};
  const loaded = {{}};
  const load = (path) => {{
    if (!loaded[path]) {{
      const module = loaded[path] = {{ exports: {{}} }};
      all[path][1]((name) => load(all[path][0][name]), module, module.exports, {{ env: {{}} }});
    }}
    return loaded[path].exports;
  }};
  return (name) => load({json.dumps({"jssip": resolve("jssip", PAGES)})}[name]);
}})();
"""


def resolve(name, directory):
    """The file that require(@name) means in @directory, as a browser's bundler sees it."""
    path = os.path.normpath(os.path.join(directory, name)) if name.startswith(".") else os.path.join(MODULES, name)
    package = os.path.join(path, "package.json")
    if os.path.exists(package):
        with open(package) as file:
            says = json.load(file)
        browser = says.get("browser")
        path = os.path.normpath(os.path.join(path, browser if isinstance(browser, str) else says.get("main", "index.js")))
    return next(one for one in (path, path + ".js", os.path.join(path, "index.js")) if os.path.isfile(one))


def key_hash(pem):
    """What --ignore-certificate-errors-spki-list wants to know of a certificate: a browser cannot be told of our authority."""
    key = subprocess.run(["openssl", "x509", "-in", pem, "-noout", "-pubkey"], check=True, stdout=subprocess.PIPE).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=key, check=True, stdout=subprocess.PIPE).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def moved(fd):
    """The descriptor under a number that is neither 3 nor 4, which are the browser's own for it."""
    high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64)
    os.close(fd)
    return high


class Browser:
    """with Browser(lab, certificate) as b: b.open(); b.call("start", {...}); b.frames is what WebSocket carried, as the browser saw it."""

    def __init__(self, lab, certificate):
        is_there()
        self.lab = lab
        self.certificate = certificate
        self.popen = None
        self.number = 0
        self.buffer = b""
        self.session = None
        self.events = []

    def __enter__(self):
        profile = self.lab.path("chromium")
        os.mkdir(profile)
        theirs, self.to = os.pipe()
        self.of, ours = os.pipe()
        theirs, ours = moved(theirs), moved(ours)
        argv = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", f"--ignore-certificate-errors-spki-list={key_hash(self.certificate)}",
                "about:blank"]
        with open(self.lab.path("chromium.log"), "wb") as log:
            self.popen = subprocess.Popen(["ip", "netns", "exec", self.lab.peer, "bash", "-c", f'exec "$@" 3<&{theirs} 4>&{ours}', "bash", *argv],
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(theirs, ours), cwd=self.lab.dir,
                                          env={**os.environ, "HOME": profile}, start_new_session=True)
        os.close(theirs)
        os.close(ours)
        return self

    def __exit__(self, *exc):
        try:
            self.ask("Browser.close", session=False)
            self.popen.wait(10)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)  # its own group: it and its renderers
        except ProcessLookupError:
            pass
        self.popen.wait()
        os.close(self.to)
        os.close(self.of)

    def _next(self, timeout_s):
        end = time.monotonic() + timeout_s
        while b"\0" not in self.buffer:
            if not select.select([self.of], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"the browser said nothing in {timeout_s} s")
            part = os.read(self.of, 1 << 16)
            if not part:
                with open(self.lab.path("chromium.log")) as log:
                    raise AssertionError(f"the browser is gone:\n{log.read()[-3000:]}")
            self.buffer += part
        one, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(one)

    def ask(self, method, timeout_s=60, session=True, **params):
        """One command of the DevTools protocol; events that come meanwhile are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session and self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            got = self._next(timeout_s)
            if "method" in got:
                self.events.append(got)
            elif got["id"] == self.number:
                assert "error" not in got, (method, got)
                return got["result"]

    def open(self):
        """The page of tests/browser, loaded."""
        for name in ("page.html", "page.js"):
            shutil.copy(os.path.join(PAGES, name), self.lab.path(name))
        self.lab.write("bundle.js", bundle())
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", session=False, targetId=target, flatten=True)["sessionId"]
        for domain in ("Network", "Page", "Runtime"):
            self.ask(f"{domain}.enable")
        self.ask("Page.navigate", url="file://" + self.lab.path("page.html"))
        while not any(e["method"] == "Page.loadEventFired" for e in self.events):
            self.events.append(self._next(30))

    def call(self, function, *arguments):
        """A function of the page; what its promise comes to."""
        text = f"{function}({', '.join(json.dumps(one) for one in arguments)})"
        done = self.ask("Runtime.evaluate", expression=text, awaitPromise=True, returnByValue=True)
        wrong = [e["params"] for e in self.events if e["method"] == "Runtime.exceptionThrown"]
        assert "exceptionDetails" not in done and not wrong, (done, wrong)
        return done["result"].get("value")

    def told(self, method):
        """Parameters of all events @method."""
        return [e["params"] for e in self.events if e["method"] == method]

    def frames(self, way):
        """Payloads of all frames, @way Sent or Received."""
        return [e["response"] for e in self.told(f"Network.webSocketFrame{way}")]

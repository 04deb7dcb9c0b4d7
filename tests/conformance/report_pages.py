"""Looks at the pages that `novarig … --html` writes, in a real browser without a window.

Each page is opened wide and narrow, light and dark. It must fit the window, say nothing on the browser's console, ask nobody
for anything, and do what its controls promise. With --screenshots the pictures are kept.

Chromium is driven through chromedriver, with nothing but Python's standard library.
"""

import argparse
import base64
import contextlib
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

WIDTHS = (1280, 400)
START_LIMIT_S = 30
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


class Browser:
    """A browser behind chromedriver."""

    def __init__(self, port, profile):
        self.base = f"http://127.0.0.1:{port}"
        options = {"args": [*QUIET, f"--user-data-dir={profile}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self.ask("/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        self.base += f"/session/{session}"

    def ask(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as refusal:
            raise SystemExit(f"the browser refuses {path}: {refusal.read().decode()}") from refusal

    def devtools(self, command, **parameters):
        return self.ask("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def run(self, script):
        return self.ask("/execute/sync", {"script": script, "args": []})

    def open(self, page, width, scheme):
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.ask("/url", {"url": page.as_uri()})

    def console(self):
        return [entry["message"] for entry in self.ask("/se/log", {"type": "browser"})]

    def screenshot(self, file):
        height = self.run("return document.documentElement.scrollHeight")
        width = self.run("return window.innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, 4000), "scale": 1}
        picture = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(picture["data"]))

    def close(self):
        self.ask("", method="DELETE")


@contextlib.contextmanager
def browser():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = subprocess.Popen(
            ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            end = time.monotonic() + START_LIMIT_S
            while True:
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5).close()
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise SystemExit("chromedriver does not start") from None
                    time.sleep(0.1)
            driven = Browser(port, profile)
            try:
                yield driven
            finally:
                driven.close()
        finally:
            driver.terminate()
            driver.wait()


class Tally:
    """What was seen."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, holds, what):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED  {what}")


def write_pages(novarig, folder):
    """A page of an exploration that finds something, one of one that finds nothing new, and one of a run."""

    def made(name, expected, *arguments):
        page = folder / f"{name}.html"
        ended = subprocess.run([novarig, *arguments, "--html", page], stdout=subprocess.PIPE, text=True, check=False)
        if ended.returncode != expected:
            sys.exit(f"novarig {' '.join(arguments)} ended with {ended.returncode}:\n{ended.stdout}")
        return page

    return [
        made("found", 1, "explore", "resize-confirm", "--bug", "1825537"),
        made("sound", 0, "explore", "boot", "--fix", "all"),
        made("run", 0, "run", "resize-fails"),
    ]


FITS = "return document.documentElement.scrollWidth <= window.innerWidth"
UNFOLD = "for (const part of document.querySelectorAll('details')) part.open = true"
ROWS = "return [...document.querySelectorAll('table.grid tbody tr')].filter(row => !row.hidden).length"
CLASSES = (
    "const charts = document.querySelector('.charts');"
    "return [...charts.querySelectorAll('.bars')].filter(bars => !bars.hidden).map(bars => bars.dataset.class)"
)


def choose(selector, value):
    return (
        f"const choice = document.querySelector({selector!r}); choice.value = {value!r};"
        "choice.dispatchEvent(new Event('input', {bubbles: true}));"
        "choice.dispatchEvent(new Event('change', {bubbles: true}))"
    )


def look_at(page, driven, tally, screenshots):
    name = page.stem
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            told = f"{name}, {width} px wide, {scheme}"
            driven.open(page, width, scheme)
            tally.check(driven.run(FITS), f"{told}: it fits the window as it is opened")
            if screenshots:
                driven.screenshot(screenshots / f"{name}-{width}-{scheme}.png")
            driven.run(UNFOLD)
            tally.check(driven.run(FITS), f"{told}: it fits the window with everything unfolded")
            asked = driven.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
            tally.check(not asked, f"{told}: it asks for {asked}")
            said = driven.console()
            tally.check(not said, f"{told}: the console says {said}")
    return name


def use(name, driven, tally):
    """Does what a reader would do."""
    lanes = driven.run("return [...document.querySelectorAll('svg.lanes')].map(svg => svg.querySelectorAll('.row').length)")
    if name != "sound":
        tally.check(lanes and min(lanes) > 2, f"{name}: every run is drawn: {lanes}")
        classes = driven.run("return [...document.querySelector('select.class').options].map(option => option.value)")
        tally.check(driven.run(CLASSES) == classes[:1], f"{name}: one resource class is shown at first")
        driven.run(choose("select.class", classes[-1]))
        tally.check(driven.run(CLASSES) == classes[-1:], f"{name}: another resource class can be chosen")
    if name == "run":
        return
    every = driven.run(ROWS)
    tally.check(every > 20, f"{name}: the map has {every} rows")
    driven.run(choose("#which", "new"))
    new = driven.run(ROWS)
    tally.check(0 < new < every if name == "found" else new == 0, f"{name}: {new} points of {every} break something anew")
    driven.run(choose("#which", "all"))
    driven.run(choose("#text", "host1:init_host"))
    tally.check(0 < driven.run(ROWS) < every, f"{name}: points can be looked for")
    tally.check(driven.run("return document.querySelectorAll('.chip.never').length") > 5, f"{name}: handlers that were not reached")
    faults = driven.run("return document.querySelectorAll('.row.fault').length")
    tally.check(faults > 0 if name == "found" else True, f"{name}: the fault is drawn")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--novarig", required=True, help="the binary")
    parser.add_argument("--screenshots", type=pathlib.Path, help="a folder for the pictures")
    arguments = parser.parse_args()
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder, browser() as driven:
        for page in write_pages(arguments.novarig, pathlib.Path(folder)):
            use(look_at(page, driven, tally, arguments.screenshots), driven, tally)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())

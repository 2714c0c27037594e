#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens pages of `status --html` in Chromium, in both themes, narrow and wide, and on paper, and looks for faults: console
messages, requests, overflow, what axe-core finds, contrast of pictures, the keyboard.

Usage: browser.py AGGBOOTSTRAP CHROMIUM AXE_JS [PICTURE.png]
The picture is taken of the page of five clusters. Ends with status 1 if there is a fault.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

WIDTHS = (360, 1440)
THEMES = ("light", "dark")

# What the browser is asked on each page; a list of faults.
LOOK = """(() => {
  const faults = [], root = document.documentElement;
  if (root.scrollWidth > window.innerWidth) faults.push(`the page is ${root.scrollWidth} px wide`);
  for (const part of document.querySelectorAll('body *')) {
    if (part.closest('.scroll') || part.closest('.unseen') || part.closest('.skip')) continue;
    const box = part.getBoundingClientRect();
    if (box.width > 0 && box.right > window.innerWidth + 1)
      faults.push(`<${part.tagName}> ${part.textContent.trim().slice(0, 40)} ends at ${box.right} px`);
  }
  const channel = (v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = (color) => {
    const [r, g, b] = color.match(/[0-9.]+/g).map(Number).map(channel);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  for (const text of document.querySelectorAll('svg text')) {
    const [a, b] = [light(getComputedStyle(text).fill), ground].sort((a, b) => b - a);
    if ((a + .05) / (b + .05) < 4.5) faults.push(`contrast ${(a + .05) / (b + .05)} of "${text.textContent}"`);
  }
  for (const bar of document.querySelectorAll('svg rect')) {
    const style = getComputedStyle(bar);
    const color = style.fill === 'none' ? style.stroke : style.fill;
    const [a, b] = [light(color), ground].sort((a, b) => b - a);
    if ((a + .05) / (b + .05) < 3) faults.push(`contrast ${(a + .05) / (b + .05)} of a bar`);
  }
  for (const tag of ['header', 'main', 'h1'])
    if (document.querySelectorAll(tag).length !== 1) faults.push(`not one <${tag}>`);
  return faults;
})()"""

AXE = """axe.run(document, {preload: false, resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa',
  'wcag22aa', 'best-practice']}).then((result) => result.violations.map((fault) =>
  `axe: ${fault.id}: ${fault.help}: ${fault.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' | ')}`))"""

# Where the focus is, and whether it can be seen.
FOCUS = """(() => { const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
  return {tag: at.tagName, href: at.getAttribute('href'), name: at.getAttribute('aria-label') || at.textContent.trim().slice(0, 60),
    seen: at === document.body || (box.left >= 0 && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2)}; })()"""


class Browser:
    """Chromium, spoken to over a pair of pipes."""

    def __init__(self, program, profile):
        to_child, self.to = os.pipe()
        self.back, from_child = os.pipe()
        line = f'exec "$@" 3<&{to_child} 4>&{from_child}'
        options = ["--headless=new", "--remote-debugging-pipe", f"--user-data-dir={profile}", "--no-first-run", "--no-sandbox",
                   "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
                   "--disable-component-update", "--force-color-profile=srgb", "about:blank"]
        self.process = subprocess.Popen(["bash", "-c", line, "bash", program] + options, pass_fds=(to_child, from_child),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_child)
        os.close(from_child)
        self.rest, self.number, self.events, self.session = b"", 0, [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def read(self, deadline):
        while b"\0" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.back], [], [], left)[0]:
                raise TimeoutError("Chromium does not answer")
            data = os.read(self.back, 1 << 16)
            if not data:
                raise EOFError("Chromium has ended")
            self.rest += data
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, timeout=60, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        deadline = time.monotonic() + timeout
        while True:
            answer = self.read(deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def ask(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:500])
        return result["result"].get("value")

    def open(self, path):
        self.events.clear()
        self.call("Page.navigate", url=f"file://{path}")
        deadline = time.monotonic() + 30
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.read(deadline))

    def show(self, width, theme, media=""):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": theme}])

    def press_tab(self):
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)

    def said(self, path):
        """What was said on the console, or asked for, since the page was opened."""
        for event in self.events:
            method, parameters = event.get("method"), event.get("params", {})
            if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
                yield f"console: {json.dumps(parameters)[:300]}"
            if method == "Network.requestWillBeSent":
                url = parameters["request"]["url"]
                if url != f"file://{path}" and not url.startswith("data:"):
                    yield f"the page asks for {url}"

    def close(self):
        try:
            self.session = None
            self.call("Browser.close", timeout=10)
        except (EOFError, OSError, TimeoutError, RuntimeError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Clusters:
    """Clusters offline, and their pages."""

    def __init__(self, program, directory):
        self.program, self.directory = program, directory

    def run(self, *arguments, statuses=(0,)):
        result = subprocess.run([self.program, *arguments], cwd=self.directory, capture_output=True, text=True)
        if result.returncode not in statuses:
            sys.exit(f"{arguments}: status {result.returncode}\n{result.stdout}{result.stderr}")

    def add(self, folder, name, nodes):
        spec = {"apiVersion": "aggbootstrap/v1", "cluster": name,
                "nodes": [{"name": f"master-{i + 1}", "address": f"192.0.2.{i + 1}"} for i in range(nodes)]}
        path = os.path.join(self.directory, folder)
        os.makedirs(path, exist_ok=True)
        with open(f"{path}/{name}.json", "w") as file:
            json.dump(spec, file)
        unit = "[Service]\nExecStart=/usr/local/bin/kube-apiserver --secure-port=6443 --client-ca-file=/etc/kubernetes/ssl/ca.pem\n"
        with open(f"{path}/kube-apiserver.service", "w") as file:
            file.write(unit)
        self.run("init", "--quiet", "--spec", f"{folder}/{name}.json", "--root", f"out/{folder}/{name}",
                 "--base-unit", f"{folder}/kube-apiserver.service")

    def file(self, folder, name, node, file):
        return f"{self.directory}/out/{folder}/{name}/{node}/etc/kubernetes/ssl/{file}"

    def page(self, folder, *more, statuses=(0,)):
        name = f"{folder}.html"
        self.run("status", "--quiet", "--spec", folder, "--root", f"out/{folder}", "--html", name,
                 "--base-unit", f"{folder}/kube-apiserver.service", *more, statuses=statuses)
        return os.path.join(self.directory, name)

    def pages(self):
        self.add("three", "shanghai", 3)
        self.add("sixty", "large", 60)
        for number, (name, nodes) in enumerate([("shanghai", 3), ("berlin", 1), ("oslo", 5), ("lima", 3), ("quito", 2)]):
            self.add("five", name, nodes)
        # One with a difference of every kind, one in a rotation, one that cannot be read, and a spec that is none.
        shutil.copy(self.file("five", "berlin", "master-1", "aggregator-ca.pem"),
                    self.file("five", "oslo", "master-2", "aggregator-ca.pem"))
        os.remove(self.file("five", "oslo", "master-3", "aggregator.pem"))
        os.chmod(self.file("five", "oslo", "master-4", "aggregator-key.pem"), 0o644)
        lima = f"{self.directory}/out/five/lima"
        with open(f"{lima}/.state/ledger.jsonl", "a") as ledger:
            ledger.write('{"time":"2026-01-01T00:00:00Z","event":"rotation-begin","keep":"x","retire":"y","by":"ops@desk"}\n')
        os.rename(f"{lima}/master-3", f"{lima}/kept")
        os.symlink("kept", f"{lima}/master-3")
        with open(f"{self.directory}/five/bad.json", "w") as file:
            file.write('{ "apiVersion": "aggbootstrap/v1", "cluster": "<b>bad</b>" }')
        return {"three": self.page("three"), "sixty": self.page("sixty", "--warn-before", "2y", statuses=(4,)),
                "five": self.page("five", statuses=(65,))}


def check(browser, axe, name, path):
    for theme in THEMES:
        for width in WIDTHS:
            browser.show(width, theme)
            browser.open(path)
            faults = browser.ask(LOOK)
            browser.ask("document.querySelectorAll('details').forEach((part) => { part.open = true })")
            faults += browser.ask(LOOK)
            faults += browser.said(path)
            browser.ask(axe)
            faults += browser.ask(AXE)
            yield from (f"{name}, {theme}, {width} px: {fault}" for fault in dict.fromkeys(faults))
    browser.show(794, "dark", media="print")
    browser.open(path)
    for fault in browser.ask("""(() => { const faults = [], style = getComputedStyle(document.body);
        if (style.backgroundColor !== 'rgb(255, 255, 255)') faults.push(`the paper is ${style.backgroundColor}`);
        for (const part of document.querySelectorAll('details > *:not(summary)'))
          if (part.getBoundingClientRect().height === 0) faults.push('a folded part is not printed');
        return faults; })()"""):
        yield f"{name}, on paper: {fault}"


def check_keyboard(browser, path):
    """From the top of the page, each press of Tab leads to what can be seen; the first to the skip link."""
    browser.show(1440, "light")
    browser.open(path)
    seen = []
    for _ in range(40):
        browser.press_tab()
        at = browser.ask(FOCUS)
        if at["tag"] == "BODY":
            break
        seen.append(at)
        if not at["seen"]:
            yield f"keyboard: the focus on {at} is not seen"
    if not seen or seen[0]["href"] != "#main":
        yield f"keyboard: the first stop is {seen[:1]}"
    tags = {at["tag"] for at in seen}
    if not {"A", "DIV", "SUMMARY"} <= tags:
        yield f"keyboard: it only reaches {tags}"


def take_picture(browser, path, picture):
    browser.show(1200, "light")
    browser.open(path)
    data = browser.call("Page.captureScreenshot", format="png", clip={"x": 0, "y": 0, "width": 1200, "height": 900, "scale": 1})
    with open(picture, "wb") as file:
        file.write(base64.b64decode(data["data"]))


def main():
    program, chromium, axe_file = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
    picture = os.path.abspath(sys.argv[4]) if len(sys.argv) > 4 else None
    started, faults = time.monotonic(), []
    with tempfile.TemporaryDirectory() as directory:
        pages = Clusters(program, directory).pages()
        browser = Browser(chromium, f"{directory}/profile")
        try:
            axe = open(axe_file, encoding="utf-8").read() + "\n0"
            for name, path in pages.items():
                faults += check(browser, axe, name, path)
            faults += check_keyboard(browser, pages["three"])
            if picture:
                take_picture(browser, pages["three"], picture)
        finally:
            browser.close()
    for fault in faults:
        print(f"FAIL {fault}")
    count = len(pages) * len(THEMES) * len(WIDTHS)
    print(f"{count} views of {len(pages)} pages in {time.monotonic() - started:.0f} s: {len(faults)} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

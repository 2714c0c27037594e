#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a page of `status --html` in itself: tags, places, resources, names for a screen reader.

Usage: structure.py FILE; prints one line for each fault.
"""

import re
import sys
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "line", "rect", "img", "input", "hr"}
RESOURCES = {"src", "srcset", "data", "poster", "action", "formaction", "background", "xlink:href"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.faults, self.ids, self.refs, self.headings = [], [], [], [], []
        self.count, self.texts, self.tables, self.regions = {}, {}, [], []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        self.count[tag] = self.count.get(tag, 0) + 1
        if len(values) != len(attributes):
            self.faults.append(f"<{tag}> has an attribute twice")
        for name, value in attributes:
            if name.startswith("on") or name in RESOURCES or name == "style":
                self.faults.append(f"<{tag}> has {name}")
            if name == "href" and not re.fullmatch(r"#[a-z0-9-]+|data:,", value or ""):
                self.faults.append(f"<{tag}> leads to {value}")
        if tag in ("script", "iframe", "object", "embed", "form"):
            self.faults.append(f"there is a <{tag}>")
        if "id" in values:
            self.ids.append(values["id"])
        self.refs += (values.get("aria-labelledby") or "").split()
        if (values.get("href") or "").startswith("#"):
            self.refs.append(values["href"][1:])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "html" and values.get("lang") != "en":
            self.faults.append("the page has no language")
        if tag == "th" and values.get("scope") not in ("row", "col"):
            self.faults.append("a <th> has no scope")
        if values.get("role") == "region":
            self.regions.append(values.get("aria-label"))
        if values.get("role") == "region" and not (values.get("aria-label") and values.get("tabindex") == "0"):
            self.faults.append("a region that scrolls has no name, or the keyboard does not reach it")
        if tag == "table":
            self.tables.append(set())
        elif self.tables and "table" in self.open:
            self.tables[-1].add(tag)
        if tag == "svg" and not (values.get("role") == "img" and values.get("aria-labelledby")):
            self.faults.append("a picture has no text")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data

    def done(self):
        self.faults += [f"<{tag}> is not closed" for tag in self.open]
        self.faults += [f"two places are called {name}" for name in {i for i in self.ids if self.ids.count(i) > 1}]
        self.faults += [f"there is no place {name}" for name in self.refs if name not in self.ids]
        self.faults += [f"two regions are called {name}" for name in {r for r in self.regions if self.regions.count(r) > 1}]
        for tag in ("h1", "main", "header", "title"):
            # Each picture has a <title> of its own, and each bar in it.
            if self.count.get(tag, 0) < 1 or (tag != "title" and self.count[tag] > 1):
                self.faults.append(f"there are {self.count.get(tag, 0)} <{tag}>")
        for before, after in zip([0] + self.headings, self.headings):
            if after > before + 1:
                self.faults.append(f"<h{after}> comes below <h{before}>")
        for parts in self.tables:
            if not {"caption", "thead", "tbody"} <= parts:
                self.faults.append(f"a table has only {sorted(parts)}")
        style = self.texts.get("style", "")
        if re.search(r"url\(|@import|expression", style):
            self.faults.append("the style sheet needs another file")
        return self.faults


page = Page()
page.feed(open(sys.argv[1], encoding="utf-8").read())
page.close()
for fault in page.done():
    print(fault)

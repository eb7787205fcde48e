# Exports a notebook with nbconvert and tells what a reader finds in the outputs of each cell.
import json
import re
import sys
from html.parser import HTMLParser

import nbformat
from nbconvert import HTMLExporter, MarkdownExporter

path = sys.argv[1]
notebook = nbformat.read(path, as_version=4)
nbformat.validate(notebook)
html, _ = HTMLExporter().from_notebook_node(notebook)
markdown, _ = MarkdownExporter().from_notebook_node(notebook)


class Outputs(HTMLParser):
    """Collects what is inside of outputs, one entry an output."""

    void = {"img", "br", "hr", "meta", "link", "input", "col"}

    def __init__(self):
        super().__init__()
        self.stack = []
        self.outputs = []
        self.inside = None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if self.inside is None and "jp-OutputArea-output" in (attributes.get("class") or ""):
            self.inside = len(self.stack)
            self.outputs.append({"text": "", "tables": [], "images": [], "tags": [], "handlers": [], "unclosed": []})
        elif self.inside is not None:
            output = self.outputs[-1]
            output["tags"].append(tag)
            output["handlers"] += [name for name in attributes if name.startswith("on")]
            if tag == "table":
                output["tables"].append([])
            elif tag == "tr":
                output["tables"][-1].append([])
            elif tag in ("td", "th"):
                output["tables"][-1][-1].append("")
            elif tag == "img":
                output["images"].append({name: attributes.get(name) or "" for name in ("src", "alt", "width")})
        if tag not in self.void:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        if tag in self.void or not self.stack:
            return
        opened = self.stack.pop()
        if self.inside is not None and opened != tag:
            self.outputs[-1]["unclosed"].append(f"{opened} closed by {tag}")
        if self.inside is not None and len(self.stack) == self.inside:
            self.inside = None

    def handle_data(self, data):
        if self.inside is None:
            return
        output = self.outputs[-1]
        output["text"] += data
        if self.stack[-1] in ("td", "th"):
            output["tables"][-1][-1][-1] += data


outputs = Outputs()
outputs.feed(html)
json.dump({"outputs": outputs.outputs, "markdown": re.sub(r"base64,[A-Za-z0-9+/=]+", "base64,", markdown)}, sys.stdout)

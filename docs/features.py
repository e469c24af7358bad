#!/usr/bin/env python3
#
# Writes the rows of docs/features.md that are about the RFCs into README.md, without tests and notes.
#
# usage: docs/features.py            writes them
#        docs/features.py --check    exit code 1 if that would change README.md
#
# SPDX-License-Identifier: BSL-1.0

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- docs/features.py: begin -->\n", "<!-- docs/features.py: end -->\n"
HEAD = ["", "rule", "ours", "Poco", "Beast", "uWS", "lws", "ws"]


def short(cell):
    """yes, no, part or app, if the cell begins with that; otherwise the cell without its notes."""
    cell = re.sub(r" *\[[^]]*\](\([^)]*\))?", "", cell).strip()
    match = re.match(r"(yes|no|partly|app)\b", cell)
    return {"partly": "part"}.get(match[1], match[1]) if match else cell


def tables(text):
    """Of each section about an RFC: its heading and its rows, as maps from column to cell."""
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        heading, body = section.split("\n", 1)
        if not heading.startswith("RFC"):
            continue
        lines = [[cell.strip() for cell in line[1:-1].split("|")] for line in body.splitlines() if line.startswith("|")]
        yield heading, [dict(zip(lines[0], line)) for line in lines[2:]]


def table(text):
    yield "| " + " | ".join(HEAD) + " |"
    yield "|" + "---|" * len(HEAD)
    for heading, rows in tables(text):
        yield f"| | **{heading}** |" + " |" * (len(HEAD) - 2)
        for row in rows:
            cells = [row[""], row["rule"]] + [short(row.get(column, "–")) for column in HEAD[2:]]
            yield "| " + " | ".join(cells) + " |"


def main():
    readme = ROOT / "README.md"
    old = readme.read_text(encoding="utf-8")
    before, rest = old.split(BEGIN)
    after = rest.split(END)[1]
    rows = "\n".join(table((ROOT / "docs" / "features.md").read_text(encoding="utf-8")))
    new = before + BEGIN + rows + "\n" + END + after
    if "--check" in sys.argv[1:]:
        if new != old:
            sys.exit("README.md does not have the rows of docs/features.md: run docs/features.py")
    else:
        readme.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()

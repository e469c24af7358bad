#!/usr/bin/env python3
#
# Counts the answers in docs/features.md, and writes the counts there. Fails if a test that is named there does not exist,
# or a note is missing.
#
# usage: docs/features.py            writes the counts
#        docs/features.py --check    exit code 1 if that would change the file
#
# SPDX-License-Identifier: BSL-1.0

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "features.md"
BEGIN, END = "<!-- docs/features.py: begin -->\n", "<!-- docs/features.py: end -->\n"
LIBRARIES = ["ours", "Poco", "Beast", "uWS", "lws", "ws"]
ANSWERS = ["yes", "partly", "app", "no"]


def rows(text):
    """The rows of all tables about features, as maps from column to cell."""
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        lines = [[cell.strip() for cell in line[1:-1].split("|")] for line in section.splitlines() if line.startswith("|")]
        if lines and "Test" in lines[0]:
            yield from (dict(zip(lines[0], line)) for line in lines[2:])


def answer(cell):
    match = re.match(r"(?:1\.\d+: )?(%s)\b" % "|".join(ANSWERS), cell)
    return match[1] if match else ""


def counts(table):
    yield "| | " + " | ".join(LIBRARIES) + " |"
    yield "|---|" + "---:|" * len(LIBRARIES)
    number = {library: collections.Counter(answer(row.get(library, "")) for row in table) for library in LIBRARIES}
    for kind in ANSWERS:
        yield f"| {kind} | " + " | ".join(str(number[library][kind]) for library in LIBRARIES) + " |"


def faults(text, table):
    for name in re.findall(r"`([^`]+)`", " ".join(row["Test"] for row in table)):
        pattern = name.replace("...", "*") + "Test.cpp"
        folders = [""] if "/" in name else ["core/", "blocking/"]
        if not (ROOT / name).exists() and not any(any(ROOT.glob(f"Net/testsuite/{folder}{pattern}")) for folder in folders):
            yield f"there is no test {name}"
    used, defined = set(re.findall(r"\[\^(\w+)\](?!:)", text)), set(re.findall(r"^\[\^(\w+)\]:", text, flags=re.M))
    for name in used ^ defined:
        yield f"note {name} is " + ("not there" if name in used else "not used")


def main():
    old = PAGE.read_text(encoding="utf-8")
    table = list(rows(old))
    wrong = list(faults(old, table))
    before, rest = old.split(BEGIN)
    new = before + BEGIN + "\n".join(counts(table)) + "\n" + END + rest.split(END)[1]
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(new, encoding="utf-8")
    elif new != old:
        wrong.append("the counts are not up to date: run docs/features.py")
    if wrong:
        sys.exit("\n".join(f"docs/features.md: {text}" for text in wrong))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
#
# Makes a manual page of what a program prints for --help.
#
# usage: manpage.py <program> <version> <what it does, in one line> > <page>
#
# SPDX-License-Identifier: BSL-1.0

import os
import re
import subprocess
import sys

MORE = {
    "WebSocketShell": "EchoServer(1)",
    "EchoServer": "WebSocketShell(1)",
}


def roff(text):
    """Text, with what roff would take for its own escaped."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(['.])", r"\\&\1", text, flags=re.MULTILINE)


def parts(text):
    """Returns synopsis, description, options and what comes after them."""
    usage, rest = text.split("\n", 1)
    synopsis = re.fullmatch(r"usage: \S+ (.+)", usage).group(1)
    description, rest = rest.split("\n\n", 1)
    options = []
    lines = rest.split("\n")
    while lines and lines[0]:
        line = lines.pop(0)
        option = re.fullmatch(r"(-\S.*?)(?: {2,}(.*))?", line)
        if option:
            options.append([option.group(1), option.group(2) or ""])
        else:
            options[-1][1] += " " + line.strip()
    paragraphs = [" ".join(line.strip() for line in paragraph.split("\n")) for paragraph in "\n".join(lines).strip().split("\n\n")]
    if not options or not all(text for _, text in options):
        sys.exit("manpage.py: the options have another form than expected")
    return synopsis, " ".join(description.split()), options, paragraphs


def page(name, version, summary, text):
    synopsis, description, options, paragraphs = parts(text)
    yield f'.TH {name} 1 "" "PocoWebSocket {version}" "User Commands"'
    yield f".SH NAME\n{name} \\- {roff(summary)}"
    yield f".SH SYNOPSIS\n.B {name}\n{roff(synopsis)}"
    yield f".SH DESCRIPTION\n{roff(description)}"
    yield ".SH OPTIONS"
    for option, meaning in options:
        words, _, argument = option.partition("=")
        yield ".TP\n" + f"\\fB{roff(words)}\\fR" + (f"=\\fI{roff(argument)}\\fR" if argument else "") + f"\n{roff(' '.join(meaning.split()))}"
    yield ".SH EXIT STATUS"
    yield "\n.PP\n".join(roff(paragraph) for paragraph in paragraphs)
    yield f".SH SEE ALSO\n.BR {roff(MORE[name]).replace('(', ' (')}"


def main():
    program, version, summary = sys.argv[1:]
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout.strip()
    print("\n".join(page(os.path.basename(program), version, summary, text)))


main()

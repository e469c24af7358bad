#!/usr/bin/python3
#
# Doxygen's INPUT_FILTER: puts Poco's comments where Doxygen looks for them. In Poco's style a /// block follows what it
# documents. Here, a block behind the head of a class or enum moves in front of the head; any other becomes ///<. A typedef
# Ptr needs no comment.
#
# usage: docs/doxygen-filter.py HEADER
#
# SPDX-License-Identifier: BSL-1.0

import re
import sys


def head(lines):
    """The index in lines of the first line of the declaration that ends with the last one."""
    begin = len(lines)
    while begin and lines[begin - 1].strip() and not re.search(r"[;{}]\s*$|\w+:$|^\s*(#|//)", lines[begin - 1]):
        begin -= 1
    return begin


def main():
    out, block = [], []
    with open(sys.argv[1], encoding="utf-8") as header:
        for line in header:
            if re.match(r"\s*///", line):
                block.append(line)
                continue
            if block and line.strip() == "{":
                begin = head(out)
                out[begin:begin] = block
            else:
                out += [re.sub("///", "///<", comment, count=1) for comment in block]
            block = []
            line = re.sub(r"(\S\s*)///(?=\s)", r"\1///<", line)
            out.append(re.sub(r"^(\s*typedef \S+Ptr<(.+)> Ptr;)$", r"\1 ///< A smart pointer to a \2.", line))
    sys.stdout.write("".join(out + block))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What of the control plane no test reaches, from an lcov file of one program after the other: its failure handlers above all.

Prints every range of lines that never ran, under the function it stands in, and how much that is of all. A range that
`known.txt` beside this file names, by its function and its first line, with the reason, is not printed.
Ends with 1 if there is anything to print, or if the list names something that is reached.
"""

import re
import sys
from pathlib import Path

KNOWN = Path(__file__).with_name("known.txt")
FUNCTION = re.compile(r"\s*(?:pub(?:\([a-z]+\))? )?(?:async )?fn (\w+)")


def read(lcov):
    """Lines by file: how often each ran, in all programs."""
    counts, lines = {}, {}
    for line in lcov.read_text().splitlines():
        key, _, value = line.partition(":")
        if key == "SF":
            lines = counts.setdefault(Path(value), {})
        elif key == "DA":
            number, count = value.split(",")[:2]
            lines[int(number)] = lines.get(int(number), 0) + int(count)
    return counts


def unreached(file, lines):
    """Ranges of lines that never ran: the function, the first line's text, first and last number."""
    text = file.read_text().splitlines()
    end = next((at for at, line in enumerate(text) if "#[cfg(test)]" in line), len(text))
    function, first = "", None
    for number, line in enumerate(text[:end], 1):
        named = FUNCTION.match(line)
        if named:
            function = named[1]
        if lines.get(number) == 0 and line.strip(" })];,"):
            first = first or (number, function)
        elif first and number in lines:
            yield first[1], text[first[0] - 1].strip(), first[0], number - 1
            first = None
    if first:
        yield first[1], text[first[0] - 1].strip(), first[0], end


def main():
    root, lcov = Path(sys.argv[1]), Path(sys.argv[2])
    rooms = [root / room for room in sys.argv[3:]]
    entries = [line.split("\t") for line in KNOWN.read_text().splitlines() if line and not line.startswith("#")]
    known = {(file, function, start): False for file, function, start, _reason in entries}
    told, reached, all_lines = [], 0, 0
    for file, lines in sorted(read(lcov).items()):
        # Of a program that has nothing of these rooms, everything is told.
        if not any(room in file.parents for room in rooms):
            continue
        name = str(file.relative_to(root))
        all_lines += len(lines)
        reached += sum(count > 0 for count in lines.values())
        for function, start, first, last in unreached(file, lines):
            if (name, function, start) in known:
                known[name, function, start] = True
            else:
                told.append(f"{name}:{first}-{last} in {function}: {start}")
    print("\n".join(told))
    stale = [entry for entry, met in known.items() if not met]
    for file, function, start in stale:
        print(f"known.txt: {file}, {function}: `{start}` is reached, or is no more")
    print(f"{reached} of {all_lines} lines of the compute manager and the conductor are reached by tests;", end=" ")
    print(f"{len(known) - len(stale)} places are known not to be, {len(told)} are not known")
    return 1 if told or stale else 0


if __name__ == "__main__":
    sys.exit(main())

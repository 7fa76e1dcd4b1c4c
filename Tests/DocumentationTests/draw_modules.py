#!/usr/bin/env python3
"""Draws which module imports which, from the imports in Sources, and writes the table of Modules.md.

Usage: draw_modules.py ROOT [--check]   (--check writes nothing and ends with 1 where a file would change)

Of the arrows only those are drawn that do not follow from others: A -> C is left out where A -> B -> C is there. A module
stands above all that it imports, so that every arrow points down; where that cannot be done there is a circle, and the script
ends with 1.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
CATALOGUE = ROOT / "Sources/mae/Documentation.docc"
BOX_WIDTH, BOX_HEIGHT, GAP, ROW = 138, 34, 18, 84


def read_imports():
    """For each module, the modules of this package that its files import; those of C are left out."""
    folders = [folder for folder in sorted((ROOT / "Sources").iterdir()) if folder.is_dir()]
    modules = [f.name for f in folders if f.name != "CommitPlugin" and list(f.rglob("*.swift"))]
    imports = {}
    for module in modules:
        found = set()
        for file in (ROOT / "Sources" / module).rglob("*.swift"):
            lines = file.read_text().splitlines()
            found |= {m[1] for line in lines if (m := re.match(r"\s*(?:@\w+ )*import (\w+)", line))}
        imports[module] = sorted((found & set(modules)) - {module})
    return imports


def levels(imports):
    """The length of the longest way down from each module."""
    level, running = {}, []

    def visit(module):
        if module in running:
            sys.exit("a circle of imports: " + " -> ".join(running[running.index(module):] + [module]))
        if module not in level:
            running.append(module)
            level[module] = 1 + max((visit(other) for other in imports[module]), default=-1)
            running.pop()
        return level[module]

    for module in imports:
        visit(module)
    return level


def reduced(imports):
    """The imports that do not follow from others."""
    below = {}

    def reach(module):
        if module not in below:
            below[module] = set(imports[module]).union(*(reach(other) for other in imports[module]))
        return below[module]

    return {
        module: [other for other in others if not any(other in reach(third) for third in others)]
        for module, others in imports.items()
    }


def rows(level, arrows):
    """The modules of each level, those near one another that are connected."""
    result = [sorted(m for m in level if level[m] == n) for n in range(max(level.values()) + 1)]
    place = {m: (i + 0.5) / len(row) for row in result for i, m in enumerate(row)}
    for _ in range(20):
        for row in result:
            def middle(module):
                near = arrows[module] + [m for m in arrows if module in arrows[m]]
                return sum(place[m] for m in near) / len(near) if near else place[module]
            row.sort(key=lambda module: (round(middle(module), 6), module))
            for i, module in enumerate(row):
                place[module] = (i + 0.5) / len(row)
    return result


def draw(imports):
    level, arrows = levels(imports), reduced(imports)
    lines = rows(level, arrows)
    width = max(len(row) for row in lines) * (BOX_WIDTH + GAP) + GAP
    height = len(lines) * ROW + GAP
    centre = {}
    for number, row in enumerate(lines):
        for i, module in enumerate(row):
            centre[module] = (round(width * (i + 0.5) / len(row)), height - GAP - number * ROW - BOX_HEIGHT // 2)
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#64748b"/></marker></defs>',
    ]
    for module in sorted(arrows):
        for other in arrows[module]:
            (x, y), (u, v) = centre[module], centre[other]
            y, v = y + BOX_HEIGHT // 2, v - BOX_HEIGHT // 2
            bend = (v - y) // 2
            svg.append(
                f'<path d="M{x},{y} C{x},{y + bend} {u},{v - bend} {u},{v}" fill="none" stroke="#94a3b8" '
                'stroke-width="1.2" marker-end="url(#tip)"/>')
    for module in sorted(centre):
        x, y = centre[module]
        svg.append(
            f'<rect x="{x - BOX_WIDTH // 2}" y="{y - BOX_HEIGHT // 2}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6" '
            'fill="#eff6ff" stroke="#3b82f6"/>')
        svg.append(f'<text x="{x}" y="{y + 5}" text-anchor="middle" fill="#0f172a">{module}</text>')
    return "\n".join(svg + ["</svg>", ""])


def page(imports):
    level = levels(imports)
    table = "\n".join(
        f"| `{module}` | {', '.join(f'`{other}`' for other in imports[module]) or 'none'} |"
        for module in sorted(imports, key=lambda m: (-level[m], m)))
    return f"""# Modules

What imports what. Every arrow points down: what stands below knows nothing of what stands above.

## Overview

![The modules as boxes, the command line on top, files and computing at the bottom, with arrows to what each imports](modules.svg)

An arrow is left out where it follows from others. Beside these there are small targets in C, one for each library of the system and
some for what Swift cannot say. The picture and the table are made from the imports, by `Tests/DocumentationTests/draw_modules.py`; a
test compares.

| module | imports |
|---|---|
{table}
"""


def main():
    imports = read_imports()
    wanted = {CATALOGUE / "modules.svg": draw(imports), CATALOGUE / "Modules.md": page(imports)}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        if stale:
            sys.exit("not as the imports are: " + ", ".join(path.name for path in stale)
                     + "; run Tests/DocumentationTests/draw_modules.py .")
        return
    for path in stale:
        path.write_text(wanted[path])


main()

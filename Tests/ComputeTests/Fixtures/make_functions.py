"""Makes functions.txt with mpmath (PyPI): python make_functions.py in this folder.

A line holds a function, its arguments and its value, correctly rounded, as hexadecimal doubles.
"""
import math
import random

from mpmath import mp, mpf

mp.prec = 400
draw = random.Random(24)
lines = []


def add(name, function, *arguments):
    # mpf to float rounds to nearest, ties to even.
    lines.append(" ".join([name, *[float(a).hex() for a in arguments], float(function(*map(mpf, arguments))).hex()]))


for _ in range(300):
    add("exp", mp.exp, draw.uniform(-0.3, 0.3))
    add("exp", mp.exp, draw.uniform(-690, 690))
    add("log", mp.log, draw.random())
    add("log", mp.log, 10 ** draw.uniform(-300, 300))
    for name, function in (("sin", mp.sin), ("cos", mp.cos)):
        add(name, function, draw.uniform(-10, 10))
        add(name, function, 2 ** draw.uniform(-40, 30))
        # Close to a multiple of a quarter turn, where most is cancelled.
        add(name, function, draw.randrange(1, 1 << 29) * math.pi / 2)
    add("pow", mp.power, 10000.0, draw.random())
    add("pow", mp.power, 10 ** draw.uniform(-20, 20), draw.uniform(-10, 10))
    add("power", mp.power, draw.choice([0.9, 0.95, 0.999, draw.random()]), draw.randrange(0, 3000))
for x in (0.0, 1.0, -1.0, 0.5):
    add("exp", mp.exp, x), add("sin", mp.sin, x), add("cos", mp.cos, x)
for x in (1.0, 2.0, 0.5, math.nextafter(1, 0), math.nextafter(1, 2), 2 ** 0.5, 2.0 ** -1022):
    add("log", mp.log, x)
for step in (0, 1, 2, 500_400, 10_000_000):
    add("power", mp.power, 0.9999999, step)
lines = [line for line in lines if not line.startswith("power") or float.fromhex(line.split()[-1]) > 1e-270]
with open("functions.txt", "w") as file:
    file.write("\n".join(lines) + "\n")

"""The minimax polynomials of the shaders: `python xtask/fit_polynomials.py [NAME ...]`, with mpmath and numpy.

A Remez exchange gives the best polynomial with real coefficients. Rounding those one by one would lose some bits,
because their errors add up, so the polynomial with f32 coefficients is sought as a lattice vector close to the
function (Brisebarre & Chevillard 2007), and then among the neighbours of that vector.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, product

import mpmath
import numpy as np
from mpmath import cos, cosh, erfc, exp, expm1, log, log1p, mpf, pi, sin, sqrt, tanh

mpmath.mp.dps = 60
# An even number has no node at 0, where functions are 0/0.
GRID = 3000
COARSE_GRID = 160
# How many coordinates of a neighbour may differ: with all of them, eleven coefficients would have 3^11 neighbours.
NEIGHBOUR_STEPS = 4


@dataclass
class Block:
    name: str
    meaning: str
    function: Callable[[mpf], mpf]
    # By what an error of the polynomial is multiplied to be relative to the result.
    weight: Callable[[mpf], mpf]
    low: mpf
    high: mpf
    degree: int
    # A polynomial in x^2, low and high being bounds of x.
    even: bool = False
    # The lowest coefficients that are exact, and how many of those above them have two parts.
    given: tuple[float, ...] = ()
    in_two_parts: int = 0


def normal(x: mpf) -> mpf:
    return erfc(-x / sqrt(2)) / 2


def density(x: mpf) -> mpf:
    return exp(-x * x / 2) / sqrt(2 * pi)


def gelu_slope(x: mpf) -> mpf:
    return normal(x) + x * density(x)


def mills(a: mpf) -> mpf:
    return exp(a * a / 2) * erfc(a / sqrt(2)) / 2


def distance(t: mpf) -> mpf:
    return 4 * (1 + t) / (1 - t)


def sinc_slope(x: mpf) -> mpf:
    return (cos(x) - sin(x) / x) / x


# Slightly more, because the argument reductions round.
HALF_LN2 = log(2) / 2 * (1 + mpf(2) ** -13)
EIGHTH_TURN = pi / 4 * (1 + mpf(2) ** -13)

BLOCKS = [
    Block(
        "exponential", "(e^r - 1 - r)/r^2",
        lambda r: (exp(r) - 1 - r) / r**2, lambda r: r**2 / exp(r),
        -HALF_LN2, HALF_LN2, 5, given=(0.5,),
    ),
    Block(
        "expm1_near", "(e^t - 1 - t)/t^2",
        lambda t: (exp(t) - 1 - t) / t**2, lambda t: t**2 / expm1(t),
        mpf(-0.5), mpf(0.5), 6, given=(0.5,),
    ),
    Block(
        "log1p_unit", "(ln(1 + f) - f + f^2/2)/f^3",
        lambda f: (log1p(f) - f + f**2 / 2) / f**3, lambda f: f**3 / log1p(f),
        sqrt(2) / 2 - 1, sqrt(2) - 1, 8,
    ),
    Block(
        "tanh_of", "(tanh(t) - t)/t^3 in t^2",
        lambda t: (tanh(t) - t) / t**3, lambda t: t**3 / tanh(t),
        mpf(0), mpf(0.4), 4, even=True,
    ),
    Block(
        "normal_centre", "(Phi(x) - 1/2)/x in x^2",
        lambda x: (normal(x) - 0.5) / x, lambda x: x / normal(-x),
        mpf(0), mpf(0.25), 3, even=True,
    ),
    Block(
        "normal_centre_slope", "(Phi(x) + x phi(x) - 1/2)/x in x^2",
        lambda x: (gelu_slope(x) - 0.5) / x, lambda x: x / gelu_slope(-x),
        mpf(0), mpf(0.25), 3, even=True,
    ),
    Block(
        "mills_ratio", "(1 + a) e^(a^2/2) Phi(-a) in t = (a - 4)/(a + 4)",
        lambda t: (1 + distance(t)) * mills(distance(t)), lambda t: 1 / ((1 + distance(t)) * mills(distance(t))),
        mpf(-1), mpf("10.7") / mpf("18.7"), 10, in_two_parts=1,
    ),
    Block(
        "sine", "(r - sin(r))/r^3 in r^2",
        lambda r: (r - sin(r)) / r**3, lambda r: r**3 / sin(r),
        mpf(0), EIGHTH_TURN, 3, even=True,
    ),
    Block(
        "cosine", "(cos(r) - 1 + r^2/2)/r^4 in r^2",
        lambda r: (cos(r) - 1 + r**2 / 2) / r**4, lambda r: r**4 / cos(r),
        mpf(0), EIGHTH_TURN, 2, even=True,
    ),
    Block(
        "fast_expm1", "(e^r - 1 - r)/r^2",
        lambda r: (exp(r) - 1 - r) / r**2, lambda r: r**2 / expm1(r),
        -HALF_LN2, HALF_LN2, 4,
    ),
    Block(
        "fast_log1p_unit", "(ln(1 + e) - e)/e^2",
        lambda e: (log1p(e) - e) / e**2, lambda e: e**2 / log1p(e),
        mpf(0), mpf(1), 7,
    ),
    Block(
        "fast_mills_ratio", "(1 + a) e^(a^2/2) Phi(-a) in t = (a - 4)/(a + 4)",
        lambda t: (1 + distance(t)) * mills(distance(t)), lambda t: 1 / ((1 + distance(t)) * mills(distance(t))),
        mpf(-1), mpf("10.7") / mpf("18.7"), 9,
    ),
    Block(
        "fast_tanh_shrink", "(x - tanh(x))/x^3 in x^2",
        lambda x: (x - tanh(x)) / x**3, lambda x: x**3 / (x - tanh(x)),
        mpf(0), mpf("1.5"), 9, even=True,
    ),
    Block(
        "sixteen_expm1_near", "(e^t - 1 - t)/t^2",
        lambda t: (exp(t) - 1 - t) / t**2, lambda t: t**2 / expm1(t),
        mpf(-0.25), mpf(0.25), 3,
    ),
    Block(
        "sixteen_log1p_unit", "(ln(1 + e) - e)/e^2",
        lambda e: (log1p(e) - e) / e**2, lambda e: e**2 / log1p(e),
        mpf(0), mpf(1), 5,
    ),
    Block(
        "sixteen_tanh_of", "(tanh(t) - t)/t^3 in t^2",
        lambda t: (tanh(t) - t) / t**3, lambda t: t**3 / tanh(t),
        mpf(0), mpf(0.25), 1, even=True,
    ),
    Block(
        "sixteen_mills_ratio", "e^(a^2/2) Phi(-a)/t in t = 1/(1 + a/4)",
        lambda t: mills(4 / t - 4) / t, lambda t: t / mills(4 / t - 4),
        mpf(4) / 19, mpf(1), 6,
    ),
    Block(
        "celu_gradient", "(1 + z e^z - e^z)/z^2",
        lambda z: (1 + z * exp(z) - exp(z)) / z**2, lambda z: z**2 / (1 + z * exp(z) - exp(z)),
        mpf(-0.5), mpf(0.5), 7, given=(0.5,),
    ),
    Block(
        "log_cosh", "(x^2/2 - ln(cosh(x)))/x^4 in x^2",
        lambda x: (x**2 / 2 - log(cosh(x))) / x**4, lambda x: x**4 / log(cosh(x)),
        mpf(0), mpf(1), 6, even=True,
    ),
    Block(
        "sinc_derivative", "(1/3 + sinc'(x)/x)/x^2 in x^2",
        lambda x: (mpf(1) / 3 + sinc_slope(x) / x) / x**2, lambda x: x**3 / sinc_slope(x),
        mpf(0), mpf(1.5), 3, even=True,
    ),
    Block(
        "tanh_shrink", "(1/3 - (x - tanh(x))/x^3)/x^2 in x^2",
        lambda x: (mpf(1) / 3 - (x - tanh(x)) / x**3) / x**2, lambda x: x**5 / (x - tanh(x)),
        mpf(0), mpf("0.6"), 4, even=True,
    ),
    Block(
        "xielu", "((e^c - 1 - c)/c^2 - 1/2)/c",
        lambda c: ((exp(c) - 1 - c) / c**2 - 0.5) / c, lambda c: c**3 / (exp(c) - 1 - c),
        mpf(-1), mpf(0), 5,
    ),
]


class Fit:
    """Everything in u, the variable of the polynomial, on a grid that is denser towards the ends."""

    def __init__(self, block: Block) -> None:
        self.block = block
        low, high = (block.low**2, block.high**2) if block.even else (block.low, block.high)
        nodes = [cos(pi * (i + mpf(0.5)) / GRID) for i in range(GRID)]
        self.u = np.array([(low + high) / 2 - (high - low) / 2 * node for node in nodes])
        x = [sqrt(u) for u in self.u] if block.even else self.u
        self.function = np.array([block.function(v) for v in x])
        self.weight = np.array([abs(block.weight(v)) for v in x])

    def error(self, coefficients: list[mpf]) -> np.ndarray:
        """Of the result, relative; coefficients from the lowest power up."""
        value = mpf(0)
        for coefficient in reversed(coefficients):
            value = value * self.u + coefficient
        return (value - self.function) * self.weight

    def minimax(self) -> list[mpf]:
        """By Remez' exchange, after division by the power of u that the given coefficients leave: a basis without the
        lowest powers has a zero of its own at 0, and need not alternate."""
        given = [mpf(g) for g in self.block.given]
        unknown = self.block.degree + 1 - len(given)
        chosen = [round(i * (GRID - 1) / unknown) for i in range(unknown + 1)]
        for _ in range(60):
            matrix = mpmath.matrix(unknown + 1)
            right = mpmath.matrix(unknown + 1, 1)
            for row, i in enumerate(chosen):
                for column in range(unknown):
                    matrix[row, column] = self.u[i] ** column
                scale = self.weight[i] * abs(self.u[i]) ** len(given)
                matrix[row, unknown] = (-1) ** row / scale
                rest = self.function[i] - sum(g * self.u[i] ** j for j, g in enumerate(given))
                right[row] = rest / self.u[i] ** len(given)
            solution = mpmath.lu_solve(matrix, right)
            coefficients = given + [solution[i] for i in range(unknown)]
            error = self.error(coefficients) * np.array([mpmath.sign(u) for u in self.u]) ** len(given)
            level = abs(solution[unknown])
            chosen = alternation(error, unknown + 1)
            if max(abs(error)) < level * mpf(1.0001):
                return coefficients
        raise ArithmeticError(f"{self.block.name}: the exchange does not converge")

    def in_floats(self, minimax: list[mpf]) -> list[mpf]:
        """Near the best polynomial with f32 coefficients."""
        first = len(self.block.given)
        free = range(first, len(minimax))
        units = [mpf(2) ** (mpmath.frexp(minimax[j])[1] - 24) for j in free]
        for j in range(self.block.in_two_parts):
            units[j] *= mpf(2) ** -24
        coarse = np.linspace(0, GRID - 1, COARSE_GRID).round().astype(int)
        while True:
            columns = [self.weight[coarse] * self.u[coarse] ** j * unit for j, unit in zip(free, units, strict=True)]
            basis = np.array(columns).astype(float).T
            moves = reduced(basis)
            rounded = [mpmath.nint(minimax[j] / unit) for j, unit in zip(free, units, strict=True)]
            start = minimax[:first] + [n * unit for n, unit in zip(rounded, units, strict=True)]
            error = self.error(start)[coarse].astype(float)
            steps = moves @ improved(basis @ moves, error, nearest(basis @ moves, error))
            best = minimax[:first] + [(n + int(s)) * unit for n, s, unit in zip(rounded, steps, units, strict=True)]
            # A coefficient may have passed a power of two, beyond which floats are farther apart.
            wide = [j for j in free if len(parts(best[j])) > 1 + (j - first < self.block.in_two_parts)]
            if not wide:
                return best
            for j in wide:
                units[j - first] *= 2


def alternation(error: np.ndarray, count: int) -> list[int]:
    """Where the error is largest between its changes of sign, `count` successive places."""
    places: list[int] = []
    for i in range(len(error)):
        if places and (error[i] > 0) == (error[places[-1]] > 0):
            if abs(error[i]) > abs(error[places[-1]]):
                places[-1] = i
        else:
            places.append(i)
    while len(places) > count:
        places.pop(0 if abs(error[places[0]]) < abs(error[places[-1]]) else -1)
    if len(places) < count:
        raise ArithmeticError("the error does not alternate")
    return places


def reduced(basis: np.ndarray) -> np.ndarray:
    """Integer combinations of the columns that are short and nearly orthogonal (Lenstra, Lenstra & Lovász 1982)."""
    size = basis.shape[1]
    moves = np.eye(size, dtype=np.int64)
    k = 1
    while k < size:
        r = np.linalg.qr(basis @ moves, mode="r")
        for j in range(k - 1, -1, -1):
            moves[:, k] -= round(r[j, k] / r[j, j]) * moves[:, j]
            r[:, k] -= round(r[j, k] / r[j, j]) * r[:, j]
        if r[k, k] ** 2 >= (0.99 - (r[k - 1, k] / r[k - 1, k - 1]) ** 2) * r[k - 1, k - 1] ** 2:
            k += 1
        else:
            moves[:, [k - 1, k]] = moves[:, [k, k - 1]]
            k = max(k - 1, 1)
    return moves


def nearest(basis: np.ndarray, error: np.ndarray) -> np.ndarray:
    """The combination that nearly cancels the error (Babai 1986)."""
    q, r = np.linalg.qr(basis)
    target = -q.T @ error
    steps = np.zeros(basis.shape[1], dtype=np.int64)
    for j in range(basis.shape[1] - 1, -1, -1):
        steps[j] = round((target[j] - r[j, j + 1 :] @ steps[j + 1 :]) / r[j, j])
    return steps


def improved(basis: np.ndarray, error: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The best of the neighbours, and of its neighbours in turn."""
    size = basis.shape[1]
    neighbours = np.zeros((1, size), dtype=np.int64)
    for places in combinations(range(size), min(NEIGHBOUR_STEPS, size)):
        along = np.zeros((3 ** len(places), size), dtype=np.int64)
        along[:, places] = list(product((-1, 0, 1), repeat=len(places)))
        neighbours = np.vstack((neighbours, along))
    neighbours = np.unique(neighbours, axis=0)
    changes = neighbours @ basis.T
    largest = np.inf
    while True:
        here = error + basis @ steps
        errors = np.abs(changes + here).max(axis=1)
        if errors.min() >= largest:
            return steps
        largest = errors.min()
        steps = steps + neighbours[errors.argmin()]


def parts(coefficient: mpf) -> list[mpf]:
    """The floats whose sum is the coefficient."""
    found = []
    while coefficient != 0:
        found.append(mpf(float(np.float32(float(coefficient)))))
        coefficient -= found[-1]
    return found


def literal(coefficient: mpf) -> str:
    return " + ".join(f"{float(part):.9g}" for part in parts(coefficient))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    wanted = parser.parse_args().names
    unknown = set(wanted) - {block.name for block in BLOCKS}
    if unknown:
        parser.error(f"no polynomial {', '.join(sorted(unknown))}; there are {', '.join(b.name for b in BLOCKS)}")
    for block in BLOCKS:
        if wanted and block.name not in wanted:
            continue
        fit = Fit(block)
        best = fit.minimax()
        rounded = fit.in_floats(best)
        real, achieved = (float(mpmath.log(max(abs(fit.error(c))), 2)) for c in (best, rounded))
        print(f"{block.name}: {block.meaning}, {float(block.low):.6g} to {float(block.high):.6g}")
        print(f"  2^{achieved:.2f}, with real coefficients 2^{real:.2f}")
        print("  " + ", ".join(literal(c) for c in reversed(rounded)), flush=True)


if __name__ == "__main__":
    main()

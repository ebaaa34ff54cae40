"""Integrates the orbits of the planets under their mutual attraction.

    python3 orbits.py planets.csv trajectory.csv --years 170 --step-days 4

Reads where the bodies are and how they move, and writes positions and
velocities along the ecliptic of J2000, relative to the barycentre of all
bodies, for every step of the first two years and then about 400 times more.

Method: the symplectic map of Wisdom and Holman in democratic heliocentric
coordinates (heliocentric positions, barycentric momenta). The Hamiltonian is
split into three parts that each can be solved exactly: motion of each planet
about the Sun alone, motion of the Sun about the barycentre, and attraction
between planets. Steps of a twentieth of Mercury's year are enough, and the
energy does not drift but oscillates.

Source: J. Wisdom and M. Holman (1991), Astronomical Journal 102, 1528;
M. J. Duncan, H. F. Levison and M. H. Lee (1998), Astronomical Journal 116, 2067.

Units: astronomical units, days of 86400 s, solar masses. Standard library only.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections.abc import Iterable, Iterator

GAUSS = 0.01720209895  # square root of the Sun's gravitational parameter; source: as for planets.csv
OBLIQUITY = math.radians(84381.448 / 3600.0)  # of the ecliptic at J2000; source: IAU 1976
DENSE_YEARS = 2.0
SPARSE_SAMPLES = 400


class Body:
    """A point mass: ``gm`` in au3/day2, position in au and velocity in au/day."""

    __slots__ = ("gm", "name", "position", "velocity")

    def __init__(self, name: str, gm: float, position: list[float], velocity: list[float]) -> None:
        self.name = name
        self.gm = gm
        self.position = position
        self.velocity = velocity


def read_rows(path: str) -> list[dict[str, str]]:
    """The rows of a CSV file as dictionaries, without comment lines."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def read_bodies(path: str) -> list[Body]:
    """The bodies, the Sun first, along the ecliptic of J2000 and relative to their barycentre."""
    bodies = [
        Body(
            row["body"],
            GAUSS**2 / float(row["sun_mass_ratio"]),
            to_ecliptic([float(row[key]) for key in ("x_au", "y_au", "z_au")]),
            to_ecliptic([float(row[key]) for key in ("vx_au_day", "vy_au_day", "vz_au_day")]),
        )
        for row in read_rows(path)
    ]
    total = sum(body.gm for body in bodies)
    for name in ("position", "velocity"):
        centre = [sum(body.gm * getattr(body, name)[axis] for body in bodies) / total for axis in range(3)]
        for body in bodies:
            setattr(body, name, difference(getattr(body, name), centre))
    return bodies


def to_ecliptic(equatorial: list[float]) -> list[float]:
    """The same vector along the mean ecliptic and equinox of J2000."""
    x, y, z = equatorial
    sine, cosine = math.sin(OBLIQUITY), math.cos(OBLIQUITY)
    return [x, cosine * y + sine * z, cosine * z - sine * y]


def difference(one: list[float], other: list[float]) -> list[float]:
    """One vector less another."""
    return [a - other[axis] for axis, a in enumerate(one)]


def drift(planets: list[list[float]], sun_gm: float, step: float) -> None:
    """Moves each planet along its ellipse about a fixed Sun, by Gauss's f and g functions.

    ``planets`` are lists ``[gm, x, y, z, vx, vy, vz]``, changed in place. The
    loop solves Kepler's equation for the change of the eccentric anomaly.
    """
    sin, cos, sqrt = math.sin, math.cos, math.sqrt
    for planet in planets:
        _, x, y, z, vx, vy, vz = planet
        radius = sqrt(x * x + y * y + z * z)
        axis = 1.0 / (2.0 / radius - (vx * vx + vy * vy + vz * vz) / sun_gm)
        motion = sqrt(sun_gm / axis) / axis
        e_cos = 1.0 - radius / axis
        e_sin = (x * vx + y * vy + z * vz) / sqrt(sun_gm * axis)
        mean = motion * step
        change = mean + e_sin * (cos(mean) - 1.0) + e_cos * sin(mean)
        for _ in range(20):
            sine, cosine = sin(change), cos(change)
            slope = 1.0 - e_cos * cosine + e_sin * sine
            error = (change - e_cos * sine + e_sin * (1.0 - cosine) - mean) / slope
            change -= error
            if -1e-14 < error < 1e-14:
                break
        sine, cosine = sin(change), cos(change)
        slope = 1.0 - e_cos * cosine + e_sin * sine
        f = 1.0 - (1.0 - cosine) * axis / radius
        g = step - (change - sine) / motion
        f_rate = -motion * axis * sine / (radius * slope)
        g_rate = 1.0 - (1.0 - cosine) / slope
        planet[1:] = (
            f * x + g * vx,
            f * y + g * vy,
            f * z + g * vz,
            f_rate * x + g_rate * vx,
            f_rate * y + g_rate * vy,
            f_rate * z + g_rate * vz,
        )


def kick(planets: list[list[float]], step: float) -> None:
    """Changes the velocities by the attraction between the planets, for ``step`` days."""
    for index, one in enumerate(planets):
        gm, x, y, z, vx, vy, vz = one
        for other in planets[:index]:
            dx, dy, dz = other[1] - x, other[2] - y, other[3] - z
            squared = dx * dx + dy * dy + dz * dz
            factor = step / (squared * math.sqrt(squared))
            mine, theirs = factor * other[0], factor * gm
            vx += mine * dx
            vy += mine * dy
            vz += mine * dz
            other[4] -= theirs * dx
            other[5] -= theirs * dy
            other[6] -= theirs * dz
        one[4:] = vx, vy, vz


def jump(planets: list[list[float]], sun_gm: float, step: float) -> None:
    """Moves the planets by the motion of the Sun about the barycentre, for ``step`` days."""
    x, y, z = (sum(planet[0] * planet[axis] for planet in planets) * step / sun_gm for axis in (4, 5, 6))
    for planet in planets:
        planet[1] += x
        planet[2] += y
        planet[3] += z


def advance(planets: list[list[float]], sun_gm: float, step: float) -> None:
    """One step of the map, symmetric in time and therefore of second order."""
    kick(planets, 0.5 * step)
    jump(planets, sun_gm, 0.5 * step)
    drift(planets, sun_gm, step)
    jump(planets, sun_gm, 0.5 * step)
    kick(planets, 0.5 * step)


def to_planets(bodies: list[Body]) -> list[list[float]]:
    """The planets as ``[gm, x, y, z, vx, vy, vz]``: position from the Sun, velocity from the barycentre."""
    sun = bodies[0]
    return [[body.gm, *difference(body.position, sun.position), *body.velocity] for body in bodies[1:]]


def states(planets: list[list[float]], sun_gm: float) -> Iterator[list[float]]:
    """Position and velocity of the Sun and of every planet relative to the barycentre."""
    total = sun_gm + sum(planet[0] for planet in planets)
    sun = [-sum(planet[0] * planet[axis] for planet in planets) / total for axis in (1, 2, 3)]
    sun += [-sum(planet[0] * planet[axis] for planet in planets) / sun_gm for axis in (4, 5, 6)]
    yield sun
    for planet in planets:
        yield [planet[1] + sun[0], planet[2] + sun[1], planet[3] + sun[2], *planet[4:]]


def integrate(bodies: list[Body], years: float, step_days: float) -> Iterator[tuple[float, list[list[float]]]]:
    """Yields the days to be written and, for each, ``[x, y, z, vx, vy, vz]`` of every body."""
    sun_gm, planets = bodies[0].gm, to_planets(bodies)
    steps = max(1, round(years * 365.25 / step_days))
    dense = min(steps, round(DENSE_YEARS * 365.25 / step_days))
    stride = max(1, (steps - dense) // SPARSE_SAMPLES)
    yield 0.0, list(states(planets, sun_gm))
    for number in range(1, steps + 1):
        advance(planets, sun_gm, step_days)
        if number <= dense or (number - dense) % stride == 0 or number == steps:
            yield number * step_days, list(states(planets, sun_gm))


def write_trajectory(path: str, bodies: list[Body], samples: Iterable[tuple[float, list[list[float]]]]) -> None:
    """Writes one line for each body and day: day, body, position in au, velocity in au/day."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["day", "body", "x_au", "y_au", "z_au", "vx_au_day", "vy_au_day", "vz_au_day"])
        for day, all_states in samples:
            for number, state in enumerate(all_states):
                # 17 digits: the file holds exactly the numbers that were computed.
                writer.writerow([f"{day:.12g}", bodies[number].name, *map(repr, state)])


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit code."""
    parser = argparse.ArgumentParser(description="Integrate the orbits of the planets.")
    parser.add_argument("bodies", help="CSV of the bodies")
    parser.add_argument("trajectory", help="CSV to write")
    parser.add_argument("--years", type=float, default=170.0, help="how long, in Julian years (default 170)")
    parser.add_argument("--step-days", type=float, default=4.0, help="length of a step (default 4)")
    options = parser.parse_args(arguments)
    if not 0.0 < options.step_days <= 8.0:
        parser.error("--step-days must be above 0 and not above 8, a tenth of Mercury's year")
    if not 0.0 < options.years <= 10000.0:
        parser.error("--years must be above 0 and not above 10000")
    bodies = read_bodies(options.bodies)
    write_trajectory(options.trajectory, bodies, integrate(bodies, options.years, options.step_days))
    sys.stdout.write(
        f"{len(bodies)} bodies, {options.years:g} years in steps of {options.step_days:g} days: {options.trajectory}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Checks an integration: do energy and angular momentum stay, and are the years of the planets right?

    python3 energy_drift.py planets.csv trajectory.csv energy.txt energy.csv

Both quantities are computed from the positions and velocities in the file
alone, not from anything that the integrator kept, so the report is an
independent witness. ``energy.csv`` has the relative change on every day.

Units: astronomical units, days; energies and momenta are multiplied by the
constant of gravitation, which cancels in relative changes. Standard library only.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys

GAUSS = 0.01720209895  # square root of the Sun's gravitational parameter; source: as for planets.csv


def read_rows(path: str) -> list[dict[str, str]]:
    """The rows of a CSV file as dictionaries, without comment lines."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def read_trajectory(path: str) -> dict[float, dict[str, list[float]]]:
    """The state of every body by day: ``[x, y, z, vx, vy, vz]``."""
    days: dict[float, dict[str, list[float]]] = {}
    columns = ("x_au", "y_au", "z_au", "vx_au_day", "vy_au_day", "vz_au_day")
    for row in read_rows(path):
        days.setdefault(float(row["day"]), {})[row["body"]] = [float(row[column]) for column in columns]
    return days


def energy(states: dict[str, list[float]], gms: dict[str, float]) -> float:
    """Kinetic and potential energy of all bodies together, times the constant of gravitation."""
    bodies = list(states)
    terms = [0.5 * gms[body] * math.fsum(v * v for v in states[body][3:]) for body in bodies]
    for number, one in enumerate(bodies):
        terms += [-gms[one] * gms[other] / math.dist(states[one][:3], states[other][:3]) for other in bodies[:number]]
    return math.fsum(terms)


def angular_momentum(states: dict[str, list[float]], gms: dict[str, float]) -> tuple[float, float, float]:
    """Angular momentum about the barycentre, times the constant of gravitation."""
    parts: list[list[float]] = [[], [], []]
    for body, (x, y, z, vx, vy, vz) in states.items():
        gm = gms[body]
        parts[0] += [gm * y * vz, -gm * z * vy]
        parts[1] += [gm * z * vx, -gm * x * vz]
        parts[2] += [gm * x * vy, -gm * y * vx]
    return math.fsum(parts[0]), math.fsum(parts[1]), math.fsum(parts[2])


def drifts(days: dict[float, dict[str, list[float]]], gms: dict[str, float]) -> list[tuple[float, float, float]]:
    """For each day the relative change, since the first, of the energy and of the angular momentum (a vector)."""
    first = next(iter(days.values()))
    energy_0, momentum_0 = energy(first, gms), angular_momentum(first, gms)
    size = math.hypot(*momentum_0)
    return [
        (
            day,
            (energy(states, gms) - energy_0) / abs(energy_0),
            math.dist(angular_momentum(states, gms), momentum_0) / size,
        )
        for day, states in days.items()
    ]


def longitudes(days: dict[float, dict[str, list[float]]], body: str, sun: str) -> list[tuple[float, float, float]]:
    """Day, heliocentric longitude in radians without jumps, and its rate, while samples are close enough to count."""
    found: list[tuple[float, float, float]] = []
    for day, states in days.items():
        x, y, _, vx, vy, _ = (value - states[sun][axis] for axis, value in enumerate(states[body]))
        angle, rate = math.atan2(y, x), (x * vy - y * vx) / (x * x + y * y)
        if found:
            last_day, last_angle, last_rate = found[-1]
            expected = last_angle + 0.5 * (rate + last_rate) * (day - last_day)
            if expected - last_angle > 1.5:  # more than a quarter of a turn between samples
                break
            angle = expected + math.remainder(angle - expected, 2.0 * math.pi)
        found.append((day, angle, rate))
    return found


def period_days(samples: list[tuple[float, float, float]]) -> float | None:
    """Mean length of the whole revolutions in the samples; ``None`` if there is none."""
    start = samples[0][1]
    turns = math.floor((samples[-1][1] - start) / (2.0 * math.pi))
    if turns < 1:
        return None
    target = start + turns * 2.0 * math.pi
    after = next(number for number, sample in enumerate(samples) if sample[1] >= target)
    (day_a, angle_a, rate_a), (day_b, angle_b, rate_b) = samples[after - 1], samples[after]
    span = day_b - day_a
    low, high = 0.0, 1.0
    for _ in range(60):  # the cubic that has both angles and both rates, solved by bisection
        t = 0.5 * (low + high)
        angle = (
            (1 + 2 * t) * (1 - t) ** 2 * angle_a
            + t * (1 - t) ** 2 * span * rate_a
            + t * t * (3 - 2 * t) * angle_b
            + t * t * (t - 1) * span * rate_b
        )
        low, high = (t, high) if angle < target else (low, t)
    return (day_a + low * span - samples[0][0]) / turns


def report(
    rows: list[dict[str, str]], days: dict[float, dict[str, list[float]]], changes: list[tuple[float, float, float]]
) -> str:
    """The report as text for people."""
    end = max(days)
    lines = [
        "Energy drift of the integration",
        "",
        f"  span                                     {end / 365.25:.1f} Julian years ({end:g} days)",
        f"  samples                                  {len(days)}",
        f"  largest relative change of energy        {max(abs(change) for _, change, _ in changes):.2e}",
        f"  relative change of energy at the end     {changes[-1][1]:+.2e}",
        f"  largest change of angular momentum       {max(change for _, _, change in changes):.2e}",
        "",
        "Sidereal periods, days of 86400 s",
        "",
        f"  {'planet':<9}{'integrated':>12}{'published':>12}{'difference':>13}",
    ]
    for row in rows[1:]:
        published = float(row["sidereal_period_days"])
        found = period_days(longitudes(days, row["body"], rows[0]["body"]))
        if found is None:
            lines.append(f"  {row['body']:<9}{'-':>12}{published:>12.2f}     (less than one revolution)")
        else:
            difference = 100.0 * (found - published) / published
            lines.append(f"  {row['body']:<9}{found:>12.2f}{published:>12.2f}{difference:>+11.3f} %")
    lines += [
        "",
        "The outer planets pull at one another, so a single revolution differs from the mean by up to some tenths",
        "of a per cent.",
    ]
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit code."""
    parser = argparse.ArgumentParser(description="Report the energy drift of a trajectory.")
    parser.add_argument("bodies", help="CSV of the bodies")
    parser.add_argument("trajectory", help="CSV that orbits.py has written")
    parser.add_argument("report", help="text file to write")
    parser.add_argument("series", help="CSV to write, one line a day")
    options = parser.parse_args(arguments)
    rows = read_rows(options.bodies)
    gms = {row["body"]: GAUSS**2 / float(row["sun_mass_ratio"]) for row in rows}
    days = read_trajectory(options.trajectory)
    changes = drifts(days, gms)
    with open(options.series, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["day", "relative_energy_change", "relative_angular_momentum_change"])
        writer.writerows((f"{day:.12g}", f"{one:.6e}", f"{other:.6e}") for day, one, other in changes)
    text = report(rows, days, changes)
    with open(options.report, "w", encoding="utf-8") as file:
        file.write(text)
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Draws the orbits of a trajectory as an SVG picture, seen from the north pole of the ecliptic.

    python3 plot_orbits.py trajectory.csv orbits.svg

Two panels, the inner and the outer planets, each with its own scale bar. A
line is the first revolution of its planet and brightens towards the return to
where it began. Sizes of Sun and planets are not to scale. Standard library only.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 1280, 760
PANEL, TOP, MARGIN, GAP = 592, 118, 32, 32
INNER = ("Mercury", "Venus", "Earth", "Mars")
OUTER = ("Jupiter", "Saturn", "Uranus", "Neptune")
# Colour and radius in pixels of each dot.
LOOKS = {
    "Mercury": ("#c9b8a8", 4.0),
    "Venus": ("#f1c982", 6.0),
    "Earth": ("#62b0ff", 6.5),
    "Mars": ("#ff7a5c", 5.0),
    "Jupiter": ("#e9b98a", 8.5),
    "Saturn": ("#f4dfa4", 7.5),
    "Uranus": ("#86e8e2", 6.5),
    "Neptune": ("#7292ff", 6.5),
}
OTHER = ("#d6dcf0", 5.0)
TRAIL_PARTS = 48  # of different brightness
CURVES = 96  # a revolution is drawn with about as many
RIM = PANEL / 2 - 44
# Longitude in degrees, where its label stands from its tick in pixels, and how the label is aligned.
RIM_LABELS = ((0, 7, 4, "start"), (90, 0, -8, "middle"), (180, -7, 4, "end"), (270, 0, 17, "middle"))

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t d">
<title id="t">Orbits of the planets</title>
<desc id="d">{description}</desc>
<defs>
<radialGradient id="sky" cx="50%" cy="42%" r="85%">
<stop offset="0" stop-color="#172042"/><stop offset="0.55" stop-color="#0d1430"/><stop offset="1" stop-color="#080c1d"/>
</radialGradient>
<radialGradient id="glow">
<stop offset="0" stop-color="#fff4cf"/><stop offset="0.22" stop-color="#ffd76b"/>
<stop offset="0.4" stop-color="#ffb02e" stop-opacity="0.45"/><stop offset="1" stop-color="#ff8a00" stop-opacity="0"/>
</radialGradient>
<style>
text {{ font-family: "Inter", "Segoe UI", "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; fill: #e8ecfa; }}
.title {{ font-size: 30px; font-weight: 600; letter-spacing: 0.2px; }}
.subtitle {{ font-size: 15px; fill: #a3aed0; }}
.card {{ fill: #fff; fill-opacity: 0.025; stroke: #fff; stroke-opacity: 0.09; }}
.panel {{ font-size: 17px; font-weight: 600; }}
.name {{ font-size: 14px; font-weight: 600; paint-order: stroke; stroke: #0c1229; stroke-width: 4px;
  stroke-linejoin: round; }}
.small {{ font-size: 12px; fill: #8f9bc2; }}
.trail path {{ fill: none; stroke-width: 1.9; stroke-linecap: butt; }}
</style>
</defs>
<rect width="{width}" height="{height}" rx="18" fill="url(#sky)"/>
"""


def read_trajectory(path: str) -> dict[str, list[list[float]]]:
    """For every body but the Sun ``[day, x, y, vx, vy]`` relative to the Sun, which is the first body of a day."""
    columns = ("day", "x_au", "y_au", "vx_au_day", "vy_au_day")
    found: dict[str, list[list[float]]] = {}
    sun_name, sun = "", [0.0] * 5
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            values = [float(row[column]) for column in columns]
            sun_name = sun_name or row["body"]
            if row["body"] == sun_name:
                sun = values
            else:
                relative = [values[axis] - sun[axis] for axis in range(1, 5)]
                found.setdefault(row["body"], []).append([values[0], *relative])
    return found


def first_revolution(samples: list[list[float]]) -> list[list[float]]:
    """The samples until the planet is back where it began, all of them if it is not, thinned to about ``CURVES``."""
    turned = angle = 0.0
    kept: list[list[float]] = []
    for sample in samples:
        now = math.atan2(sample[2], sample[1])
        turned += math.remainder(now - angle, 2.0 * math.pi) if kept else 0.0
        angle = now
        if turned >= len(kept) * 2.0 * math.pi / CURVES or not kept:
            kept.append(sample)
        if turned >= 2.0 * math.pi:
            break
    return kept


class Panel:
    """A square of the picture that shows the surroundings of the Sun out to ``reach`` au."""

    def __init__(self, left: float, title: str, reach: float, bar_au: float) -> None:
        self.left = left
        self.title = title
        self.reach = reach
        self.bar_au = bar_au
        self.middle = (left + PANEL / 2, TOP + PANEL / 2)
        self.scale = (RIM - 22) / reach

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a place in au; north of the picture is longitude 90 degrees."""
        return self.middle[0] + x * self.scale, self.middle[1] - y * self.scale

    def frame(self) -> list[str]:
        """The square itself, a ring of longitudes, the Sun and the scale bar."""
        left, (x, y) = self.left, self.middle
        lines = [
            f'<rect x="{left}" y="{TOP}" width="{PANEL}" height="{PANEL}" rx="14" class="card"/>',
            f'<circle cx="{x}" cy="{y}" r="{RIM}" fill="none" stroke="#ffffff" stroke-opacity="0.07"/>',
        ]
        for degrees in range(0, 360, 10):
            sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
            length = 9 if degrees % 90 == 0 else 5 if degrees % 30 == 0 else 2.5
            lines.append(
                f'<line x1="{x + RIM * cosine:.1f}" y1="{y - RIM * sine:.1f}" x2="{x + (RIM - length) * cosine:.1f}" '
                f'y2="{y - (RIM - length) * sine:.1f}" stroke="#ffffff" stroke-opacity="0.28"/>'
            )
        for degrees, dx, dy, anchor in RIM_LABELS:
            sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
            lines.append(
                f'<text class="small" x="{x + RIM * cosine + dx:.1f}" y="{y - RIM * sine + dy:.1f}" '
                f'text-anchor="{anchor}">{degrees}&#176;</text>'
            )
        bar = self.bar_au * self.scale
        bar_x, bar_y = left + 24, TOP + PANEL - 24
        label_at = f'x="{bar_x + bar / 2:.1f}" y="{bar_y - 9}"'
        lines += [
            f'<circle cx="{x}" cy="{y}" r="22" fill="url(#glow)"/>',
            f'<text class="panel" x="{left + 22}" y="{TOP + 34}">{escape(self.title)}</text>',
            f'<path d="M{bar_x} {bar_y - 5}v5h{bar:.1f}v-5" fill="none" stroke="#c7d0ee" stroke-width="1.5"/>',
            f'<text class="small" {label_at} text-anchor="middle">{self.bar_au:g} au</text>',
        ]
        return lines

    def trail(self, samples: list[list[float]], colour: str) -> list[str]:
        """The line of a revolution, as smooth curves that have the planet's own velocity at every sample."""
        lines = [f'<g class="trail" stroke="{colour}">']
        pieces = len(samples) - 1
        parts = min(TRAIL_PARTS, pieces)
        for part in range(parts):
            first, last = part * pieces // parts, (part + 1) * pieces // parts
            path = "M{:.2f} {:.2f}".format(*self.at(*samples[first][1:3]))
            for number in range(first, last):
                start, end = samples[number], samples[number + 1]
                third = (end[0] - start[0]) / 3.0
                one = self.at(start[1] + start[3] * third, start[2] + start[4] * third)
                two = self.at(end[1] - end[3] * third, end[2] - end[4] * third)
                path += "C{:.2f} {:.2f} {:.2f} {:.2f} {:.2f} {:.2f}".format(*one, *two, *self.at(*end[1:3]))
            strength = 0.13 + 0.85 * ((part + 1) / parts) ** 1.6
            lines.append(f'<path d="{path}" stroke-opacity="{strength:.3f}"/>')
        return [*lines, "</g>"]

    def planet(self, name: str, sample: list[float], look: tuple[str, float]) -> list[str]:
        """The dot of a planet, and its name on the side away from the Sun."""
        colour, radius = look
        x, y = self.at(sample[1], sample[2])
        distance = math.hypot(sample[1], sample[2]) or 1.0
        away = (sample[1] / distance, -sample[2] / distance)
        anchor = "start" if away[0] > 0.35 else "end" if away[0] < -0.35 else "middle"
        text_x, text_y = x + away[0] * (radius + 9), y + away[1] * (radius + 13) + 5
        return [
            f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius * 2.1:.1f}" fill="{colour}" fill-opacity="0.16"/>',
            f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius}" fill="{colour}"/>',
            f'<text class="name" x="{text_x:.1f}" y="{text_y:.1f}" text-anchor="{anchor}">{escape(name)}</text>',
        ]


def stars(count: int) -> list[str]:
    """Faint dots, always the same ones: the minimal standard generator of Park and Miller gives their places."""
    seed = 1969
    lines = ['<g fill="#ffffff">']
    for _ in range(count):
        values = []
        for _ in range(3):
            seed = seed * 16807 % 2147483647
            values.append(seed / 2147483647)
        x, y, size = values[0] * WIDTH, values[1] * HEIGHT, values[2]
        lines.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{0.3 + 0.6 * size:.2f}" opacity="{0.1 + 0.35 * size:.2f}"/>'
        )
    return [*lines, "</g>"]


def picture(trajectory: dict[str, list[list[float]]], start: str) -> str:
    """The whole SVG."""
    years = max(samples[-1][0] for samples in trajectory.values()) / 365.25
    description = (
        f"Positions on {start}; each line is the planet's first revolution in an integration over {years:.0f} years."
    )
    lines = [HEAD.format(width=WIDTH, height=HEIGHT, description=escape(description))]
    lines += stars(150)
    lines.append(f'<text class="title" x="{MARGIN + 4}" y="58">Orbits of the planets</text>')
    lines.append(f'<text class="subtitle" x="{MARGIN + 4}" y="88">{escape(description)}</text>')
    groups = [("Inner planets", INNER, 0.5), ("Outer planets", OUTER, 10.0)]
    for number, (title, names, bar_au) in enumerate(groups):
        shown = {name: trajectory[name] for name in names if name in trajectory}
        if not shown:
            continue
        farthest = max(math.hypot(sample[1], sample[2]) for samples in shown.values() for sample in samples)
        panel = Panel(MARGIN + number * (PANEL + GAP), title, farthest * 1.04, bar_au)
        lines += panel.frame()
        for name, samples in shown.items():
            lines += panel.trail(first_revolution(samples), LOOKS.get(name, OTHER)[0])
        for name, samples in shown.items():
            lines += panel.planet(name, samples[0], LOOKS.get(name, OTHER))
    note = "Ecliptic longitude around the rim, equinox J2000. Sizes of the bodies are not to scale."
    lines.append(f'<text class="small" x="{WIDTH - MARGIN - 4}" y="{HEIGHT - 20}" text-anchor="end">{note}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns its exit code."""
    parser = argparse.ArgumentParser(description="Draw the orbits of a trajectory.")
    parser.add_argument("trajectory", help="CSV that orbits.py has written")
    parser.add_argument("picture", help="SVG to write")
    parser.add_argument("--start", default="28 June 1969", help="date of day 0, for the caption")
    options = parser.parse_args(arguments)
    trajectory = read_trajectory(options.trajectory)
    if not trajectory:
        parser.error(f"{options.trajectory} holds no planets")
    with open(options.picture, "w", encoding="utf-8") as file:
        file.write(picture(trajectory, options.start))
    sys.stdout.write(f"{len(trajectory)} orbits: {options.picture}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

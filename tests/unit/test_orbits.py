"""The demo's science: is the integrator right, does the report say so, and is the picture a picture?"""

from __future__ import annotations

import csv
import importlib.util
import math
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import airavata_workload_config
import pytest

DEMO = airavata_workload_config.directory() / "demo"
BODIES = str(DEMO / "planets.csv")

# Elements at J2000.0: semi-major axis (au), eccentricity, inclination, mean longitude, longitudes of perihelion and
# node (degrees), and the stated errors, 1800 to 2050, in right ascension (arc seconds) and in distance (1000 km).
# Source: E. M. Standish and J. G. Williams, "Keplerian Elements for Approximate Positions of the Major Planets",
# table 1 and table of errors, https://ssd.jpl.nasa.gov/planets/approx_pos.html.
APPROXIMATE = {
    "Mercury": (0.38709927, 0.20563593, 7.00497902, 252.25032350, 77.45779628, 48.33076593, 15, 1),
    "Venus": (0.72333566, 0.00677672, 3.39467605, 181.97909950, 131.60246718, 76.67984255, 20, 4),
    "Earth": (1.00000261, 0.01671123, -0.00001531, 100.46457166, 102.93768193, 0.0, 20, 6),
    "Mars": (1.52371034, 0.09339410, 1.84969142, -4.55343205, -23.94362959, 49.55953891, 40, 25),
    "Jupiter": (5.20288700, 0.04838624, 1.30439695, 34.39644051, 14.72847983, 100.47390909, 400, 600),
    "Saturn": (9.53667594, 0.05386179, 2.48599187, 49.95424423, 92.59887831, 113.66242448, 600, 1500),
    "Uranus": (19.18916464, 0.04725744, 0.77263783, 313.23810451, 170.95427630, 74.01692503, 50, 1000),
    "Neptune": (30.06992276, 0.00859048, 1.77004347, -55.12002969, 44.96476227, 131.78422574, 10, 200),
}
J2000 = 2451545.0
EPOCH = 2440400.5
AU_1000_KM = 149597.8707


def program(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"demo_{name}", DEMO / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


orbits = program("orbits")
energy_drift = program("energy_drift")
plot_orbits = program("plot_orbits")


@pytest.fixture(scope="module")
def trajectory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the demo computes, with its default step."""
    path = tmp_path_factory.mktemp("orbits") / "trajectory.csv"
    assert orbits.main([BODIES, str(path), "--years", "170"]) == 0
    return path


def gravitational_parameters() -> dict[str, float]:
    return {body.name: body.gm for body in orbits.read_bodies(BODIES)}


def approximate_position(elements: tuple[float, ...]) -> tuple[float, float, float]:
    """Heliocentric position on the ecliptic of J2000, after the formulae that come with the elements."""
    axis, eccentricity, *angles = elements[:6]
    inclination, longitude, perihelion, node = map(math.radians, angles)
    mean = anomaly = longitude - perihelion
    for _ in range(50):
        anomaly = mean + eccentricity * math.sin(anomaly)
    x = axis * (math.cos(anomaly) - eccentricity)
    y = axis * math.sqrt(1 - eccentricity**2) * math.sin(anomaly)
    angle, distance = math.atan2(y, x) + perihelion - node, math.hypot(x, y)
    return (
        distance * (math.cos(node) * math.cos(angle) - math.sin(node) * math.sin(angle) * math.cos(inclination)),
        distance * (math.sin(node) * math.cos(angle) + math.cos(node) * math.sin(angle) * math.cos(inclination)),
        distance * math.sin(angle) * math.sin(inclination),
    )


def misses(*, attraction: bool) -> dict[str, tuple[float, float]]:
    """How far the planets are at J2000 from where JPL's elements have them: arc seconds, thousands of kilometres."""
    bodies = orbits.read_bodies(BODIES)
    sun_gm, planets = bodies[0].gm, orbits.to_planets(bodies)
    steps = round(J2000 - EPOCH)
    step = (J2000 - EPOCH) / steps
    for _ in range(steps):
        if attraction:
            orbits.kick(planets, step / 2)
        orbits.jump(planets, sun_gm, step / 2)
        orbits.drift(planets, sun_gm, step)
        orbits.jump(planets, sun_gm, step / 2)
        if attraction:
            orbits.kick(planets, step / 2)
    found = {}
    for body, planet in zip(bodies[1:], planets, strict=True):
        expected = approximate_position(APPROXIMATE[body.name])
        angle = math.atan2(planet[2], planet[1]) - math.atan2(expected[1], expected[0])
        arc_seconds = abs(math.degrees(math.remainder(angle, 2 * math.pi))) * 3600
        found[body.name] = arc_seconds, abs(math.hypot(*planet[1:4]) - math.hypot(*expected)) * AU_1000_KM
    return found


def allowed(name: str) -> tuple[float, float]:
    """Four times the errors, which are stated as approximate, and 15" for what relativity does to Mercury."""
    arc_seconds, distance_1000_km = APPROXIMATE[name][6:]
    return 4 * arc_seconds + 15, 4 * distance_1000_km


def test_thirty_years_later_the_planets_are_where_jpl_says_they_are() -> None:
    """An independent witness: other data, other formulae."""
    for name, (arc_seconds, distance_1000_km) in misses(attraction=True).items():
        assert arc_seconds < allowed(name)[0], name
        assert distance_1000_km < allowed(name)[1], name


def test_without_the_attraction_between_planets_none_is_where_jpl_says() -> None:
    """So the witness can tell."""
    assert all(arc_seconds > allowed(name)[0] for name, (arc_seconds, _) in misses(attraction=False).items())


def test_energy_and_angular_momentum_stay(trajectory: Path) -> None:
    days = energy_drift.read_trajectory(str(trajectory))
    changes = energy_drift.drifts(days, gravitational_parameters())
    assert max(days) == pytest.approx(170 * 365.25, abs=4)
    assert 1e-12 < max(abs(energy) for _, energy, _ in changes) < 1e-7
    assert max(momentum for _, _, momentum in changes) < 1e-12


def test_the_energy_error_oscillates_and_falls_with_the_square_of_the_step(tmp_path: Path) -> None:
    errors = {}
    for step in (8, 4, 2):
        path = tmp_path / f"{step}.csv"
        orbits.main([BODIES, str(path), "--years", "20", "--step-days", str(step)])
        changes = energy_drift.drifts(energy_drift.read_trajectory(str(path)), gravitational_parameters())
        errors[step] = max(abs(energy) for _, energy, _ in changes)
        # No drift: the second half is no worse than the first.
        early = [abs(energy) for day, energy, _ in changes if day < 3652.5]
        late = [abs(energy) for day, energy, _ in changes if day >= 3652.5]
        assert max(late) < 1.5 * max(early)
    assert errors[8] / errors[4] == pytest.approx(4, rel=0.25)
    assert errors[4] / errors[2] == pytest.approx(4, rel=0.25)


def test_the_map_runs_backwards_as_well_as_forwards() -> None:
    bodies = orbits.read_bodies(BODIES)
    planets = orbits.to_planets(bodies)
    before = [list(planet) for planet in planets]
    for step in (4.0, -4.0):
        for _ in range(200):
            orbits.advance(planets, bodies[0].gm, step)
    for one, other in zip(before, planets, strict=True):
        assert other == pytest.approx(one, rel=1e-10, abs=1e-12)


def test_one_planet_alone_moves_on_keplers_ellipse() -> None:
    gm, axis = orbits.GAUSS**2, 1.0
    speed = math.sqrt(gm / axis)
    planet = [0.0, axis, 0.0, 0.0, 0.0, speed, 0.0]
    year = 2 * math.pi * math.sqrt(axis**3 / gm)
    for _ in range(100):
        orbits.drift([planet], gm, year / 100)
    assert planet[1:] == pytest.approx([axis, 0, 0, 0, speed, 0], abs=1e-12)


def test_the_barycentre_rests_at_the_origin(trajectory: Path) -> None:
    gms = gravitational_parameters()
    for states in list(energy_drift.read_trajectory(str(trajectory)).values())[::100]:
        for axis in range(6):
            assert abs(sum(gms[body] * state[axis] for body, state in states.items())) < 1e-15


def test_the_years_of_the_planets_are_the_published_ones(trajectory: Path) -> None:
    """Within 0.01 % for the inner planets; the outer ones perturb each other, so that revolutions differ."""
    days = energy_drift.read_trajectory(str(trajectory))
    for row in energy_drift.read_rows(BODIES)[1:]:
        found = energy_drift.period_days(energy_drift.longitudes(days, row["body"], "Sun"))
        published = float(row["sidereal_period_days"])
        tolerance = 1e-4 if published < 1000 else 1e-3
        assert found == pytest.approx(published, rel=tolerance), row["body"]


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, trajectory: Path) -> None:
    again = tmp_path / "again.csv"
    orbits.main([BODIES, str(again), "--years", "170"])
    assert again.read_bytes() == trajectory.read_bytes()


def test_the_report_tells_the_drift_and_the_periods(tmp_path: Path, trajectory: Path) -> None:
    report, series = tmp_path / "energy.txt", tmp_path / "energy.csv"
    assert energy_drift.main([BODIES, str(trajectory), str(report), str(series)]) == 0
    text = report.read_text()
    assert "largest relative change of energy        4.0" in text
    assert "Neptune" in text
    assert "less than one revolution" not in text
    with series.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(energy_drift.read_trajectory(str(trajectory)))
    assert float(rows[0]["relative_energy_change"]) == 0.0


def test_a_short_integration_has_planets_without_a_year(tmp_path: Path) -> None:
    path, report = tmp_path / "t.csv", tmp_path / "r.txt"
    orbits.main([BODIES, str(path), "--years", "1.5"])
    energy_drift.main([BODIES, str(path), str(report), str(tmp_path / "s.csv")])
    assert report.read_text().count("less than one revolution") == 5


def test_the_picture_is_well_formed_and_shows_every_planet_once(tmp_path: Path, trajectory: Path) -> None:
    picture = tmp_path / "orbits.svg"
    assert plot_orbits.main([str(trajectory), str(picture)]) == 0
    root = ElementTree.parse(picture).getroot()  # noqa: S314 - our own file
    space = "{http://www.w3.org/2000/svg}"
    texts = ["".join(text.itertext()) for text in root.iter(f"{space}text")]
    for name in APPROXIMATE:
        assert texts.count(name) == 1
    assert {"0.5 au", "10 au", "Inner planets", "Outer planets"} <= set(texts)
    trails = [group for group in root.iter(f"{space}g") if group.get("class") == "trail"]
    assert len(trails) == 8
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for circle in root.iter(f"{space}circle"):
        assert 0 <= float(circle.attrib["cx"]) <= width
        assert 0 <= float(circle.attrib["cy"]) <= height


def test_names_from_the_file_cannot_break_the_picture(tmp_path: Path, trajectory: Path) -> None:
    picture = tmp_path / "orbits.svg"
    plot_orbits.main([str(trajectory), str(picture), "--start", "</text><script>&"])
    assert "script" not in [element.tag for element in ElementTree.parse(picture).iter()]  # noqa: S314 - our own file


@pytest.mark.parametrize(
    "arguments", [["--years", "-1"], ["--step-days", "0"], ["--step-days", "9"], ["--years", "nan"]]
)
def test_senseless_arguments_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        orbits.main([BODIES, str(tmp_path / "t.csv"), *arguments])
    assert ended.value.code == 2
    assert not (tmp_path / "t.csv").exists()

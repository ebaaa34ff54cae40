"""Settings: where they come from, what is refused, and that the documented defaults are the real ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import airavata_workload_config
import pytest

from airavata_workload.domain.errors import SettingsError
from airavata_workload.settings import Settings, load_settings

DOCUMENTED = airavata_workload_config.directory() / "airavata-workload.toml"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import os

    for name in [name for name in os.environ if name.startswith("AIRAVATA_WORKLOAD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AIRAVATA_WORKLOAD_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_without_a_file_the_defaults_hold(home: Path) -> None:
    settings = load_settings()
    assert settings == Settings(home=home)
    assert settings.clusters_directory == home / "clusters"
    assert settings.dags_directory == home / "dags"
    assert settings.outputs_directory == home / "outputs"


def test_home_is_in_the_users_home_unless_it_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AIRAVATA_WORKLOAD_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings().home == tmp_path / ".airavata-workload"
    assert load_settings(home=tmp_path / "other").home == tmp_path / "other"


def test_the_environment_counts_more_than_the_file_and_arguments_more_than_both(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config.toml").write_text(
        'worker_slots = 2\nlog_level = "debug"\nplacement = "mine"\n[options.registry]\nurl = "a"\npool = 3\n'
    )
    monkeypatch.setenv("AIRAVATA_WORKLOAD_WORKER_SLOTS", "4")
    monkeypatch.setenv("AIRAVATA_WORKLOAD_VALIDATORS", '["inputs"]')
    monkeypatch.setenv("AIRAVATA_WORKLOAD_OPTIONS__REGISTRY", '{"url": "b"}')
    settings = load_settings(placement="ours")
    assert (settings.worker_slots, settings.log_level, settings.placement) == (4, "debug", "ours")
    assert settings.validators == ["inputs"]
    assert settings.options.registry == {"url": "b", "pool": 3}


def test_another_file_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "elsewhere.toml"
    monkeypatch.setenv("AIRAVATA_WORKLOAD_CONFIG", str(path))
    with pytest.raises(SettingsError, match="no such file"):
        load_settings()
    path.write_text("worker_slots = 3\n")
    assert load_settings().worker_slots == 3


@pytest.mark.parametrize(
    ("text", "line", "key", "words", "suggestion"),
    [
        ("# a\nworker_slot = 2\n", 2, "worker_slot", "not a key of the file", "worker_slots"),
        ("worker_slots = 0\n", 1, "worker_slots", "greater than 0", None),
        ('worker_slots = "many"\n', 1, "worker_slots", "valid integer", None),
        ('log_format = "xml"\n', 1, "log_format", "'text' or 'json'", None),
        ('[options.registri]\nurl = "a"\n', 1, "options.registri", "not a key of [options]", "registry"),
        ("validators = [\n 'a',\n 3]\n", 3, "validators[1]", "valid string", None),
        ('home = "/x"\n', 1, "home", "cannot be set", None),
        ("x = = 1\n", 1, None, "column", None),
    ],
)
def test_what_is_wrong_in_the_file_is_named(
    home: Path, text: str, line: int, key: str | None, words: str, suggestion: str | None
) -> None:
    (home / "config.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert words in str(caught.value)
    assert (caught.value.path, caught.value.line, caught.value.key) == (home / "config.toml", line, key)
    assert caught.value.suggestion == suggestion


def test_what_is_wrong_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRAVATA_WORKLOAD_WORKER_SLOTS", "many")
    with pytest.raises(
        SettingsError, match=r"environment variable AIRAVATA_WORKLOAD_WORKER_SLOTS: .*integer, not 'many'"
    ):
        load_settings()
    monkeypatch.delenv("AIRAVATA_WORKLOAD_WORKER_SLOTS")
    monkeypatch.setenv("AIRAVATA_WORKLOAD_VALIDATORS", "inputs")
    with pytest.raises(SettingsError, match=r"validators.*JSON"):
        load_settings()


def test_a_misspelt_variable_is_noticed_and_a_foreign_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRAVATA_WORKLOAD_SOMETHING_OF_A_PLUGIN", "x")
    load_settings()
    monkeypatch.setenv("AIRAVATA_WORKLOAD_WORKER_SLOT", "4")
    with pytest.raises(SettingsError, match="Did you mean 'AIRAVATA_WORKLOAD_WORKER_SLOTS'"):
        load_settings()


def documented_text() -> str:
    """The shipped file with every setting switched on: explanations begin with a blank after the ``#``."""
    lines = DOCUMENTED.read_text(encoding="utf-8").splitlines()
    return "\n".join(line[1:] for line in lines if line[:1] == "#" and line[1:2] not in ("", " "))


def test_the_documented_file_shows_every_setting_with_its_default(home: Path) -> None:
    (home / "config.toml").write_text(documented_text())
    settings = load_settings()
    # These have no default of their own, so an example stands in the file.
    limits = ("max_tasks_per_user", "max_tasks_per_gateway")
    examples = dict.fromkeys(("monitor_min_poll_interval_s", "monitor_max_poll_interval_s", *limits))
    assert settings.model_copy(update=examples) == Settings(home=home)
    shown = settings.model_fields_set - {"home"}
    assert shown == set(Settings.model_fields) - {"home"}
    assert settings.options.model_fields_set == set(type(settings.options).model_fields)


def test_the_documented_file_changes_nothing_as_it_is(home: Path) -> None:
    (home / "config.toml").write_bytes(DOCUMENTED.read_bytes())
    assert load_settings() == Settings(home=home)


def test_every_setting_is_described() -> None:
    thrift = Settings().thrift
    nested = (thrift, thrift.listeners, thrift.listeners.api, thrift.tls, thrift.limits)
    models = (Settings, type(Settings().options), *map(type, nested))
    assert all(field.description for model in models for field in model.model_fields.values())


def test_the_command_line_does_not_pay_for_servers_that_are_not_used() -> None:
    script = "import sys, airavata_workload.settings; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "paramiko", "yaml", "stevedore", "structlog", "jinja2", "rich", "alembic", "cryptography"}
    assert heavy & set(done.stdout.split()) == set()

from __future__ import annotations

import json
import math
import re
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest
import yaml

from tests.deploy.conftest import KEY, speak
from tests.deploy.tools import DEPLOY, free_port, run, running, tool
from tests.support.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gateway import Gateway

ALERTS = DEPLOY / "alerts.yml"
RULES = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/kokoro-gateway.json").read_text())
COMPARED = re.compile(
    r"^(?P<figure>.*[^<>=!])\s+(?P<comparison>[<>]=?|[=!]=)\s+(?P<limit>[\d.]+)$", re.DOTALL
)


class Case(NamedTuple):
    """Figures that must raise an alert and ones that must not, a sample each 15 s for 40 minutes."""

    series: str
    bad: str
    good: str


def _requests(outcome: str, bad: str, good: str) -> Case:
    return Case(f'kokoro_requests_total{{outcome="{outcome}",format="mp3"}}', f"0+{bad}x160", f"0+{good}x160")


def _bucket(name: str, le: str, bad: str, good: str) -> Case:
    return Case(f'kokoro_{name}_bucket{{le="{le}"}}', f"0+{bad}x160", f"0+{good}x160")


CASES = {
    "KokoroGatewayDown": [Case('up{job="kokoro-gateway"}', "0x160", "1x160")],
    "KokoroGatewayNotReady": [Case("kokoro_ready", "0x160", "1x160")],
    "KokoroGatewayWorkersMissing": [
        Case('kokoro_workers{role="speech",state="starting"}', "1x160", "0x160"),
        Case('kokoro_workers{role="speech",state="idle"}', "1x160", "2x160"),
        Case('kokoro_workers{role="speech",state="resting"}', "0x160", "1x160"),
    ],
    "KokoroGatewayWorkersRestarting": [
        Case('kokoro_worker_restarts_total{role="speech",cause="died"}', "0+1x160", "0x160"),
        Case('kokoro_worker_restarts_total{role="speech",cause="replaced"}', "0x160", "0+1x160"),
        Case('kokoro_worker_restarts_total{role="speech",cause="worn"}', "0x160", "0+1x160"),
    ],
    "KokoroGatewayFailing": [_requests("failed", "1", "0.1"), _requests("ok", "10", "10")],
    "KokoroGatewayRefusing": [_requests("refused_queue", "1", "0.1"), _requests("ok", "10", "10")],
    "KokoroGatewayQueueLong": [Case("kokoro_queue_seconds", "1.2x160", "0.8x160")],
    "KokoroGatewayFirstAudioLate": [
        _bucket("time_to_first_audio_seconds", "1", "0", "99"),
        _bucket("time_to_first_audio_seconds", "2", "90", "100"),
        _bucket("time_to_first_audio_seconds", "5", "100", "100"),
        _bucket("time_to_first_audio_seconds", "+Inf", "100", "100"),
    ],
    "KokoroGatewayUnderruns": [
        Case("kokoro_underruns_total", "0+1x160", "0+0.1x160"),
        _requests("ok", "10", "10"),
    ],
    "KokoroGatewaySlowerThanRealTime": [
        _bucket("real_time_factor", "0.5", "0", "100"),
        _bucket("real_time_factor", "1.5", "100", "100"),
        _bucket("real_time_factor", "+Inf", "100", "100"),
    ],
    "KokoroGatewayLogUnread": [Case("kokoro_log_lines_dropped_total", "0+1x160", "7x160")],
    "KokoroGatewayWrongKeys": [_requests("refused_auth", "30", "1"), _requests("ok", "10", "10")],
}


def read(name: str) -> dict[str, Any]:
    """A YAML file of deploy/."""
    content: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())
    return content


def configuration(directory: Path, target: str) -> dict[str, Any]:
    """Ours, with a gateway and a key that are there."""
    (directory / "scrape_key").write_text(KEY)
    config = read("prometheus.yml")
    config["rule_files"] = [str(DEPLOY / name) for name in config["rule_files"]]
    (scrape,) = config["scrape_configs"]
    scrape["static_configs"][0]["targets"] = [target]
    scrape["authorization"]["credentials_file"] = str(directory / "scrape_key")
    return config


def test_promtool_takes_configuration_and_rules(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(configuration(tmp_path, "gateway:8880")))
    run(tool("promtool"), "check", "config", tmp_path / "prometheus.yml")
    run(tool("promtool"), "check", "rules", "--lint=all", "--lint-fatal", ALERTS)


def test_every_alert_says_what_to_do() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "action"}


@pytest.mark.parametrize("alert", [rule["alert"] for rule in RULES])
def test_the_alert_rises_when_it_must_and_only_then(alert: str, tmp_path: Path) -> None:
    instances = [("bad", 1), ("good", 2)]
    series = [
        {"series": _labelled(case.series, instance), "values": case[at]}
        for case in CASES[alert]
        for instance, at in instances
    ]
    question = {
        "expr": f'count by (instance) (ALERTS{{alertname="{alert}",alertstate="firing"}})',
        "eval_time": "30m",
        "exp_samples": [{"labels": '{instance="bad"}', "value": 1}],
    }
    test = {"interval": "15s", "input_series": series, "promql_expr_test": [question]}
    file = tmp_path / "test.yml"
    file.write_text(
        yaml.safe_dump({"rule_files": [str(ALERTS)], "evaluation_interval": "15s", "tests": [test]})
    )
    run(tool("promtool"), "test", "rules", file)


def _labelled(series: str, instance: str) -> str:
    name, _, labels = series.rstrip("}").partition("{")
    return f'{name}{{{labels + "," if labels else ""}instance="{instance}"}}'


class Prometheus:
    """A running Prometheus. Lives as long as this module's tests."""

    def __init__(self, port: int) -> None:
        self._api = f"http://127.0.0.1:{port}/api/v1"

    def ask(self, expression: str) -> list[float]:
        """The values of an expression, one for each series."""
        answer = httpx.get(f"{self._api}/query", params={"query": expression}).json()
        assert answer["status"] == "success", answer
        result = answer["data"]["result"]
        return [float(one["value"][1]) for one in result]

    def get(self, path: str) -> Any:
        """What the API says."""
        return httpx.get(f"{self._api}/{path}").json()["data"]


@contextmanager
def scraping(gateway: Gateway, directory: Path) -> Iterator[Prometheus]:
    """Prometheus with our configuration and rules, only faster, and pointed at a gateway."""
    config = configuration(directory, f"127.0.0.1:{gateway.port}")
    config["global"] = dict.fromkeys(config["global"], "1s")
    (directory / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    options = [
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with running(tool("prometheus"), *options, port=port, said=directory / "said"):
        yield Prometheus(port)


@pytest.fixture(scope="module")
def prometheus(eventful: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Has scraped an eventful gateway before, while and after it spoke."""
    with scraping(eventful, tmp_path_factory.mktemp("prometheus")) as server:
        wait_for(lambda: server.ask("kokoro_ready") == [1], "a first scrape")
        for text in ("First comes this.", "Then comes that.", "Then comes that."):
            assert speak(eventful, text, response_format="mp3").status_code == 200
        spoken = eventful_requests(eventful)
        counted = 'sum(kokoro_requests_total{outcome="ok"})'
        wait_for(lambda: server.ask(counted) == [spoken], "the last request scraped")
        wait_for(lambda: server.ask("min(changes(kokoro_characters_total[10m]))")[0] > 0, "two scrapes apart")
        yield server


def eventful_requests(gateway: Gateway) -> int:
    """Speech that ended well, once its lines are all there."""
    wait_for(lambda: len(gateway.requests(outcome="ok", format="mp3")) >= 5, "the log lines")
    return len(gateway.requests(outcome="ok", path="/v1/audio/speech"))


def panels() -> list[tuple[str, str]]:
    """Every query of the dashboard as Grafana would send it, with the panel it is on."""
    return [
        (panel["title"], target["expr"].replace("$__rate_interval", "10m").replace("$instance", ".*"))
        for panel in DASHBOARD["panels"]
        for target in panel.get("targets", [])
    ]


@pytest.mark.parametrize(("title", "expression"), panels())
def test_the_panel_shows_figures(title: str, expression: str, prometheus: Prometheus) -> None:
    values = prometheus.ask(expression)
    assert values, title
    assert any(math.isfinite(value) for value in values), title


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_what_the_alert_watches_has_a_value(rule: dict[str, Any], prometheus: Prometheus) -> None:
    found = COMPARED.match(rule["expr"])
    assert found, "an alert is a figure, a comparison and a number"
    values = prometheus.ask(found["figure"])
    assert values
    assert all(math.isfinite(value) for value in values)


def test_prometheus_evaluates_every_rule(prometheus: Prometheus) -> None:
    (group,) = wait_for(lambda: prometheus.get("rules")["groups"], "the rules")
    wait_for(lambda: _healths(prometheus) == {"ok"}, "every rule evaluated")
    assert len(group["rules"]) == len(RULES) == len(CASES)


def _healths(prometheus: Prometheus) -> set[str]:
    return {rule["health"] for rule in prometheus.get("rules")["groups"][0]["rules"]}


def test_every_metric_there_is_is_shown_and_every_metric_shown_is_there(prometheus: Prometheus) -> None:
    there = {name for name in prometheus.get("label/__name__/values") if name.startswith("kokoro_")}
    asked = " ".join([*(expression for _, expression in panels()), *(rule["expr"] for rule in RULES)])
    shown = set(re.findall(r"kokoro_[a-z_]+", asked))
    assert shown <= there
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in there}
    assert families == {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}


def test_every_label_value_that_is_asked_for_exists(prometheus: Prometheus) -> None:
    asked = [expression for _, expression in panels()] + [rule["expr"] for rule in RULES]
    matched = {m for expression in asked for m in re.findall(r'(\w+)[=!]~?"([^"]*)"', expression)}
    checked = {
        (label, value) for label, values in matched if label != "instance" for value in values.split("|")
    }
    assert len(checked) > 5
    for label, value in checked:
        assert value in prometheus.get(f"label/{label}/values"), label


def test_the_autoscaler_s_metric_has_a_value(prometheus: Prometheus) -> None:
    (rule,) = read("prometheus-adapter.yaml")["rules"]
    filled = {"<<.GroupBy>>": "instance", "<<.Series>>": rule["name"]["as"], "<<.LabelMatchers>>": 'job!=""'}
    query = rule["metricsQuery"]
    for name, value in filled.items():
        query = query.replace(name, value)
    assert len(prometheus.ask(query)) == 1


def test_panels_lie_beside_one_another_and_explain_themselves() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        grid = panel["gridPos"]
        columns, rows = (range(grid[at], grid[at] + grid[size]) for at, size in (("x", "w"), ("y", "h")))
        cells = set(product(columns, rows))
        assert not cells & taken, panel["title"]
        assert grid["x"] + grid["w"] <= 24
        assert panel["type"] == "row" or panel["description"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_grafana_is_told_where_everything_is() -> None:
    (source,) = read("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    (provider,) = read("grafana/provisioning/dashboards/kokoro-gateway.yml")["providers"]
    (scrape,) = read("prometheus.yml")["scrape_configs"]
    services = read("compose.yaml")["services"]
    mounts = dict(m.split(":")[:2] for m in services["grafana"]["volumes"])
    assert mounts["./grafana/dashboards"] == provider["options"]["path"]
    assert source["url"] == "http://prometheus:9090"
    assert scrape["static_configs"][0]["targets"] == ["gateway:8880"]
    assert (
        scrape["authorization"]["credentials_file"] == f"/run/secrets/{services['prometheus']['secrets'][0]}"
    )
    assert {"prometheus", "gateway"} <= set(services)

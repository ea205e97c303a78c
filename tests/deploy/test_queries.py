from __future__ import annotations

import json
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any, get_args

import pytest
import yaml

from gateway.observe.log_fields import request_fields
from inference.protocol import Role
from tests.deploy.conftest import CROWD
from tests.deploy.tools import DEPLOY, ROOT, TOOLS, tool
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gateway import Gateway

QUERIES = DEPLOY / "queries"
NAMES = sorted({path.stem for path in QUERIES.iterdir()})


@pytest.fixture(scope="module")
def lines(eventful: Gateway) -> list[dict[str, Any]]:
    """What an eventful gateway logged, the lines of its last requests included."""
    wait_for(lambda: len(eventful.requests(voice="af_slow")) == CROWD, "the last requests logged")
    return list(eventful.lines)


def ask(name: str, lines: list[dict[str, Any]]) -> list[list[str]]:
    """Rows of a jq query over a log in which other programs have written too."""
    log = "\n".join(["Kokoro Gateway speaks.", *map(json.dumps, lines), '"a string"', ""])
    command = [tool("jq"), "-nrR", "-f", str(QUERIES / f"{name}.jq")]
    done = subprocess.run(command, input=log, capture_output=True, text=True, timeout=DEADLINE_S, check=True)
    return [row.split("\t") for row in done.stdout.splitlines()]


def requests(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == "request"]


def test_every_question_is_asked_in_both_languages() -> None:
    assert len(NAMES) == 5
    assert {path.name for path in QUERIES.iterdir()} == {
        f"{n}.{kind}" for n in NAMES for kind in ("jq", "logql")
    }


def test_slowest_first_audio_comes_first(lines: list[dict[str, Any]]) -> None:
    times = sorted((line["ttfa_ms"] for line in requests(lines) if "ttfa_ms" in line), reverse=True)
    rows = ask("slowest_first_audio", lines)
    assert [float(row[0]) for row in rows] == times[:10]
    assert len(times) > 3
    slowest = next(line for line in requests(lines) if line["request_id"] == rows[0][6])
    assert rows[0][4] == slowest["voice"]


def test_refusals_are_counted_by_key(lines: list[dict[str, Any]]) -> None:
    rows = {(row[1], row[2]): int(row[0]) for row in ask("refusals_per_key", lines)}
    crowd = len([line for line in requests(lines) if line["outcome"] == "refused_queue"])
    assert crowd > 0
    assert rows == {("1", "refused_queue"): crowd, ("-", "refused_auth"): 1}


def test_the_voice_that_fails_stands_out(lines: list[dict[str, Any]]) -> None:
    rows = ask("error_rate_by_voice", lines)
    assert rows[0] == ["1", "1", "1", "af_crash"]
    spoken = Counter(line["voice"] for line in requests(lines) if "voice" in line)
    assert {row[3]: int(row[2]) for row in rows} == spoken
    assert {float(row[0]) for row in rows[1:]} == {0.0}


def test_the_cache_hit_rate_is_that_of_the_requests(lines: list[dict[str, Any]]) -> None:
    looked = [line["cache"] for line in requests(lines) if "cache" in line]
    hits, partial, all_ = ask("cache_hit_rate", lines)[0]
    assert int(all_) == len(looked)
    assert float(hits) == pytest.approx(looked.count("hit") / len(looked))
    assert float(partial) == pytest.approx(looked.count("partial") / len(looked))
    assert float(hits) > 0


def test_a_worker_that_was_killed_shows_its_signal(lines: list[dict[str, Any]]) -> None:
    rows = ask("worker_restarts", lines)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    died = [row for row in rows if row[1] == "worker_died"]
    assert {row[4] for row in died} == {"-9"}
    assert "text" not in {row[2] for row in died}
    assert len(died) == 2  # a job that ends two workers is given to no third
    assert {row[2] for row in rows if row[1] == "worker_replaced"} == set(get_args(Role))


@pytest.mark.parametrize("name", NAMES)
def test_the_logql_parses_and_asks_for_fields_and_labels_that_exist(
    name: str, lines: list[dict[str, Any]]
) -> None:
    found = parse(QUERIES / f"{name}.logql")
    assert found["errors"] == []
    fields = {"__error__", *request_fields(), *(field for line in lines for field in line)}
    assert set(found["fields"]) <= fields
    shipped = yaml.safe_load((DEPLOY / "vector.yaml").read_text())["sinks"]["loki"]["labels"]
    assert set(found["labels"]) <= set(shipped)


def test_a_logql_mistake_is_found(tmp_path: Path) -> None:
    (tmp_path / "query").write_text('sum by (voice) (count_over_time({service="x"} | json [1h])')
    assert parse(tmp_path / "query")["errors"]


def parse(query: Path) -> dict[str, list[str]]:
    """What a LogQL query is made of."""
    modules = TOOLS / "node_modules"
    if not (modules / "@grafana").exists():
        pytest.skip("the grammar of LogQL is not on this machine: tests/deploy/install_tools.sh brings it")
    command = [tool("node"), str(ROOT / "tests/deploy/logql.cjs")]
    done = subprocess.run(
        command,
        input=query.read_text(),
        env={"NODE_PATH": str(modules), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )
    parsed: dict[str, list[str]] = json.loads(done.stdout)
    return parsed

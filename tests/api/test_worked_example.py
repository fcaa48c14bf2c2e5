"""The worked example of the rubric's reference, through HTTP: facts in, scores out, on both databases."""

import json
import random
from pathlib import Path
from typing import Any

import httpx2
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "rubrics"
RUBRIC = (EXAMPLES / "worked-example.yaml").read_bytes()
EVENTS = (EXAMPLES / "worked-example.events.ndjson").read_text().splitlines()
SCORES: list[dict[str, Any]] = json.loads((EXAMPLES / "worked-example.scores.json").read_text())


@pytest.fixture
async def scored(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """The program with the example's rubric active and its events posted, in no particular order."""
    stored = await client.post("/v1/rubrics", content=RUBRIC, headers={"Content-Type": "application/yaml"})
    await client.post(f"/v1/rubrics/{stored.json()['version']}/activate")
    lines = random.Random(7).sample(EVENTS, len(EVENTS))
    answer = await client.post(
        "/v1/events", content="\n".join(lines), headers={"Content-Type": "application/x-ndjson"}
    )
    assert answer.json()["accepted"] == len(EVENTS)
    return client


@pytest.mark.parametrize("expected", SCORES, ids=lambda each: str(each["as_of"]))
async def test_score_and_lines_on_a_day(scored: httpx2.AsyncClient, expected: dict[str, Any]) -> None:
    answer = await scored.get("/v1/partners/acme/score", params={"as_of": expected["as_of"]})
    document = answer.json()
    assert document["score"] == expected["score"]
    assert {line["rule"]: line["faded_points"] for line in document["lines"]} == expected["lines"]


async def test_history_agrees_with_each_day(scored: httpx2.AsyncClient) -> None:
    answer = await scored.get(
        "/v1/partners/acme/score/history", params={"from": "2026-03-01", "to": "2026-04-11"}
    )
    history = {item["day"]: item["score"] for item in answer.json()["items"]}
    assert len(history) == 42
    assert history["2026-03-01"] == 0
    assert {each["as_of"]: history[each["as_of"]] for each in SCORES} == {
        each["as_of"]: each["score"] for each in SCORES
    }


async def test_stored_score_is_the_explained_one(scored: httpx2.AsyncClient) -> None:
    explained = (await scored.get("/v1/partners/acme/score")).json()["score"]
    listed = (await scored.get("/v1/partners")).json()["items"][0]["score"]
    assert listed == explained

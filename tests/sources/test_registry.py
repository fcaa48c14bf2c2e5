"""Every native adapter offers what the edge asks of it."""

import pytest

from app.errors import Invalid
from app.sources.adapter import Adapter, checked_settings
from app.sources.registry import ADAPTERS

URL = "https://scores.example/in/src_key"
SENDGRID = ADAPTERS["sendgrid"]


@pytest.mark.parametrize(("kind", "adapter"), [*ADAPTERS.items()])
def test_an_adapter_is_found_by_its_kind(kind: str, adapter: Adapter) -> None:
    assert adapter.kind == kind


@pytest.mark.parametrize("adapter", [*ADAPTERS.values()], ids=[*ADAPTERS])
def test_the_steps_say_where_to_paste_the_url(adapter: Adapter) -> None:
    assert sum(URL in step for step in adapter.steps(URL)) == 1


@pytest.mark.parametrize("adapter", [*ADAPTERS.values()], ids=[*ADAPTERS])
def test_every_setting_has_a_default(adapter: Adapter) -> None:
    assert checked_settings(adapter, {}) == adapter.settings_model().model_dump()


def test_a_setting_that_is_given_stays() -> None:
    assert checked_settings(SENDGRID, {"partner_argument": "crm"})["partner_argument"] == "crm"


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"partner_argument": ""}, "settings.partner_argument"),
        ({"partner_argument": 7}, "settings.partner_argument"),
        ({"partner_argument": "email"}, "settings.partner_argument"),
        ({"partner_argument": "sg_event_id"}, "settings.partner_argument"),
        ({"partner": "crm"}, "settings.partner"),
        ({"settle_seconds": -1}, "settings.settle_seconds"),
        ({"settle_seconds": 601}, "settings.settle_seconds"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_by_its_path(settings: dict[str, object], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked_settings(SENDGRID, settings)
    assert [error.path for error in caught.value.errors] == [path]

"""The invented partners of an invented vendor, and the people who work there; the same for the same seed."""

from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any

OWNERS = ("dana.whitfield@vendor.example", "marek.zielny@vendor.example", "priya.nair@vendor.example")
PERSONAS = ("owner", "sales", "marketing", "technical")
REGIONS = {"NA": 40, "EMEA": 35, "APAC": 17, "LATAM": 8}

PLACES = (
    "Alder Birch Cinder Dunmore Ember Fallow Granite Harbor Inlet Jasmine Kestrel Larch Meridian Northgate"
    " Orchard Pinnacle Quarry Ridgeway Saltmarsh Tamarack Umber Vantage Willow Yarrow"
)
TRADES = "Cloud Data Digital Group Integration IT Networks Partners Services Solutions Systems Technologies"
GIVEN = (
    "Amara Beatriz Chen Daniel Elif Fatima Goran Hannah Ines Jonas Kofi Lena Mateo Nadia Omar Paula Quentin"
    " Rosa Samir Tessa Ulrich Vera Wanda Yuki Zoe"
)
FAMILY = (
    "Abara Brandt Castillo Demir Eriksen Fontaine Gupta Haas Ivanova Jansen Keller Lindqvist Moreau Novak"
    " Okafor Petrov Rossi Sato Tanaka Vargas Weber Young"
)


@dataclass(frozen=True)
class Contact:
    """A person at a partner."""

    id: str
    email: str
    partner: str
    name: str
    persona: str

    def document(self) -> dict[str, Any]:
        """As `PUT /v1/contacts/{id}` takes it."""
        return {"email": self.email, "partner": self.partner, "name": self.name, "persona": self.persona}


@dataclass(frozen=True)
class Partner:
    """A firm that sells what the vendor makes."""

    id: str
    name: str
    domain: str
    owner: str
    attributes: dict[str, Any]
    contacts: tuple[Contact, ...]

    def document(self) -> dict[str, Any]:
        """As `POST /v1/partners/batch` takes it."""
        return {
            "id": self.id,
            "name": self.name,
            "domains": [self.domain],
            "owner": self.owner,
            "attributes": self.attributes,
        }


def make_partners(seed: int, *, size: int = 200) -> list[Partner]:
    """`size` partners (288 at most) with one to three contacts each."""
    random = Random(seed)
    names = random.sample(list(product(PLACES.split(), TRADES.split())), size)
    return [_partner(random, f"{place} {trade}") for place, trade in names]


def _partner(random: Random, name: str) -> Partner:
    key = name.lower().replace(" ", "-")
    return Partner(
        id=key,
        name=name,
        domain=f"{key}.example",
        owner=random.choice(OWNERS),
        attributes={
            "employees": max(2, round(random.lognormvariate(3.2, 1.1))),
            "region": random.choices(list(REGIONS), list(REGIONS.values()))[0],
        },
        contacts=_contacts(random, key),
    )


def _contacts(random: Random, partner: str) -> tuple[Contact, ...]:
    people = random.sample(list(product(GIVEN.split(), FAMILY.split())), random.choice((1, 2, 2, 3)))
    personas = random.sample(PERSONAS, len(people))
    return tuple(
        Contact(
            id=f"{partner}-{given}-{family}".lower(),
            email=f"{given}.{family}@{partner}.example".lower(),
            partner=partner,
            name=f"{given} {family}",
            persona=persona,
        )
        for (given, family), persona in zip(people, personas, strict=True)
    )

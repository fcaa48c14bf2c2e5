"""The demo's partners are believable, and the same for the same seed."""

from app.demo.world import OWNERS, PERSONAS, make_partners

PARTNERS = make_partners(20)
CONTACTS = [contact for partner in PARTNERS for contact in partner.contacts]


def test_the_same_seed_makes_the_same_partners() -> None:
    assert make_partners(20) == PARTNERS


def test_another_seed_makes_others() -> None:
    assert make_partners(21) != PARTNERS


def test_there_are_two_hundred_with_ids_and_domains_of_their_own() -> None:
    assert (
        len(PARTNERS) == len({partner.id for partner in PARTNERS}) == len({p.domain for p in PARTNERS}) == 200
    )


def test_each_has_one_to_three_contacts_of_different_personas() -> None:
    assert {len(partner.contacts) for partner in PARTNERS} == {1, 2, 3}
    for partner in PARTNERS:
        personas = [contact.persona for contact in partner.contacts]
        assert len(set(personas)) == len(personas)
        assert set(personas) <= set(PERSONAS)


def test_no_two_contacts_share_an_id_or_an_address() -> None:
    assert len(CONTACTS) == len({each.id for each in CONTACTS}) == len({each.email for each in CONTACTS})


def test_every_host_is_reserved_for_examples() -> None:
    addresses = [contact.email for contact in CONTACTS] + [partner.owner for partner in PARTNERS]
    assert all(address.endswith(".example") for address in [*addresses, *(p.domain for p in PARTNERS)])


def test_the_owners_are_a_few_reps() -> None:
    assert {partner.owner for partner in PARTNERS} == set(OWNERS)


def test_small_and_large_firms_of_every_region_earn_every_grade() -> None:
    big = {partner.attributes["employees"] >= 10 for partner in PARTNERS}
    near = {partner.attributes["region"] in {"EMEA", "NA"} for partner in PARTNERS}
    assert (big, near) == ({True, False}, {True, False})

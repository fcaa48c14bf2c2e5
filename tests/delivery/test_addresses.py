"""Which addresses and URLs are refused: every special network, every disguise of an IPv4 address."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid, NotReady
from app.services.addresses import check_url, is_allowed_private, is_refused, networks
from tests.delivery.vectors import METADATA, PUBLIC, REFUSED

NOTHING = networks(())
EVERYTHING = networks(("0.0.0.0/0", "::/0"))
LOOPBACK = networks(("127.0.0.0/8",))


@pytest.mark.parametrize("address", REFUSED)
def test_special_addresses_are_refused(address: str) -> None:
    assert is_refused(address, NOTHING)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_not(address: str) -> None:
    assert not is_refused(address, NOTHING)


@pytest.mark.parametrize("address", METADATA)
def test_no_allow_list_opens_metadata(address: str) -> None:
    assert is_refused(address, EVERYTHING)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1"])
def test_the_allow_list_opens_just_what_it_names(address: str) -> None:
    assert not is_refused(address, LOOPBACK)
    assert is_refused("10.0.0.1", LOOPBACK)
    assert is_refused("::1", LOOPBACK)


def test_ipv6_loopback_can_be_opened_too() -> None:
    assert not is_refused("::1", networks(("::1/128",)))


def test_nat64_is_open_for_public_addresses_where_it_is_allowed() -> None:
    nat64 = networks(("64:ff9b::/96",))
    assert not is_refused("64:ff9b::8.8.8.8", nat64)
    assert is_refused("64:ff9b::10.0.0.1", nat64)


def test_a_public_address_is_allowed_but_not_private() -> None:
    assert not is_allowed_private("8.8.8.8", LOOPBACK)
    assert is_allowed_private("127.0.0.1", LOOPBACK)


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:{}", "64:ff9b::{}", "::{}", "::ffff:0:{}"]))
def test_a_disguise_opens_nothing(address: object, disguise: str) -> None:
    if is_refused(str(address), NOTHING):
        assert is_refused(ip_address(disguise.format(address)), NOTHING)


def test_an_allow_list_that_is_none_stops_the_start() -> None:
    with pytest.raises(NotReady, match="HANDRAISER_WEBHOOK_ALLOW_CIDRS"):
        networks(("10.0.0.1/8",))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "https://example.com:8443/hook?key=a%20b",
        "https://example.com./",
        "https://EXAMPLE.com",
        "https://exämple.com/hook",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]:8443/",
        "https://hook_s.example.com/" + "x" * 1900,
    ],
)
def test_urls_that_can_be_used(url: str) -> None:
    check_url(url, NOTHING)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https:///hook",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://8.8.8.8@127.0.0.1/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:https/",
        "https://exam ple.com/",
        "https://example.com/a\tb",
        "https://example.com\\@127.0.0.1/",
        "https://example..com/",
        "https://-example.com/",
        "https://example.com/" + "x" * 2000,
        "https://" + "x" * 64 + ".com/",
        "https://" + "x." * 127 + "com/",
        "https://127.0.0.1/",
        "https://127.0.0.1./",
        "https://127.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://127.0.0.0x1/",
        "https://①②⑦.0.0.1/",
        "https://127。0。0。1/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[2606:4700::1%25eth0]/",
        "https://[2606:4700::1]x/",
        "https://[example.com]/",
        "https://%31%32%37.0.0.1/",
        "https://*.example.com/",
    ],
)
def test_urls_that_can_not(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_url(url, NOTHING)
    assert [error.path for error in caught.value.errors] == ["url"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "http://localhost/", "http://crm/hook"])
def test_plain_http_only_where_a_network_was_opened(url: str) -> None:
    check_url(url, LOOPBACK)
    with pytest.raises(Invalid):
        check_url(url, NOTHING)


def test_plain_http_never_to_a_public_address() -> None:
    with pytest.raises(Invalid, match="cannot be used"):
        check_url("http://8.8.8.8/", LOOPBACK)

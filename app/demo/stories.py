"""What partners do in the fortnight: a few get hot near its end, most hardly react.

Against rubric.yaml every hot story is worth at least 25 points however the days fall, and no quiet one is
even if nothing faded and no cap held. So the number of hand-offs does not depend on when the demo runs.
"""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

REFRESH, DEALS = "Storage refresh", "Register deals in two minutes"
MAILINGS = {REFRESH: 11, DEALS: 4}  # days ago
SHOW = "Channel Days"
STORAGE, BACKUP = "Storage without surprises", "Selling backup as a service"
WEBINARS = {STORAGE: 6, BACKUP: 2}
KEY_PAGES = ("/partners/deal-registration", "/partners/pricing", "/partners/mdf", "/partners/certification")
OTHER_PAGES = ("/jobs", "/blog/what-is-object-storage", "/about")

HOT_PARTNERS = 9


@dataclass(frozen=True)
class Act:
    """What a partner's contact (`who` counts from 0) did so many days ago at about that hour, in UTC."""

    days_ago: int
    hour: float
    type: str
    properties: dict[str, Any] = field(default_factory=dict)
    who: int = 0


def opened(mailing: str, *, later: int = 0, hour: float = 9.0, machine: bool = False) -> Act:
    """An opened mail, `later` days after it was sent."""
    properties = {"campaign": mailing, "machine": machine}
    return Act(MAILINGS[mailing] - later, hour, "email.opened", properties)


def clicked(mailing: str, path: str, *, later: int = 0, hour: float = 9.1) -> Act:
    """A click in a mail."""
    properties = {"campaign": mailing, "url": f"https://vendor.example{path}"}
    return Act(MAILINGS[mailing] - later, hour, "email.clicked", properties)


def delivered(mailing: str, who: int) -> Act:
    """A mail in the inbox of the partner's `who`-th contact."""
    return Act(MAILINGS[mailing], 8.0, "email.delivered", {"campaign": mailing}, who)


def bounced(mailing: str) -> Act:
    """A mail that came back."""
    return Act(MAILINGS[mailing], 8.2, "email.bounced", {"campaign": mailing})


def left(mailing: str, kind: str) -> Act:
    """The end of it: email.unsubscribed, or even email.complained."""
    return Act(MAILINGS[mailing], 17.5, kind, {"campaign": mailing})


def read(path: str, days_ago: int, hour: float) -> Act:
    """A page of the vendor's site."""
    title = path.rpartition("/")[2].replace("-", " ").capitalize()
    return Act(days_ago, hour, "page.viewed", {"path": path, "title": title})


def attended(webinar: str, minutes: int) -> Act:
    """A seat in a webinar."""
    return Act(WEBINARS[webinar], 15.0, "webinar.attended", {"title": webinar, "minutes": minutes})


def met() -> Act:
    """A badge scanned at the vendor's stand."""
    return Act(8, 11.0, "tradeshow.attended", {"title": SHOW, "stand": "B12"})


def by_colleague(act: Act) -> Act:
    """The same, done by the partner's second contact if it has one."""
    return replace(act, who=1)


DEAL, PRICING, MDF, CERTIFICATION = KEY_PAGES

HOT = (
    # Reads the mail twice, sits through the webinar, comes back for the deal form.
    (
        opened(DEALS),
        clicked(DEALS, DEAL),
        opened(DEALS, later=1, hour=10.0),
        clicked(DEALS, PRICING, later=1, hour=10.1),
        attended(BACKUP, 48),
        read(PRICING, 1, 9.5),
        read(MDF, 1, 9.6),
        read(DEAL, 0, 8.2),
    ),
    # Came by at the show, then two people of the firm looked into it.
    (
        met(),
        opened(DEALS, hour=13.0),
        by_colleague(clicked(DEALS, DEAL, hour=13.4)),
        by_colleague(attended(BACKUP, 55)),
        read(DEAL, 1, 16.0),
        by_colleague(read(PRICING, 1, 16.3)),
        read(CERTIFICATION, 0, 8.6),
    ),
    # Never in a webinar, but on the key pages again and again.
    (
        opened(DEALS),
        clicked(DEALS, PRICING),
        opened(DEALS, later=1),
        clicked(DEALS, DEAL, later=1),
        read(PRICING, 3, 9.4),
        read(MDF, 2, 11.0),
        read(DEAL, 1, 10.0),
        by_colleague(read(CERTIFICATION, 1, 14.2)),
        read(PRICING, 0, 8.1),
        read(DEAL, 0, 8.3),
    ),
    # Two webinars within a week, and then the form.
    (
        attended(STORAGE, 41),
        opened(DEALS),
        clicked(DEALS, DEAL),
        by_colleague(attended(BACKUP, 60)),
        read(MDF, 1, 10.2),
        read(DEAL, 0, 8.4),
    ),
)


def quiet(random: Random) -> tuple[Act, ...]:
    """What any other partner does: usually next to nothing."""
    kind = random.choices((_silent, _glancing, _curious, _warm), (45, 33, 14, 8))[0]
    return kind(random)


def _silent(random: Random) -> tuple[Act, ...]:
    """Nobody reads; a mail scanner or a prefetching client often does."""
    prefetched = tuple(opened(mailing, hour=8.1, machine=True) for mailing in MAILINGS)
    return random.choice(((), (), (), prefetched, prefetched, (bounced(REFRESH),)))


def _glancing(random: Random) -> tuple[Act, ...]:
    mailings = random.sample(list(MAILINGS), random.choice((1, 1, 2)))
    glances = tuple(opened(mailing, hour=random.uniform(8.5, 16)) for mailing in mailings)
    kind = random.choices((None, "email.unsubscribed", "email.complained"), (88, 10, 2))[0]
    return (*glances, left(mailings[0], kind)) if kind else glances


def _curious(random: Random) -> tuple[Act, ...]:
    page = read(random.choice((*KEY_PAGES, *OTHER_PAGES)), random.randint(1, 10), random.uniform(8, 17))
    brief = attended(STORAGE, random.randint(4, 22))  # too short to count
    click = (opened(REFRESH, hour=9.0), clicked(REFRESH, random.choice(KEY_PAGES), hour=9.2))
    return (*click, page, *random.choice(((), (brief,))))


def _warm(random: Random) -> tuple[Act, ...]:
    meeting = random.choice((met(), attended(STORAGE, random.randint(31, 60))))
    page = read(random.choice(KEY_PAGES), random.randint(1, 7), random.uniform(8, 17))
    return (opened(REFRESH, hour=9.0), clicked(REFRESH, random.choice(KEY_PAGES), hour=9.2), meeting, page)

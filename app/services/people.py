"""Who is who: some people by their names, as introductions and those who put contacts change them. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from app.sources.adapter import Introduction
from app.sources.event import contact_key
from app.store.contacts import Contact

NOBODY = frozenset(
    {"0", "-1", "anonymous", "false", "guest", "n/a", "nan", "none", "null", "true", "undefined", "unknown"}
)
"""What broken scripts call everybody, in lower case: if it were a name, all would be one person."""

MOST_NAMES = 500
"""Of one person, as platforms tell them: a script may make a new one for each page that is viewed."""

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class People:
    """Some of a program's people, changed in memory; what was stored of them is known to begin with.

    `sizes` says how many names each has, by id.
    """

    def __init__(self, known: Mapping[str, Contact], sizes: Mapping[str, int]) -> None:
        self._stored = {each.id: each for each in known.values()}
        self._people = dict(self._stored)
        self._owners = {name: each.id for name, each in known.items()}
        self._sizes = Counter(sizes)
        self.joined: dict[str, str] = {}
        self.named: dict[str, str] = {}

    @property
    def changed(self) -> list[Contact]:
        """Who is new, or not what was stored."""
        return [each for id_, each in self._people.items() if each != self._stored.get(id_)]

    @property
    def touched(self) -> set[str]:
        """The ids of all of whom anything is new; empty if nothing is."""
        return {each.id for each in self.changed} | {*self.named.values()} | {*self.joined.values()}

    def find(self, name: str) -> Contact | None:
        """Who is known by a name."""
        id_ = self.named.get(name) or self._owners.get(name)
        return self._people[self.joined.get(id_, id_)] if id_ else None

    def put(self, contact: Contact, names: Collection[str]) -> None:
        """Somebody says who this is: what platforms told stays where that says nothing.

        Who was known by one of the names is this person, and must not have been put as another.
        """
        before = self._people.get(contact.id, contact)
        self._people[contact.id] = contact._replace(
            learnt_partner=before.learnt_partner, learnt_name=before.learnt_name
        )
        self._unite(contact.id, [contact.id, *names])
        # Touched in any case: a name taken away may have been what kept the others' events waiting.
        self.named[contact.id] = contact.id

    def meet(self, introduction: Introduction) -> None:
        """Learn what an introduction says, but no names beyond MOST_NAMES; nothing if it tells of several."""
        names = names_in(introduction)
        news = (*names[1:], introduction.partner, introduction.name)
        found = list({each.id: each for name in names if (each := self.find(name))}.values())
        size = sum(self._sizes[each.id] for each in found)
        if not any(news) or not names or not _may_be_one(found, size):
            return
        # Whoever was put stays, and keeps the id that others know.
        id_ = min(found, key=lambda each: each.learnt).id if found else names[0]
        self._people.setdefault(id_, Contact(id_))
        new = [name for name in names if self.find(name) is None][: max(0, MOST_NAMES - size)]
        self._unite(id_, [name for name in names if name in new or self.find(name)])
        self._sizes[id_] = size + len(new)
        person = self._people[id_]
        self._people[id_] = person._replace(
            learnt_partner=introduction.partner or person.learnt_partner,
            # The first name stays: two platforms that spell it differently would change it with each request.
            learnt_name=person.learnt_name or introduction.name,
        )

    def _unite(self, id_: str, names: Collection[str]) -> None:
        """Let all of the names, and whoever was known by them, be this person's."""
        for name in names:
            other = self.find(name)
            if other is None:
                self.named[name] = id_
            elif other.id != id_:
                self._absorb(id_, other)

    def _absorb(self, id_: str, other: Contact) -> None:
        del self._people[other.id]
        person = self._people[id_]
        self._people[id_] = person._replace(
            learnt_partner=person.learnt_partner or other.known_partner,
            learnt_name=person.learnt_name or other.known_name,
        )
        for names in (self.joined, self.named):
            names.update({name: id_ for name, whose in names.items() if whose == other.id})
        self.joined[other.id] = id_


def names_in(introduction: Introduction) -> list[str]:
    """The person's names as the ledger writes them, the platform's own first."""
    told = [introduction.contact, *introduction.aliases]
    if introduction.email and _ADDRESS.fullmatch(introduction.email.strip()):
        told.append(introduction.email)
    keys = dict.fromkeys(contact_key(each) for each in told)
    return [key for key in keys if key.lower() not in NOBODY]


def _may_be_one(people: Sequence[Contact], names: int) -> bool:
    """Not if they are at different partners, if more than one was put, or if they have too many `names`."""
    if len(people) > 1 and names > MOST_NAMES:
        return False
    partners = {each.known_partner for each in people} - {None}
    return len(partners) <= 1 and sum(not each.learnt for each in people) <= 1

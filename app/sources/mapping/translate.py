"""One item becomes an event, by the mapping, with an account of what came from where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.sources.adapter import Introduction, Meaning, Understood
from app.sources.event import NewEvent
from app.sources.machines import Judgement, judged
from app.sources.mapping.document import SEPARATOR, Doubt, MappingDocument, Moment, Teaching
from app.sources.mapping.expression import Expression, Finder
from app.sources.mapping.moment import instant
from app.sources.mapping.naming import looked_up, readable, type_name, written
from app.sources.mapping.scope import Scope
from app.sources.masking import link, told
from app.sources.names import LONGEST, name_of, short_hash
from app.sources.resolving import IN_URLS, Place, partner_of

# As far ahead as the ledger takes for its own time; further, the platform's clock is wrong.
AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Mapped:
    """What an item came to; no event means that it is ignored. `why` says which expression gave a field."""

    item: object
    event: NewEvent | None
    introductions: list[Introduction] = field(default_factory=list)
    why: Mapping[str, str] = field(default_factory=dict)

    def understood(self) -> Understood:
        """The same without the account."""
        return Understood(self.item, Meaning((self.event,) if self.event else (), self.introductions))


class ItemReader:
    """Reads one item. Whatever it cannot read raises ValueError, which says why."""

    def __init__(
        self,
        document: MappingDocument,
        resolvers: Sequence[Mapping[Place, str]],
        scope: Scope,
        finder: Finder,
    ) -> None:
        self._document = document
        self._resolvers = resolvers
        self._scope = scope
        self._finder = finder
        self._why: dict[str, str] = {}

    def mapped(self) -> Mapped:
        """The event, and what the item teaches."""
        item, type_ = self._scope.item, self._type()
        if type_ == "ignored" and not self._document.introduces:
            return Mapped(item, None, why=self._why)
        contact, partner = self._text("contact", self._document.contact), self._partner()
        introductions = [*self._introductions(contact)]
        if type_ == "ignored":
            return Mapped(item, None, introductions, self._why)
        event = NewEvent(
            id=self._id(),
            type=type_,
            occurred_at=self._occurred_at(),
            partner=partner,
            contact=contact,
            properties=told(self._properties()),
            **self._judgement(type_),
        )
        return Mapped(item, event, introductions, self._why)

    def _first(self, name: str, expressions: Iterable[Expression] | None) -> object:
        """What the first expression gives that gives anything."""
        for expression in expressions or ():
            found = self._finder.find(expression)
            if found is not None:
                self._why[name] = expression.text
                return found
        return None

    def _text(self, name: str, expressions: Iterable[Expression] | None) -> str | None:
        found = self._first(name, expressions)
        text = name_of(found)
        if text is None and found is not None:
            raise ValueError(f"`{name}` is neither a text nor a whole number: {found!r:.80}")
        return text

    def _type(self) -> str:
        if isinstance(self._document.type, str):
            self._why["type"] = "always"
            return self._document.type
        names = [type_name(self._finder.find(each)) for each in self._document.type.of]
        name = SEPARATOR.join(names)
        self._why["type"] = f"{SEPARATOR.join(each.text for each in self._document.type.of)} is {name!r:.80}"
        type_ = looked_up(self._document.type, names)
        if type_ == "refused":
            raise ValueError(f"{name!r:.80} is no type that the mapping knows")
        return type_

    def _id(self) -> str:
        self._why["id"] = ", ".join(each.text for each in self._document.id)
        parts = [self._part_of_id(each) for each in self._document.id]
        text = name_of(parts[0]) if len(parts) == 1 else written(parts)
        if text is None:
            raise ValueError(f"`id` is neither a text nor a whole number: {parts[0]!r:.80}")
        return text if len(text) <= LONGEST else f"hash:{short_hash(text)}"

    def _part_of_id(self, expression: Expression) -> object:
        part = self._finder.one(expression)
        if part is None or isinstance(part, list | dict):
            what = f"`{expression.text}` gives {'nothing' if part is None else 'several values'} for `id`"
            raise ValueError(f"{what}, so a repeat could not be told from a second event")
        return part

    def _occurred_at(self) -> datetime | None:
        """None means the time of receipt."""
        for moment in self._document.occurred_at:
            if not isinstance(moment, Moment):
                self._why["occurred_at"] = "the time of receipt"
                return None
            found = self._first("occurred_at", moment.at)
            if found is not None:
                return self._instant(found, moment)
        raise ValueError("`occurred_at` gives no time")

    def _instant(self, found: object, moment: Moment) -> datetime | None:
        now = self._scope.received_at
        found_at = instant(found, moment.unit, name="occurred_at", received_at=now, zone=moment.zone)
        if found_at <= now + AHEAD:
            return found_at
        self._why["occurred_at"] += ", which is ahead of our clock: the time of receipt"
        return None

    def _partner(self) -> str | None:
        """By what the source is set to, by the mapping, by the parameter of a link; never a guess."""
        item, incoming = self._scope.item, self._scope.incoming
        url = self._first("link", self._document.link)
        by_setting = partner_of(self._resolvers, item, incoming, link=url)
        if by_setting is not None:
            self._why["partner"] = "the source's setting `partner`"
            return by_setting
        for expression in self._document.partner or ():
            by_mapping = name_of(self._finder.find(expression))
            if by_mapping is not None:
                self._why["partner"] = expression.text
                return by_mapping
        by_link = partner_of(IN_URLS, item, incoming, link=url)
        if by_link is not None:
            self._why["partner"] = "partner_id on our URL or on `link`"
        return by_link

    def _properties(self) -> dict[str, Any]:
        found = {name: self._property(name, each) for name, each in self._document.properties.items()}
        named = {name: value for name, value in found.items() if value is not None}
        return {**link(self._first("link", self._document.link)), **named}

    def _property(self, name: str, expressions: Iterable[Expression]) -> object:
        """Unlike elsewhere a list stays one, also of one."""
        for expression in expressions:
            found = self._finder.paid(expression)
            if found not in (None, "", []):
                self._why[f"properties.{name}"] = expression.text
                return readable(found)
        return None

    def _judgement(self, type_: str) -> Judgement:
        doubt = next((each for each in self._document.verdict if self._finder.holds(each.when)), None)
        if doubt is not None:
            return self._doubted(doubt)
        judgement = judged(type_, self._first("user_agent", self._document.user_agent))
        if judgement:
            self._why["verdict"] = "user_agent"
        return judgement

    def _doubted(self, doubt: Doubt) -> Judgement:
        self._why["verdict"] = doubt.when.text
        return {"verdict": doubt.verdict, "verdict_reason": doubt.because}

    def _introductions(self, contact: str | None) -> Iterable[Introduction]:
        for n, teaching in enumerate(self._document.introduces):
            if teaching.when is None or self._finder.holds(teaching.when):
                introduction = self._taught(f"introduces.{n}", teaching, contact)
                if introduction is not None:
                    yield introduction

    def _taught(self, at: str, teaching: Teaching, contact: str | None) -> Introduction | None:
        """None if there is nobody to teach about, or nothing to teach."""
        who = self._text(f"{at}.contact", teaching.contact) if teaching.contact else contact
        aliases = (name_of(self._finder.find(each)) for each in teaching.aliases)
        others = tuple(alias for alias in aliases if alias is not None and alias != who)
        email, name, partner = (
            self._text(f"{at}.{field}", expressions)
            for field, expressions in (
                ("email", teaching.email),
                ("name", teaching.name),
                ("partner", teaching.partner),
            )
        )
        if who is None or not (others or name or partner or email not in {None, who}):
            return None
        return Introduction(contact=who, aliases=others, email=email, name=name, partner=partner)

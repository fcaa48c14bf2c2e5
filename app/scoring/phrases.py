"""How each type of event is told in plain words, and which are not told at all."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrase:
    """How one type of event is told: with its asset, without one, and several at once."""

    named: str
    unnamed: str
    several: str
    placed: str = ""  # with an address for want of a title; as `named` unless given
    small: bool = False  # many of them are one thing to say, whatever the assets


# Not what anybody did who raised a hand: undone, done by a program, or no news to those who did it.
UNSAID = frozenset(
    {
        "email.delivered",
        "email.bounced",
        "email.complained",
        "email.unsubscribed",
        "webinar.left",
        "webinar.no_show",
        "meeting.cancelled",
        "contact.identified",
        "contact.grouped",
        "contact.aliased",
        "contact.deleted",
    }
)

_PHRASES = {
    "email.opened": Phrase("opened the mail", "opened a mail", "opened {} mails", small=True),
    "email.clicked": Phrase(
        "clicked a link in",
        "clicked a link in a mail",
        "clicked {} links in our mails",
        placed="clicked the link to",
        small=True,
    ),
    "email.resubscribed": Phrase(
        "asked for our mails again through", "asked for our mails again", "asked for our mails again {} times"
    ),
    "page.viewed": Phrase("looked at the page", "looked at a page", "looked at {} pages", small=True),
    "document.downloaded": Phrase("downloaded", "downloaded a document", "downloaded {} documents"),
    "form.submitted": Phrase("filled in the form", "filled in a form", "filled in {} forms"),
    "webinar.registered": Phrase(
        "registered for the webinar", "registered for a webinar", "registered for {} webinars"
    ),
    "webinar.attended": Phrase("attended the webinar", "attended a webinar", "attended {} webinars"),
    "lesson.finished": Phrase("finished the lesson", "finished a lesson", "finished {} lessons"),
    "tradeshow.attended": Phrase("came to the trade show", "came to a trade show", "came to {} trade shows"),
    "meeting.booked": Phrase("booked the meeting", "booked a meeting", "booked {} meetings"),
    "deal.registered": Phrase("registered the deal", "registered a deal", "registered {} deals"),
    "portal.logged_in": Phrase(
        "logged in to", "logged in to the portal", "logged in to the portal {} times", small=True
    ),
    "portal.searched": Phrase(
        "searched the portal for", "searched the portal", "searched the portal {} times", small=True
    ),
    "profile.completed": Phrase(
        "completed the profile", "completed the profile", "completed the profile {} times"
    ),
    "score.adjusted": Phrase("gave points for", "gave points", "gave points {} times"),
}


def phrase_of(event_type: str) -> Phrase:
    """For a type that we have no words for, its own."""
    words = event_type.replace(".", " ").replace("_", " ")
    return _PHRASES.get(event_type) or Phrase(
        f"is on record for “{words}” with",
        f"is on record for “{words}”",
        f"is on record {{}} times for “{words}”",
    )

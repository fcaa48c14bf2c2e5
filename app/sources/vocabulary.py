"""The types of event that sources use, so that one rubric does for all of them."""

TYPES = frozenset(
    {
        "contact.aliased",
        "contact.deleted",
        "contact.grouped",
        "contact.identified",
        "deal.registered",
        "email.bounced",
        "email.clicked",
        "email.complained",
        "email.delivered",
        "email.opened",
        "email.resubscribed",
        "email.unsubscribed",
        "form.submitted",
        "meeting.attended",
        "meeting.booked",
        "meeting.cancelled",
        "meeting.registered",
        "page.viewed",
        "screen.viewed",
        "tradeshow.attended",
        "webinar.attended",
        "webinar.cancelled",
        "webinar.left",
        "webinar.no_show",
        "webinar.registered",
    }
)

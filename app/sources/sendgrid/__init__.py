"""SendGrid's event webhook: signed batches of what happened to mails and what their readers did."""

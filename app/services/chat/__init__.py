"""Messages for people in chats: Slack and Microsoft Teams. Pure: texts in, a body out."""

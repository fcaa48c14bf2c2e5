"""The mapping engine: a document, instead of code, says how a platform's requests become events. Pure."""

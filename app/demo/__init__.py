"""A believable fortnight in the life of a partner programme, played against the real service over HTTP."""

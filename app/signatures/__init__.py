"""Standard Webhooks: keys, and a verifier that stands alone. Imports nothing of ours."""

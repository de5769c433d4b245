"""Signed webhooks, as Standard Webhooks 1.0 has them (standardwebhooks.com, with libraries that verify).

Whoever receives one verifies it so, before reading the body as JSON:

1. The key is what follows `whsec_` in the secret, decoded from base64.
2. `webhook-id`, `webhook-timestamp` and the body as it arrived are joined by dots.
3. Their HMAC-SHA256 under the key, in base64, stands behind `v1,` in `webhook-signature`; compare in constant time.
4. `webhook-timestamp`, in Unix seconds, is refused if it is more than five minutes from now.
5. A `webhook-id` that was taken before is answered 200, and not acted on again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from company_activity.settings.model import Secret

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64


def signed(key: bytes, webhook_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers that a signed body goes with."""
    content = f"{webhook_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def key_of(secret: Secret) -> bytes:
    """The bytes of a key.

    >>> len(key_of(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")))
    24

    Raises:
        ValueError: if it is no `whsec_` key, or too short a one; it does not say which key.
    """
    text = secret.reveal().strip()
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError(
            f"is no {PREFIX} key: {LEAST_BYTES} to {MOST_BYTES} random bytes in base64"
        )
    return key

"""What a provider of identities answers, looked at before anybody builds on it."""

from typing import Any

import requests

# Of what it may say, the names that the sign-in reads, and what each must be.
READ: dict[str, type] = {
    "issuer": str,
    "authorization_endpoint": str,
    "token_endpoint": str,
    "userinfo_endpoint": str,
    "jwks_uri": str,
    "access_token": str,
    "expires_in": int,
    "id_token": str,
    "sub": str,
    "email": str,
}
LONGEST_SUBJECT = 191


def require_sense(response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
    """Refuse an answer that is no JSON object, or holds something else than it must.

    Nobody sends the site to an address that its settings do not name.

    :raises requests.exceptions.InvalidJSONError: if it makes no sense.
    :raises requests.exceptions.TooManyRedirects: if it leads elsewhere.
    """
    if response.is_redirect:
        raise requests.exceptions.TooManyRedirects("It sends us elsewhere.", response=response)
    if not response.ok:
        return
    said = response.json()
    if not isinstance(said, dict):
        raise requests.exceptions.InvalidJSONError("The answer is no object.", response=response)
    for name, kind in READ.items():
        if said.get(name) is not None and not isinstance(said[name], kind):
            raise requests.exceptions.InvalidJSONError(f"“{name}” is none.", response=response)
    if "sub" in said and not 0 < len(said["sub"] or "") <= LONGEST_SUBJECT:
        raise requests.exceptions.InvalidJSONError("“sub” is none.", response=response)


def is_of_one_person(claims: dict[str, Any]) -> bool:
    """Whether the ID token and the answer about the person name the same one.

    OpenID Connect Core 5.3.2 asks it of the site: an answer about somebody else must not
    be taken for the person who signed in.
    """
    token, answer = claims.get("id_token"), claims.get("userinfo")
    return not token or not answer or token.get("sub") == answer.get("sub")

"""What schemathesis does not know by itself: bodies of JSON lines and of TOML are sent as the text they are."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson", "application/toml")
def text(_context, value):
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return json.dumps(value).encode()

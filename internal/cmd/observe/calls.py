# SPDX-License-Identifier: MPL-2.0
"""Makes one published call of mlplatform_client and prints its outcome as a line of JSON."""
import json
import os
import sys


def role_user():
    try:
        from mlplatform_client.serializers.auth import MLPTokenType
    except ImportError:
        return "USER"
    return MLPTokenType.USER


def make(call):
    from mlplatform_client import MLPlatform

    if call == "create_refresh_token":
        return MLPlatform().create_refresh_token(os.environ["OBSERVE_REGISTER_TOKEN"])
    platform = MLPlatform(os.environ["OBSERVE_TOKEN"])
    if call == "create_register_token":
        return platform.create_register_token(
            client_name=os.environ["OBSERVE_NAME"], access_ttl="15m30s", refresh_ttl="1h15m", token_type=role_user())
    if call == "delete_token":
        return platform.delete_token(token_name=os.environ["OBSERVE_NAME"])
    return getattr(platform, call)()


def keys_of(error):
    """Returns the keys that an error is about, without values."""
    if isinstance(error, KeyError):
        return [str(argument) for argument in error.args]
    try:
        return [".".join(map(str, entry["loc"])) for entry in error.errors()]
    except Exception:
        return []


try:
    result = make(sys.argv[1])
    outcome = {"Value": result if isinstance(result, str) else ""}
except Exception as error:
    outcome = {"Exception": type(error).__name__, "Keys": keys_of(error)}
print(json.dumps(outcome))

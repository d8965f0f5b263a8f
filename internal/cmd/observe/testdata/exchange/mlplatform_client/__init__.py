# SPDX-License-Identifier: MPL-2.0
"""A stand-in for the vendor's library that speaks another dialect: it exchanges the access token for a session token,
and has other paths, keys and types."""
import json
import urllib.parse
import urllib.request

ENDPOINT = "https://msk.cloud.vk.ru/infra/mlplatform/v1_0"


def call(method, path, headers, body=None):
    request = urllib.request.Request(ENDPOINT + path, method=method, headers=headers)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as response:
        text = response.read()
        return json.loads(text) if text else None


class MLPlatform:
    def __init__(self, refresh_token=None):
        self._token = refresh_token

    def _session(self):
        session = call("POST", "/auth/token", {}, {"refresh_token": self._token})["access_token"]
        return {"X-Auth-Token": session}

    def create_register_token(self, client_name, access_ttl, token_type, refresh_ttl=None):
        body = {"name": client_name, "access_ttl": 930, "token_type": "user", "refresh_ttl": refresh_ttl}
        return call("POST", "/auth/register_tokens", self._session(), body)["register_token"]

    def create_refresh_token(self, register_token):
        headers = {"Authorization": "Register " + register_token}
        return call("PUT", "/auth/refresh", headers)["refresh_token"]

    def get_project_tokens_info(self):
        return [row["title"] for row in call("GET", "/auth/tokens?limit=100", self._session())["items"]]

    def who_am_i(self):
        return call("GET", "/auth/whoami", self._session())["id"]

    def delete_token(self, token_name):
        return call("DELETE", "/auth/tokens/" + urllib.parse.quote(token_name), self._session())

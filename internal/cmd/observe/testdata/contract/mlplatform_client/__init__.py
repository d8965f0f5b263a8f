# SPDX-License-Identifier: MPL-2.0
"""A stand-in for the vendor's library that follows the contract."""
import json
import urllib.parse
import urllib.request

ENDPOINT = "https://msk.cloud.vk.ru/infra/mlplatform/v1_0/auth"


class MLPlatform:
    def __init__(self, refresh_token=None):
        self._token = refresh_token

    def _call(self, method, path, body=None):
        request = urllib.request.Request(ENDPOINT + path, method=method)
        if self._token:
            request.add_header("Authorization", "Bearer " + self._token)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as response:
            text = response.read()
            return json.loads(text) if text else None

    def create_register_token(self, client_name, access_ttl, token_type, refresh_ttl=None):
        body = {"client_name": client_name, "access_ttl": access_ttl, "token_type": token_type.value}
        if refresh_ttl:
            body["refresh_ttl"] = refresh_ttl
        return self._call("POST", "/register_tokens", body)["register_token"]

    def create_refresh_token(self, register_token):
        return self._call("POST", "/refresh_tokens", {"register_token": register_token})["refresh_token"]

    def get_project_tokens_info(self):
        return [row["name"] for row in self._call("GET", "/refresh_tokens")]

    def who_am_i(self):
        me = self._call("GET", "/whoami")
        print("Token", me["name"])
        return me["id"]

    def delete_token(self, token_name):
        return self._call("DELETE", "/refresh_tokens?" + urllib.parse.urlencode({"token_name": token_name}))

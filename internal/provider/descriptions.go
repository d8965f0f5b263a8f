// SPDX-License-Identifier: MPL-2.0

package provider

import "github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"

// defaultRole is the role of a token whose configuration does not set one.
const defaultRole = mlplatform.RoleUser

// Texts that more than one schema uses.
const (
	idText              = "ID that the service assigned to the access token."
	nameText            = "Name of the access token."
	roleText            = "Permissions of the access token: `USER` (submit Spark jobs) or `ADMIN` (the same, and manage tokens)."
	defaultRoleText     = "Defaults to `" + string(defaultRole) + "`."
	issuerText          = "Issuer of the access token; empty if the service does not name it."
	expiresAtText       = "Expiry time in RFC 3339, UTC; null if the token never expires."
	keepersText         = "Arbitrary values; changing any of them replaces the token."
	lifetimeText        = "Whole numbers with the units `d`, `h`, `m` and `s`, such as `30d` or `2h45m30s`."
	accessTokenNameText = "Name of the access token that is created from the register token."
	accessTokenTTLText  = "Lifetime of the access token that is created from the register token. If not set, it never expires."
	registerTTLText     = "Lifetime of the register token itself."
	needsAdmin          = "Requires a provider token with the `ADMIN` role."
)

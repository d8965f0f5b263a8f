// SPDX-License-Identifier: MPL-2.0

package provider

// Texts that more than one schema uses.
const (
	idText              = "Id that the service gave the access token."
	nameText            = "Name of the access token."
	roleText            = "What the access token may do: `USER` (submit Spark jobs) or `ADMIN` (the same, and manage tokens)."
	issuerText          = "Who issued the access token."
	expiresAtText       = "Expiry in RFC 3339, UTC; null if the token never expires."
	keepersText         = "Arbitrary values; a change of any of them replaces the token."
	lifetimeText        = "Whole numbers with the units `d`, `h`, `m` and `s`, such as `30d` or `2h45m30s`."
	accessTokenNameText = "Name of the access token to come."
	accessTokenTTLText  = "Lifetime of the access token to come. Without one it never expires."
	registerTTLText     = "Lifetime of the register token itself."
	filterRoleText      = "Only tokens of this role, `USER` or `ADMIN`."
	filterNameText      = "Only tokens whose name this regular expression (RE2) matches anywhere."
	filterStatusText    = "Only tokens of this status, `active` or `expired`."
	filterExpiresText   = "Only live tokens that expire within this time from now. " + lifetimeText
	needsAdmin          = "Needs a provider token of the role `ADMIN`."
)

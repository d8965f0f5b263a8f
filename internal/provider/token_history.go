// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// tokenOrigin is how Terraform came to manage a token.
type tokenOrigin string

const (
	originCreated  tokenOrigin = "created"
	originImported tokenOrigin = "imported"
	originRedeemed tokenOrigin = "redeemed"
)

// tokenHistory is what the private state of an access token holds.
type tokenHistory struct {
	origin tokenOrigin
	// mintedAt is when this provider created the token, by the service's clock; zero for an imported token and for one
	// that an older version created.
	mintedAt time.Time
}

func readTokenHistory(ctx context.Context, private privateReader, diags *diag.Diagnostics) tokenHistory {
	history := tokenHistory{origin: readPrivate[tokenOrigin](ctx, private, privateOrigin, diags)}
	if seconds := readPrivate[int64](ctx, private, privateMintedAt, diags); seconds != 0 {
		history.mintedAt = time.Unix(seconds, 0).UTC()
	}
	return history
}

func (h tokenHistory) write(ctx context.Context, private privateWriter, diags *diag.Diagnostics) {
	writePrivate(ctx, private, privateOrigin, h.origin, diags)
	if !h.mintedAt.IsZero() {
		writePrivate(ctx, private, privateMintedAt, h.mintedAt.Unix(), diags)
	}
}

// version returns the token_version of a state that an older version of the provider wrote.
func (h tokenHistory) version() types.Int64 {
	if h.mintedAt.IsZero() {
		return types.Int64Value(0)
	}
	return types.Int64Value(h.mintedAt.Unix())
}

// granted returns the lifetime that the service granted, which can be shorter than ttl; 0 if it is not known or unlimited.
func (h tokenHistory) granted(m accessTokenModel) time.Duration {
	expiresAt := parseTime(m.ExpiresAt)
	if h.mintedAt.IsZero() || expiresAt.IsZero() {
		return 0
	}
	return expiresAt.Sub(h.mintedAt)
}

// dueAt reports whether less than rotateBefore is left of the token's lifetime at a time of the service's clock. A token
// that never had that much left is not due: its replacement would not have it either.
func (h tokenHistory) dueAt(m accessTokenModel, now time.Time, rotateBefore lifetimeValue) bool {
	expiresAt, granted := parseTime(m.ExpiresAt), h.granted(m)
	if !rotateBefore.known() || expiresAt.IsZero() || granted > 0 && rotateBefore.duration() >= granted {
		return false
	}
	return !now.Before(expiresAt.Add(-rotateBefore.duration()))
}

// statusFound returns the status of a token that the service still has.
func (h tokenHistory) statusFound(m accessTokenModel, now time.Time) string {
	switch {
	case m.expiredAt(now):
		return statusExpired
	case h.dueAt(m, now, m.RotateBefore):
		return statusRotationDue
	}
	return statusActive
}

// couldExpireAt reports whether a token that this provider created with ttl can have an expiry. The service may grant less
// than ttl.
func (h tokenHistory) couldExpireAt(expiresAt time.Time, ttl lifetimeValue) bool {
	if expiresAt.IsZero() {
		return ttl.IsNull()
	}
	latest := h.mintedAt.Add(ttl.duration() + time.Minute)
	return expiresAt.After(h.mintedAt) && (ttl.IsNull() || !expiresAt.After(latest))
}

// formatGranted formats a granted lifetime for a message: in days and hours if it has days.
func formatGranted(granted time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case granted < day:
		return mlplatform.FormatLifetime(max(granted.Round(time.Second), time.Second))
	case granted.Round(time.Hour)%day == 0:
		return fmt.Sprintf("%dd", granted.Round(time.Hour)/day)
	}
	granted = granted.Round(time.Hour)
	return fmt.Sprintf("%dd%dh", granted/day, granted%day/time.Hour)
}

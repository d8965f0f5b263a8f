// SPDX-License-Identifier: MPL-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

func TestCompareTokens(t *testing.T) {
	t.Parallel()

	from := time.Date(2026, time.May, 1, 12, 0, 0, 500_000_000, time.UTC)
	to := from.Add(10 * time.Second)
	at := func(d time.Duration) *time.Time {
		expires := from.Truncate(time.Second).Add(d)
		return &expires
	}

	kept := emulator.Token{ID: "1", Name: "admin", Role: "ADMIN", IssuerName: "a@example.com"}
	user := emulator.Token{ID: "2", Name: "etl", Role: "USER", ExpiresAt: at(time.Hour)}
	forever := emulator.Token{ID: "3", Name: "boss", Role: "ADMIN"}
	made := []wantedToken{{name: "etl", role: "USER", lifetime: time.Hour}, {name: "boss", role: "ADMIN"}}

	with := func(token emulator.Token, change func(*emulator.Token)) emulator.Token {
		change(&token)
		return token
	}

	for name, test := range map[string]struct {
		held []emulator.Token
		want string // part of the error; empty: none
	}{
		"as it should be":   {[]emulator.Token{kept, forever, user}, ""},
		"expires later":     {[]emulator.Token{kept, forever, with(user, func(t *emulator.Token) { t.ExpiresAt = at(time.Hour + 10*time.Second) })}, ""},
		"nothing":           {nil, `the access token "etl" is missing; the access token "boss" is missing; the access token "admin" is missing`},
		"revoked":           {[]emulator.Token{kept, forever}, `"etl" is missing`},
		"one too many":      {[]emulator.Token{kept, forever, user, {Name: "stray"}}, `"stray" that nobody asked for`},
		"wrong role":        {[]emulator.Token{kept, with(forever, func(t *emulator.Token) { t.Role = "USER" }), user}, `"boss" has the role USER, not ADMIN`},
		"no expiry":         {[]emulator.Token{kept, forever, with(user, func(t *emulator.Token) { t.ExpiresAt = nil })}, `"etl" expires: never; its lifetime should be 1h0m0s`},
		"needless expiry":   {[]emulator.Token{kept, with(forever, func(t *emulator.Token) { t.ExpiresAt = at(time.Hour) }), user}, `"boss" expires: 2026-05-01 13:00:00 UTC; its lifetime should be without end`},
		"too short":         {[]emulator.Token{kept, forever, with(user, func(t *emulator.Token) { t.ExpiresAt = at(time.Hour - time.Second) })}, `"etl" expires`},
		"too long":          {[]emulator.Token{kept, forever, with(user, func(t *emulator.Token) { t.ExpiresAt = at(time.Hour + 11*time.Second) })}, `"etl" expires`},
		"another of a name": {[]emulator.Token{with(kept, func(t *emulator.Token) { t.ID = "9" }), forever, user}, `"admin" is not the one that was there before`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			check(t, compareTokens(made, []emulator.Token{kept}, test.held, from, to), test.want)
		})
	}
}

func TestCompareRegisterTokens(t *testing.T) {
	t.Parallel()

	wanted := []wantedRegisterToken{{name: "etl", role: "USER", used: true}, {name: "anna", role: "USER"}}
	etl := emulator.RegisterTokenRow{ClientName: "etl", Role: "USER", Used: true}
	anna := emulator.RegisterTokenRow{ClientName: "anna", Role: "USER"}

	for name, test := range map[string]struct {
		made []emulator.RegisterTokenRow
		want string
	}{
		"as it should be": {[]emulator.RegisterTokenRow{anna, etl}, ""},
		"nothing":         {nil, `a used register token for "etl" of the role USER is missing; a pending register token for "anna"`},
		"twice":           {[]emulator.RegisterTokenRow{anna, etl, etl}, `there is a used register token for "etl" of the role USER that should not be`},
		"redeemed":        {[]emulator.RegisterTokenRow{etl, {ClientName: "anna", Role: "USER", Used: true}}, `a pending register token for "anna" of the role USER is missing`},
		"wrong role":      {[]emulator.RegisterTokenRow{etl, {ClientName: "anna", Role: "ADMIN"}}, `"anna" of the role ADMIN that should not be`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			check(t, compareRegisterTokens(wanted, test.made), test.want)
		})
	}
}

func TestCompareList(t *testing.T) {
	t.Parallel()

	expires := time.Date(2026, time.May, 1, 12, 0, 0, 0, time.UTC)
	held := []emulator.Token{{Name: "boss", Role: "ADMIN"}, {Name: "etl", Role: "USER", ExpiresAt: &expires}}

	for name, test := range map[string]struct {
		listed []string
		want   string
	}{
		"as it should be": {[]string{"boss (ADMIN), expires: never", "etl (USER), expires: 2026-05-01T12:00:00Z"}, ""},
		"one missing":     {[]string{"boss (ADMIN), expires: never"}, "the data source listed"},
		"wrong expiry":    {[]string{"boss (ADMIN), expires: never", "etl (USER), expires: never"}, "the data source listed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			check(t, compareList(test.listed, held), test.want)
		})
	}
}

// check compares an error with a part of its text; empty for none.
func check(t *testing.T, err error, want string) {
	t.Helper()

	switch {
	case want == "" && err != nil:
		t.Errorf("unexpected error: %v", err)
	case want != "" && err == nil:
		t.Errorf("no error; want %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("error %q; want %q", err, want)
	}
}

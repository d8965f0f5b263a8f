// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// wantedToken is an access token that the service should hold.
type wantedToken struct {
	name, role string
	lifetime   time.Duration // 0: never expires
}

// wantedRegisterToken is a register token that should have been made.
type wantedRegisterToken struct {
	name, role string
	used       bool
}

// compareTokens says in plain words how the service differs from what it should hold: the tokens that were made
// between two moments, the ones that were kept just as they were, and no other.
func compareTokens(made []wantedToken, kept, held []emulator.Token, from, to time.Time) error {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	expected := map[string]bool{}
	find := func(name string) (emulator.Token, bool) {
		expected[name] = true

		at := slices.IndexFunc(held, func(token emulator.Token) bool { return token.Name == name })
		if at < 0 {
			problem("the access token %q is missing", name)
			return emulator.Token{}, false
		}

		return held[at], true
	}

	for _, want := range made {
		got, found := find(want.name)
		if !found {
			continue
		}

		if got.Role != want.role {
			problem("the access token %q has the role %s, not %s", want.name, got.Role, want.role)
		}

		if !lives(got.ExpiresAt, want.lifetime, from, to) {
			problem("the access token %q expires: %s; its lifetime should be %s", want.name, expiry(got.ExpiresAt), lifetime(want.lifetime))
		}
	}

	for _, want := range kept {
		if got, found := find(want.Name); found && !sameToken(got, want) {
			problem("the access token %q is not the one that was there before", want.Name)
		}
	}

	for _, got := range held {
		if !expected[got.Name] {
			problem("there is an access token %q that nobody asked for", got.Name)
		}
	}

	return asOne(problems)
}

// compareRegisterTokens says in plain words how the register tokens that were made differ from those that should be.
// Their order does not matter.
func compareRegisterTokens(wanted []wantedRegisterToken, made []emulator.RegisterTokenRow) error {
	var problems []string

	missing := slices.Clone(wanted)
	for _, row := range made {
		got := wantedRegisterToken{name: row.ClientName, role: row.Role, used: row.Used}
		if at := slices.Index(missing, got); at >= 0 {
			missing = slices.Delete(missing, at, at+1)
		} else {
			problems = append(problems, fmt.Sprintf("there is %s that should not be", got))
		}
	}

	for _, want := range missing {
		problems = append(problems, fmt.Sprintf("%s is missing", want))
	}

	return asOne(problems)
}

// compareList says how the list that examples/quickstart puts out differs from what the service holds.
func compareList(listed []string, held []emulator.Token) error {
	var want []string

	for _, token := range held {
		expires := "never"
		if token.ExpiresAt != nil {
			expires = token.ExpiresAt.UTC().Format(time.RFC3339)
		}

		want = append(want, fmt.Sprintf("%s (%s), expires: %s", token.Name, token.Role, expires))
	}

	if !slices.Equal(listed, want) {
		return fmt.Errorf("the data source listed %q, but the service holds %q", listed, want)
	}

	return nil
}

func (w wantedRegisterToken) String() string {
	state := "pending"
	if w.used {
		state = "used"
	}

	return fmt.Sprintf("a %s register token for %q of the role %s", state, w.name, w.role)
}

// lives tells whether a token that was made between two moments expires after the lifetime. The service counts whole
// seconds.
func lives(expiresAt *time.Time, lifetime time.Duration, from, to time.Time) bool {
	if lifetime == 0 || expiresAt == nil {
		return lifetime == 0 && expiresAt == nil
	}

	made := expiresAt.Add(-lifetime)

	return !made.Before(from.Truncate(time.Second)) && !made.After(to)
}

func sameToken(a, b emulator.Token) bool {
	return a.ID == b.ID && a.Role == b.Role && a.IssuerName == b.IssuerName && expiry(a.ExpiresAt) == expiry(b.ExpiresAt)
}

// expiry writes a time for people.
func expiry(at *time.Time) string {
	if at == nil {
		return "never"
	}

	return at.UTC().Format("2006-01-02 15:04:05 UTC")
}

func lifetime(d time.Duration) string {
	if d == 0 {
		return "without end"
	}

	return d.String()
}

func asOne(problems []string) error {
	if len(problems) == 0 {
		return nil
	}

	return errors.New(strings.Join(problems, "; "))
}

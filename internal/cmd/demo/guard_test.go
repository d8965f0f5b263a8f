// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

const (
	testValue  = "emulated-access/0123456789abcdef0123456789abcdef+=="
	testRandom = "0123456789abcdef0123456789abcdef"
)

func TestCleanFindsEverySpelling(t *testing.T) {
	t.Parallel()

	asJSON, err := json.Marshal(map[string]string{"token": testValue})
	if err != nil {
		t.Fatal(err)
	}

	lines := map[string]string{
		"alone":         testValue,
		"in a sentence": "the token is " + testValue + ".",
		"twice":         testValue + " " + testValue,
		"query":         "?token=" + url.QueryEscape(testValue),
		"path":          "/tokens/" + url.PathEscape(testValue),
		"quoted":        fmt.Sprintf("%q", testValue),
		"JSON":          string(asJSON),
		"its heart":     "..." + testRandom + "...",
		"both kinds":    testValue + " emulated-register/ffff456789abcdef0123456789abcdef+==",
	}

	// Where a value stands in a longer text decides how base64 spells it.
	for before := range 6 {
		for after := range 3 {
			text := strings.Repeat("x", before) + testValue + strings.Repeat("y", after)
			lines[fmt.Sprintf("base64, %d before, %d after", before, after)] = base64.StdEncoding.EncodeToString([]byte(text))
			lines[fmt.Sprintf("base64 of URLs, %d before, %d after", before, after)] = base64.RawURLEncoding.EncodeToString([]byte(text))
		}
	}

	values := []string{testValue, "emulated-register/ffff456789abcdef0123456789abcdef+=="}

	for name, line := range lines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got, found := clean(line, values)
			if !found || !strings.Contains(got, hidden) {
				t.Errorf("clean(%q) = %q, %v", line, got, found)
			}

			for _, rest := range append(randomPart.FindAllString(line, -1), values...) {
				// What is left of base64 around the value is not of the value.
				if strings.Contains(got, rest) {
					t.Errorf("clean(%q) leaves %q", line, rest)
				}
			}

			if again, found := clean(got, values); found {
				t.Errorf("a second look at %q still finds something: %q", got, again)
			}
		})
	}
}

func TestCleanLeavesTheRest(t *testing.T) {
	t.Parallel()

	for _, line := range []string{
		"",
		"nightly-etl     USER   emulator@example.com  2026-12-21 18:59:50 UTC",
		"Creation complete after 0s [id=bb116473-7919-4a05-a32c-a6a6dacc37de]",
		"token = (sensitive value)",
		"emulated-access/",
	} {
		if got, found := clean(line, []string{testValue}); found || got != line {
			t.Errorf("clean(%q) = %q, %v", line, got, found)
		}
	}
}

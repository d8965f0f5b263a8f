// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

func TestTokenFromWire(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	whole := AccessToken{ID: "id-1", Name: "a name", Role: RoleUser, IssuerName: "user@example.com", ExpiresAt: noon}
	with := func(edit func(*AccessToken)) AccessToken {
		token := whole
		edit(&token)
		return token
	}
	noIssuer := with(func(t *AccessToken) { t.IssuerName = "" })
	tests := map[string]struct {
		body   string
		want   AccessToken
		report string
	}{
		"contract":         {`{"id":"id-1","name":"a name","type":"USER","issuer_name":"user@example.com","exp":1782907200}`, whole, ""},
		"extra key":        {`{"id":"id-1","name":"a name","type":"USER","issuer_name":"user@example.com","exp":1782907200,"extra":{"id":"x"}}`, whole, ""},
		"issuer is empty":  {`{"id":"id-1","name":"a name","type":"USER","issuer_name":"","exp":1782907200}`, noIssuer, ""},
		"issuer is absent": {`{"id":"id-1","name":"a name","type":"USER","exp":1782907200}`, noIssuer, "a token has no issuer_name"},
		"issuer is null":   {`{"id":"id-1","name":"a name","type":"USER","issuer_name":null,"exp":1782907200}`, noIssuer, "a token has no issuer_name"},
		"exp is absent": {
			`{"id":"id-1","name":"a name","type":"USER","issuer_name":"user@example.com"}`,
			with(func(t *AccessToken) { t.ExpiresAt = time.Time{} }), "a token has no exp; it counts as one that never expires",
		},
		"id is a number": {
			`{"id":9007199254740993123,"name":"a name","type":"USER","issuer_name":"user@example.com","exp":1782907200}`,
			with(func(t *AccessToken) { t.ID = "9007199254740993123" }), "the id of a token is a number",
		},
		"role in lower case": {
			`{"id":"id-1","name":"a name","type":"admin","issuer_name":"user@example.com","exp":1782907200}`,
			with(func(t *AccessToken) { t.Role = RoleAdmin }), "the role of a token is not in upper case",
		},
		"unknown role": {
			`{"id":"id-1","name":"a name","type":"Auditor","issuer_name":"user@example.com","exp":1782907200}`,
			with(func(t *AccessToken) { t.Role = "Auditor" }), "",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var in wire.AccessToken
			if err := json.Unmarshal([]byte(test.body), &in); err != nil {
				t.Fatal(err)
			}
			reported := ""
			got, err := tokenFromWire(in, func(text string) { reported += text })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if reported != test.report {
				t.Errorf("reported %q, want %q", reported, test.report)
			}
		})
	}
}

func TestTokenFromWireRefuses(t *testing.T) {
	t.Parallel()
	missing := func(key string) string { return fmt.Sprintf("the required key %q is missing or empty", key) }
	tests := map[string]struct{ body, want, id, name string }{
		"id is absent":       {`{"name":"n","type":"USER","issuer_name":"i","exp":null}`, missing("id"), "", "n"},
		"id is empty":        {`{"id":"","name":"n","type":"USER","issuer_name":"i","exp":null}`, missing("id"), "", "n"},
		"id is null":         {`{"id":null,"name":"n","type":"USER","issuer_name":"i","exp":null}`, missing("id"), "", "n"},
		"id is a list":       {`{"id":["canary"],"name":"n","type":"USER","issuer_name":"i","exp":null}`, `the key "id" has the wrong type`, "", "n"},
		"id is true":         {`{"id":true,"name":"n","type":"USER","issuer_name":"i","exp":null}`, `the key "id" has the wrong type`, "", "n"},
		"name is absent":     {`{"id":"1","type":"USER","issuer_name":"i","exp":null}`, missing("name"), "1", ""},
		"name is empty":      {`{"id":"1","name":"","type":"USER","issuer_name":"i","exp":null}`, missing("name"), "1", ""},
		"type is absent":     {`{"id":"1","name":"n","issuer_name":"i","exp":null}`, missing("type"), "1", "n"},
		"type is empty":      {`{"id":"1","name":"n","type":"","issuer_name":"i","exp":null}`, missing("type"), "1", "n"},
		"exp is unreadable":  {`{"id":"1","name":"n","type":"USER","issuer_name":"i","exp":"canary"}`, errExpiry.Error(), "1", "n"},
		"empty object":       {`{}`, missing("id"), "", ""},
		"the object is null": {`null`, missing("id"), "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var in wire.AccessToken
			if err := json.Unmarshal([]byte(test.body), &in); err != nil {
				t.Fatal(err)
			}
			got, err := tokenFromWire(in, ignore)
			if err == nil || err.Error() != test.want {
				t.Errorf("got error %v, want: %s", err, test.want)
			}
			if diff := cmp.Diff(AccessToken{ID: test.id, Name: test.name}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		expiresAt time.Time
		want      bool
	}{
		"never":                       {time.Time{}, false},
		"in a second":                 {now.Add(time.Second), false},
		"now":                         {now, true},
		"a second ago":                {now.Add(-time.Second), true},
		"now, in another time zone":   {now.In(time.FixedZone("test", 3*60*60)), true},
		"later, in another time zone": {now.Add(time.Hour).In(time.FixedZone("test", -9*60*60)), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := (AccessToken{ExpiresAt: test.expiresAt}).Expired(now); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

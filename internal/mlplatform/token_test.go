// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

// canary stands for a token's value; no text may repeat it.
const canary = "canary/of+the==tests"

// wantNoCanary fails if the text holds the canary or the start of one of its usual spellings.
func wantNoCanary(t *testing.T, text string) {
	t.Helper()
	for _, spelling := range []string{
		canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), base64.StdEncoding.EncodeToString([]byte(canary)),
		"canary", "99 97 110 97 114 121", "0x63, 0x61",
	} {
		if strings.Contains(text, spelling) {
			t.Errorf("the value is in %q", text)
		}
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	secret := Secret(canary)
	values := map[string]any{
		"value":          secret,
		"pointer":        &secret,
		"slice":          []Secret{secret},
		"map":            map[string]Secret{"key": secret},
		"register token": RegisterToken{Value: secret},
		"its pointer":    &RegisterToken{Value: secret},
		"configuration":  Config{Token: secret},
		"error":          fmt.Errorf("about %v", secret),
		"nested error":   &Error{Operation: "test", Err: fmt.Errorf("about %s", secret)},
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%c", "%U", "%t", "%T", "%e", "%50v", "%.3s"}
			for _, verb := range verbs {
				wantNoCanary(t, fmt.Sprintf(verb, value))
			}
			wantNoCanary(t, fmt.Sprint(value))
			wantNoCanary(t, fmt.Sprintln(value))
		})
	}
	wantNoCanary(t, secret.String()) // which is what Go prints of panic(secret)
	if got := fmt.Sprintf("%v %s %q %x", secret, secret, secret, secret); strings.Count(got, redacted) != 4 {
		t.Errorf("the placeholder is not in its place: %s", got)
	}
	if secret.Reveal() != canary {
		t.Error("Reveal returned another value")
	}
}

func TestSecretIsNeverMarshalled(t *testing.T) {
	t.Parallel()
	type holder struct {
		Secret  Secret
		Pointer *Secret
		Token   RegisterToken
	}
	value := holder{canary, new(Secret), RegisterToken{Value: canary}}
	*value.Pointer = canary

	asJSON, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	wantNoCanary(t, string(asJSON))
	asXML, err := xml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	wantNoCanary(t, string(asXML))

	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		log := slog.New(handler)
		log.Info("test", "value", value.Secret, "pointer", value.Pointer, "struct", value, "token", value.Token)
		log.With("with", value.Secret).WithGroup("group").Error("test", "err", fmt.Errorf("about %v", value.Secret))
	}
	wantNoCanary(t, out.String())
	if !strings.Contains(out.String(), redacted) {
		t.Errorf("the placeholder is not in the log: %s", out.String())
	}
}

func TestClientNeverPrintsItsToken(t *testing.T) {
	t.Parallel()
	client, err := New(Config{Endpoint: DefaultEndpoint, Token: canary})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		wantNoCanary(t, fmt.Sprintf(verb, client))
		wantNoCanary(t, fmt.Sprintf(verb, *client))
		wantNoCanary(t, fmt.Sprintf(verb, struct{ client *Client }{client}))
		wantNoCanary(t, fmt.Sprintf(verb, client.WithToken(canary)))
	}
}

func TestParseExpiry(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	tests := map[string]time.Time{
		`null`:                             {},
		`"2026-07-01T12:00:00Z"`:           noon,
		`"2026-07-01T15:00:00+03:00"`:      noon,
		`"2026-07-01T12:00:00.999999999Z"`: noon,
		`"2026-07-01T12:00:00.5-00:00"`:    noon,
		`"2026\u002d07-01T12:00:00Z"`:      noon,
		`1782907200`:                       noon,
		`0`:                                time.Unix(0, 0).UTC(),
		`-1`:                               time.Unix(-1, 0).UTC(),
		`253402300799`:                     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		`"9999-12-31T23:59:59Z"`:           time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		`-62135596799`:                     time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC),
	}
	for raw, want := range tests {
		t.Run(raw, func(t *testing.T) {
			t.Parallel()
			got, err := parseExpiry(json.RawMessage(raw))
			if err != nil {
				t.Fatal(err)
			}
			if !got.Equal(want) || got.Location() != time.UTC {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestParseExpiryRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"empty text":               `""`,
		"text null":                `"null"`,
		"text None":                `"None"`,
		"words":                    `"canary"`,
		"number in a text":         `"1782907200"`,
		"date alone":               `"2026-07-01"`,
		"no zone":                  `"2026-07-01T12:00:00"`,
		"space instead of T":       `"2026-07-01 12:00:00Z"`,
		"impossible day":           `"2026-02-30T12:00:00Z"`,
		"fraction of seconds":      `1782907200.5`,
		"exponent":                 `1.7829072e9`,
		"milliseconds":             `1782907200000`,
		"too large for 64 bits":    `9223372036854775808`,
		"largest of 64 bits":       `9223372036854775807`,
		"smallest of 64 bits":      `-9223372036854775808`,
		"year 10000":               `253402300800`,
		"year 10000 by its zone":   `"9999-12-31T23:59:59-01:00"`,
		"the zero time":            `"0001-01-01T00:00:00Z"`,
		"the zero time in Unix":    `-62135596800`,
		"before it by its zone":    `"0001-01-01T00:00:00+01:00"`,
		"just after the zero time": `"0001-01-01T00:00:00.5Z"`,
		"true":                     `true`,
		"false":                    `false`,
		"list":                     `[1782907200]`,
		"object":                   `{"seconds": 1782907200}`,
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseExpiry(json.RawMessage(raw))
			if !errors.Is(err, errExpiry) {
				t.Fatalf("got %v, error %v", got, err)
			}
			wantNoCanary(t, err.Error())
		})
	}
}

func TestTokenFromWire(t *testing.T) {
	t.Parallel()
	const whole = `{"id":"id-1","name":"a name","type":"USER","issuer_name":"user@example.com","exp":1782907200`
	want := AccessToken{
		ID: "id-1", Name: "a name", Role: RoleUser, IssuerName: "user@example.com",
		ExpiresAt: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC),
	}
	noIssuer := want
	noIssuer.IssuerName = ""
	tests := map[string]struct {
		body    string
		want    AccessToken
		missing string
	}{
		"whole":              {body: whole + `}`, want: want},
		"extra key":          {body: whole + `,"extra":{"id":"other"}}`, want: want},
		"issuer is empty":    {body: `{"id":"id-1","name":"a name","type":"USER","issuer_name":"","exp":1782907200}`, want: noIssuer},
		"id is absent":       {body: `{"name":"n","type":"USER","issuer_name":"i","exp":null}`, missing: "id"},
		"id is empty":        {body: `{"id":"","name":"n","type":"USER","issuer_name":"i","exp":null}`, missing: "id"},
		"id is null":         {body: `{"id":null,"name":"n","type":"USER","issuer_name":"i","exp":null}`, missing: "id"},
		"name is absent":     {body: `{"id":"1","type":"USER","issuer_name":"i","exp":null}`, missing: "name"},
		"name is empty":      {body: `{"id":"1","name":"","type":"USER","issuer_name":"i","exp":null}`, missing: "name"},
		"type is absent":     {body: `{"id":"1","name":"n","issuer_name":"i","exp":null}`, missing: "type"},
		"type is empty":      {body: `{"id":"1","name":"n","type":"","issuer_name":"i","exp":null}`, missing: "type"},
		"issuer is absent":   {body: `{"id":"1","name":"n","type":"USER","exp":null}`, missing: "issuer_name"},
		"issuer is null":     {body: `{"id":"1","name":"n","type":"USER","issuer_name":null,"exp":null}`, missing: "issuer_name"},
		"exp is absent":      {body: `{"id":"1","name":"n","type":"USER","issuer_name":"i"}`, missing: "exp"},
		"nothing is there":   {body: `{}`, missing: "id"},
		"the object is null": {body: `null`, missing: "id"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var in wire.AccessToken
			if err := json.Unmarshal([]byte(test.body), &in); err != nil {
				t.Fatal(err)
			}
			got, err := tokenFromWire(in)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if wanted := fmt.Sprintf("the required key %q is missing or empty", test.missing); test.missing != "" && (err == nil || err.Error() != wanted) {
				t.Errorf("got error %v, want: %s", err, wanted)
			}
			if test.missing == "" && err != nil {
				t.Error(err)
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
		"never":                  {time.Time{}, false},
		"in a second":            {now.Add(time.Second), false},
		"now":                    {now, true},
		"a second ago":           {now.Add(-time.Second), true},
		"now, in another zone":   {now.In(time.FixedZone("test", 3*60*60)), true},
		"later, in another zone": {now.Add(time.Hour).In(time.FixedZone("test", -9*60*60)), false},
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

func TestListLookups(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	past, future := now.Add(-time.Hour), now.Add(time.Hour)
	list := AccessTokenList{AsOf: now, Tokens: []AccessToken{
		{ID: "1", Name: "plain"},
		{ID: "2", Name: "Plain"},
		{ID: "3", Name: "remade", ExpiresAt: past},
		{ID: "4", Name: "remade", ExpiresAt: future},
		{ID: "5", Name: "made before", ExpiresAt: future},
		{ID: "6", Name: "made before", ExpiresAt: past},
		{ID: "7", Name: "dead", ExpiresAt: past},
		{ID: "8", Name: "two", ExpiresAt: future},
		{ID: "9", Name: "two"},
		{ID: "10", Name: "plain "},
	}}
	byName := map[string]string{
		"plain": "1", "Plain": "2", "remade": "4", "made before": "5", "dead": "7", "two": "8", "plain ": "10",
		"": "", "absent": "", "plai": "",
	}
	for name, id := range byName {
		got, found := list.ByName(name)
		if got.ID != id || found != (id != "") {
			t.Errorf("ByName(%q) is %q, %v; want %q", name, got.ID, found, id)
		}
	}
	for name, list := range map[string]AccessTokenList{"plain list": list, "indexed list": list.indexed()} {
		for _, want := range list.Tokens {
			if got, found := list.ByID(want.ID); !found || got != want {
				t.Errorf("%s: ByID(%q) is %v, %v; want %v", name, want.ID, got, found, want)
			}
		}
		for _, id := range []string{"", "11", " 1"} {
			if got, found := list.ByID(id); found {
				t.Errorf("%s: ByID(%q) is %v", name, id, got)
			}
		}
	}
	if got, found := (AccessTokenList{}).ByName("plain"); found {
		t.Errorf("the empty list has %v", got)
	}
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// canary stands for a token's value; no text may contain it.
const canary = "canary/of+the==tests"

// wantNoCanary fails if the text contains the canary or the start of one of its usual encodings.
func wantNoCanary(t *testing.T, text string) {
	t.Helper()
	for _, spelling := range []string{
		canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), base64.StdEncoding.EncodeToString([]byte(canary)),
		"canary", "99 97 110 97 114 121", "0x63, 0x61",
	} {
		if strings.Contains(text, spelling) {
			t.Errorf("the value leaked: %q", text)
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
	wantNoCanary(t, secret.String()) // Go prints this for panic(secret)
	if got := fmt.Sprintf("%v %s %q %x", secret, secret, secret, secret); strings.Count(got, redacted) != 4 {
		t.Errorf("got %s, want placeholders", got)
	}
	if secret.Reveal() != canary {
		t.Error("Reveal returned a different value")
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
		t.Errorf("the log has no placeholder: %s", out.String())
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

// SPDX-License-Identifier: MPL-2.0

package emulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

func TestParseDialect(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		want emulator.Dialect
		ok   bool
	}{
		"":                        {0, true},
		"exp-unix":                {emulator.ExpUnix, true},
		"created-200, id-number":  {emulator.Created200 | emulator.IDNumber, true},
		"bad-row,bad-row,no-date": {emulator.BadRow | emulator.NoDate, true},
		"all":                     {emulator.AllDialects, true},
		"exp-week":                {0, false},
		"exp-unix,":               {0, false},
		"Exp-Unix":                {0, false},
	}
	for list, test := range tests {
		got, err := emulator.ParseDialect(list)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("ParseDialect(%q) = %s, %v; want %s", list, got, err, test.want)
		}
	}
	again, err := emulator.ParseDialect(emulator.AllDialects.String())
	if err != nil || again != emulator.AllDialects {
		t.Errorf("the names of all dialects parse to %s, %v", again, err)
	}
}

// exchange is what a client of a service in some dialect gets: a token that expires is created, one that never expires
// is seeded, both are listed, and a call fails.
type exchange struct {
	register, redeem, me, list, deletion, missing, invalid response
	rows                                                   []map[string]any
}

func exchangeIn(t *testing.T, d emulator.Dialect) exchange {
	t.Helper()
	srv := start(t, emulator.Options{Clock: emulator.NewClock(noon).Now, Dialect: d})
	var x exchange
	x.register = createRegister(t, srv, "a", "USER", "1h", "2h45m30s")
	x.redeem = redeem(t, srv, field(t, x.register, "register_token"))
	x.me = whoAmI(t, srv, field(t, x.redeem, "refresh_token"))
	x.list = list(t, srv)
	x.deletion = remove(t, srv, "a")
	x.missing = remove(t, srv, "a")
	x.invalid = createRegister(t, srv, "a", "USER", "1 week", "")
	decoder := json.NewDecoder(strings.NewReader(x.list.body))
	decoder.UseNumber()
	if err := decoder.Decode(&x.rows); err != nil {
		t.Fatal(err)
	}
	if me := x.me.body; !strings.Contains(x.list.body, strings.TrimSpace(me)) {
		t.Errorf("whoami and the list differ: %s and %s", me, x.list.body)
	}
	for _, token := range srv.LiveTokens() {
		if id, ok := x.rows[1]["id"]; ok && token.Name == adminName && token.ID != idText(id) {
			t.Errorf("the list has id %v, Tokens has %s", id, token.ID)
		}
	}
	// The service itself follows the contract; only the request for an invalid lifetime does not.
	if got := srv.Violations(); len(got) != 1 {
		t.Errorf("got violations %q", got)
	}
	return x
}

func idText(id any) string {
	if number, ok := id.(json.Number); ok {
		return number.String()
	}
	text, _ := id.(string)
	return text
}

// Each pattern is a regular expression that the dialect's responses match and the contract's do not.
func TestDialects(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"created-200":     {`register: 200 `, `redeem: 200 `},
		"created-202":     {`register: 202 `, `redeem: 202 `},
		"delete-200-body": {`delete: 200 application/json \{"deleted":1\}`},
		"exp-no-offset":   {`"exp":"2026-07-01T14:45:30"`},
		"exp-space":       {`"exp":"2026-07-01 14:45:30Z"`},
		"exp-fraction":    {`"exp":"2026-07-01T14:45:30.000000Z"`},
		"exp-unix":        {`"exp":1782917130,`},
		"exp-float":       {`"exp":1782917130\.0,`},
		"exp-absent":      {`\{"id":"[^"]*","issuer_name":"[^"]*","name":"emulator-admin"`},
		"issuer-null":     {`"issuer_name":null`},
		"issuer-absent":   {`"exp":null,"id":"[^"]*","name":"emulator-admin"`},
		"id-number":       {`"id":[0-9]{19},`},
		"extra-keys":      {`"created_dt":"2026-07-01 12:00:00".*"register_token"`, `"extra":\{"id":1\}`, `missing: .*"scopes"`},
		"role-lowercase":  {`"type":"user"`, `"type":"admin"`},
		"error-slip":      {`missing: 404 application/json \{"status":404,"warnorCode":"NotFoundException","warnorParams":\{"field":"No token`},
		"error-detail": {
			`missing: 404 application/json \{"detail":"No token with this name exists"\}`,
			`invalid: 400 application/json \{"detail":\[\{"loc":\["body"\],"msg":"A lifetime [^"]*","type":"value_error"\}\]\}`,
		},
		"no-date": {`date: \[\]`},
		"bad-row": {`"exp":"soon","id":"1","issuer_name":"[^"]*","name":"emulator-bad-row","type":"USER"\}\]`},
	}
	render := func(x exchange) string {
		text := fmt.Sprintf("date: %q\n", x.me.header.Values("Date"))
		for _, part := range []struct {
			name string
			resp response
		}{
			{"register", x.register}, {"redeem", x.redeem}, {"me", x.me}, {"list", x.list},
			{"delete", x.deletion}, {"missing", x.missing}, {"invalid", x.invalid},
		} {
			text += fmt.Sprintf("%s: %d %s %s\n", part.name, part.resp.status, part.resp.header.Get("Content-Type"), part.resp.body)
		}
		return text
	}
	contract := render(exchangeIn(t, 0))
	for _, want := range []string{"register: 201 ", "redeem: 201 ", "delete: 204 "} {
		if !strings.Contains(contract, want) {
			t.Fatalf("the contract's responses lack %q:\n%s", want, contract)
		}
	}
	for _, name := range strings.Split(emulator.AllDialects.String(), ",") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := emulator.ParseDialect(name)
			if err != nil {
				t.Fatal(err)
			}
			got := render(exchangeIn(t, d))
			if len(tests[name]) == 0 {
				t.Error("no pattern for this dialect")
			}
			for _, pattern := range tests[name] {
				re := regexp.MustCompile(`(?m)` + pattern)
				if !re.MatchString(got) {
					t.Errorf("no match for %s in\n%s", pattern, got)
				}
				if re.MatchString(contract) {
					t.Errorf("%s matches the contract too", pattern)
				}
			}
		})
	}
}

// Together, the alternatives of a field are all in use, and the others apply as they do one at a time.
func TestAllDialects(t *testing.T) {
	t.Parallel()
	x := exchangeIn(t, emulator.AllDialects)
	if x.register.status != http.StatusOK || x.redeem.status != http.StatusAccepted || x.deletion.status != http.StatusOK {
		t.Errorf("got statuses %d, %d, %d", x.register.status, x.redeem.status, x.deletion.status)
	}
	srv := start(t, emulator.Options{Clock: emulator.NewClock(noon).Now, Dialect: emulator.AllDialects})
	for _, name := range strings.Split("abcdefghijklmnop", "") {
		seed(t, srv, emulator.SeedToken{Name: name, TTL: time.Hour})
	}
	body := list(t, srv).body
	for _, want := range []string{
		`"exp":1782910800,`, `"exp":1782910800.0,`, `"exp":"2026-07-01 13:00:00.000000"`, `"issuer_name":null`, `"type":"admin"`,
		emulator.BadRowName,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the list lacks %s: %s", want, body)
		}
	}
	if !regexp.MustCompile(`"id":[0-9]+,"name"`).MatchString(body) {
		t.Errorf("every row has an issuer: %s", body)
	}
	// The same token is spelled alike every time.
	if again := list(t, srv).body; again != body {
		t.Errorf("two lists differ: %s and %s", body, again)
	}
}

// An injected error is in the dialect too, unless the fault has a body.
func TestDialectOfFaults(t *testing.T) {
	t.Parallel()
	srv := start(t, emulator.Options{Dialect: emulator.ErrorDetail})
	srv.Inject(emulator.Fault{Status: http.StatusForbidden})
	srv.Inject(emulator.Fault{Status: http.StatusForbidden, Body: `{"status":403}`})
	if got := list(t, srv).body; got != `{"detail":"Injected fault"}` {
		t.Errorf("got %s", got)
	}
	if got := list(t, srv).body; got != `{"status":403}` {
		t.Errorf("got %s", got)
	}
}

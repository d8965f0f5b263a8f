// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// details joins the diagnostics of one severity.
func details(diagnostics []*tfprotov6.Diagnostic, severity tfprotov6.DiagnosticSeverity) string {
	var out []string
	for _, found := range diagnostics {
		if found.Severity == severity {
			out = append(out, found.Summary+": "+found.Detail)
		}
	}
	return strings.Join(out, "\n")
}

// A refused token is reported with its source and the host that it was sent to.
func TestHardening09RefusedTokenSaysWhereItCameFrom(t *testing.T) {
	t.Parallel()
	const forbidden = `{"status":403,"errorCode":"ForbiddenException","errorParams":{"field":"Forbidden"}}`
	service := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { respond(rw, 403, forbidden) }))
	t.Cleanup(service.Close)
	host := strings.TrimPrefix(service.URL, "http://")
	file := textFile(t, "secret-value")
	for name, test := range map[string]struct {
		block     map[string]any
		variables map[string]string
		source    string
	}{
		"token": {map[string]any{"token": "secret-value"}, nil, "`token` in the provider block"},
		"token_file": {
			map[string]any{"token_file": file}, map[string]string{envToken: "other"},
			fmt.Sprintf("the file %q, set by `token_file` in the provider block", file),
		},
		"variable": {nil, map[string]string{envToken: "secret-value"}, "the environment variable MLPLATFORM_TOKEN"},
		"variable of a file": {
			nil, map[string]string{envTokenFile: file},
			fmt.Sprintf("the file %q, set by the environment variable MLPLATFORM_TOKEN_FILE", file),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newProtocolServer(t, test.variables)
			block := map[string]any{"endpoint": service.URL}
			for name, value := range test.block {
				block[name] = value
			}
			if found := server.configure(t, block); len(found) != 0 {
				t.Fatal(details(found, tfprotov6.DiagnosticSeverityError))
			}
			_, found := server.readData(t, "mlplatform_access_tokens", nil)
			got := details(found, tfprotov6.DiagnosticSeverityError)
			if want := "The request went to " + host + " with the token from " + test.source + "."; !strings.Contains(got, want) {
				t.Errorf("%q is not in the error:\n%s", want, got)
			}
			if strings.Contains(got, "secret-value") {
				t.Errorf("the error shows the token:\n%s", got)
			}
		})
	}
}

// A plan warns if the environment's token is sent to another host than the environment's endpoint.
func TestHardening09EnvironmentTokenForAnotherEndpoint(t *testing.T) {
	t.Parallel()
	const other = "https://ML.example.com/infra"
	block := map[string]any{"endpoint": "https://kz.example.com/infra"}
	with := func(name string, value any) map[string]any {
		return map[string]any{"endpoint": block["endpoint"], name: value}
	}
	for name, test := range map[string]struct {
		block     map[string]any
		variables map[string]string
		warns     bool
	}{
		"other host":            {block, map[string]string{envToken: "t", envEndpoint: other}, true},
		"other host, file":      {block, map[string]string{envTokenFile: textFile(t, "t"), envEndpoint: other}, true},
		"null token":            {with("token", nil), map[string]string{envToken: "t", envEndpoint: other}, true},
		"same host, other path": {block, map[string]string{envToken: "t", envEndpoint: "https://KZ.example.com/x"}, false},
		"token of the block":    {with("token", "b"), map[string]string{envToken: "t", envEndpoint: other}, false},
		"file of the block":     {with("token_file", textFile(t, "b")), map[string]string{envToken: "t", envEndpoint: other}, false},
		"no variable":           {block, map[string]string{envToken: "t"}, false},
		"no endpoint in block":  {nil, map[string]string{envToken: "t", envEndpoint: other}, false},
		"no token":              {block, map[string]string{envEndpoint: other}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := newProtocolServer(t, test.variables).configure(t, test.block)
			got := details(found, tfprotov6.DiagnosticSeverityWarning)
			if warns := strings.Contains(got, "Token of another endpoint"); warns != test.warns || len(found) > 1 {
				t.Errorf("got the warnings %q", got)
			}
			for _, want := range []string{"kz.example.com", "ML.example.com", "MLPLATFORM_TOKEN"} {
				if test.warns && !strings.Contains(got, want) {
					t.Errorf("the warning does not name %s: %s", want, got)
				}
			}
		})
	}
}

// A data source and a query show what was created just before them by somebody else.
func TestHardening10DataSourcesReadAFreshList(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		var rows []string
		for i := range requests.Add(1) {
			rows = append(rows, fmt.Sprintf(`{"id":"id-%d","name":"n%d","type":"USER","issuer_name":"i","exp":null}`, i, i))
		}
		respond(rw, 200, "["+strings.Join(rows, ",")+"]")
	}))
	t.Cleanup(service.Close)
	server := newProtocolServer(t, map[string]string{envEndpoint: service.URL, envToken: "t"})
	server.configure(t, nil)
	for i := range 3 {
		got, found := server.readData(t, "mlplatform_access_tokens", nil)
		var tokens []tftypes.Value
		if err := got["tokens"].As(&tokens); err != nil || len(found) > 0 || len(tokens) != 2*i+1 {
			t.Errorf("reading %d: %d tokens, %v, %v", i, len(tokens), err, found)
		}
		name := fmt.Sprintf("n%d", 2*i+1)
		if _, found := server.readData(t, "mlplatform_access_token", map[string]any{"name": name}); len(found) > 0 {
			t.Errorf("the token %q is not found: %s", name, found[0].Detail)
		}
	}
}

// Of two tokens with one name, a query selects the live one, whichever row comes first.
func TestHardening14QueryOfManyTokens(t *testing.T) {
	t.Parallel()
	const many = 4_000
	list := listWithExpiredTwins(t, many)
	found := importableTokens(accessTokenFilter{}, list)
	if len(found) != many/2 {
		t.Errorf("selected %d tokens", len(found))
	}
	for _, token := range found {
		if token.Expired(list.AsOf) {
			t.Fatalf("%q is an expired row beside a live token", token.ID)
		}
	}
}

// The time for each token should not depend on how many there are.
func BenchmarkImportableTokens(b *testing.B) {
	for _, many := range []int{4_000, 40_000} {
		b.Run(strconv.Itoa(many), func(b *testing.B) {
			list := listWithExpiredTwins(b, many)
			for b.Loop() {
				importableTokens(accessTokenFilter{}, list)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(many), "ns/token")
		})
	}
}

// listWithExpiredTwins returns a list of pairs of tokens that share a name, one of them expired.
func listWithExpiredTwins(tb testing.TB, many int) mlplatform.AccessTokenList {
	tb.Helper()
	var rows []string
	for i := range many {
		expiry := "null"
		if i%2 == (i/2)%2 {
			expiry = `"2020-03-01T12:00:00Z"`
		}
		rows = append(rows, fmt.Sprintf(`{"id":"id-%d","name":"a common prefix of names %d","type":"USER","issuer_name":"i","exp":%s}`, i, i/2, expiry))
	}
	service := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		respond(rw, 200, "["+strings.Join(rows, ",")+"]")
	}))
	tb.Cleanup(service.Close)
	client, err := mlplatform.New(mlplatform.Config{Endpoint: service.URL, Token: "t"})
	if err != nil {
		tb.Fatal(err)
	}
	list, err := client.FreshAccessTokens(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return list
}

// Common mistakes in the provider block have messages of their own.
func TestHardening14MistakesInTheProviderBlock(t *testing.T) {
	t.Parallel()
	missing := filepath.Join("~", "token")
	for name, test := range map[string]struct {
		block     map[string]any
		variables map[string]string
		want      string
	}{
		"timeout without unit": {map[string]any{"request_timeout": "30"}, nil, `"30" has no unit; for seconds, write "30s"`},
		"tilde":                {map[string]any{"token_file": missing}, nil, "`pathexpand(" + `"~/token"` + ")`"},
		"tilde of a variable":  {nil, map[string]string{envTokenFile: missing}, `begins with "~", which only a shell replaces`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := newProtocolServer(t, test.variables).configure(t, test.block)
			if got := details(found, tfprotov6.DiagnosticSeverityError); !strings.Contains(got, test.want) {
				t.Errorf("%q is not in the errors:\n%s", test.want, got)
			}
		})
	}
}

// An unknown token_file is no conflict with `token`, and an operation that cannot wait names it.
func TestHardening14UnknownTokenFile(t *testing.T) {
	t.Parallel()
	server := newProtocolServer(t, map[string]string{envEndpoint: "https://example.com"})
	if found := server.configure(t, map[string]any{"token": "t", "token_file": tftypes.UnknownValue}); len(found) > 0 {
		t.Error(found[0].Detail)
	}
	_, found := server.readData(t, "mlplatform_current_token", nil)
	got := details(found, tfprotov6.DiagnosticSeverityError)
	if want := "Unknown provider configuration: `token_file` in the provider block depends on a resource"; !strings.Contains(got, want) {
		t.Errorf("%q is not in the error:\n%s", want, got)
	}
}

// A name that ends in a line break, as one read from a file does, is accepted with a warning.
func TestHardening14LineBreakInAName(t *testing.T) {
	t.Parallel()
	for name, warns := range map[string]bool{"etl": false, "etl\n": true, "a\r\nb": true, "with space ": false} {
		var resp validator.StringResponse
		for _, each := range validName(`"etl"`) {
			each.ValidateString(t.Context(), validator.StringRequest{Path: path.Root("name"), ConfigValue: types.StringValue(name)}, &resp)
		}
		if resp.Diagnostics.HasError() || resp.Diagnostics.WarningsCount() > 0 != warns {
			t.Errorf("%q: %v", name, resp.Diagnostics)
		}
		if warns && resp.Diagnostics.WarningsCount() > 0 && !strings.Contains(resp.Diagnostics[0].Detail(), "trimspace") {
			t.Errorf("%q: the warning does not say how to remove it: %s", name, resp.Diagnostics[0].Detail())
		}
	}
}

// A name that several tokens seem to have is not one of them, and the error says how they differ.
func TestHardening14NamesInOtherUnicodeForms(t *testing.T) {
	t.Parallel()
	const composed, decomposed, mixed = "caf\u00e9\u00e9", "cafe\u0301e\u0301", "caf\u00e9e\u0301"
	list := mlplatform.AccessTokenList{Tokens: []mlplatform.AccessToken{{Name: "cafe"}, {Name: decomposed}}}
	if token, found := list.ByConfiguredName(composed); !found || token.Name != decomposed {
		t.Errorf("found %q", token.Name)
	}
	list.Tokens = append(list.Tokens, mlplatform.AccessToken{Name: mixed})
	if token, found := list.ByConfiguredName(composed); found {
		t.Errorf("found %q of several", token.Name)
	}
	got := notFoundDetail(composed, list)
	for _, want := range []string{"looks the same but is composed of other Unicode characters", `"cafe\u0301e\u0301" and "caf\u00e9e\u0301"`, "NFC"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in the text:\n%s", want, got)
		}
	}
	if got := notFoundDetail("caff", list); strings.Contains(got, "Unicode") || !strings.Contains(got, "closest names") {
		t.Errorf("got for a name that is only similar:\n%s", got)
	}
	list.Tokens = append(list.Tokens, mlplatform.AccessToken{Name: composed})
	for _, name := range []string{composed, decomposed, mixed} {
		if token, found := list.ByConfiguredName(name); !found || token.Name != name {
			t.Errorf("%q: found %q", name, token.Name)
		}
	}
}

// One row that cannot be read blocks nothing else: it is named once, and a token that it could be is not called absent.
func TestHardening29UnreadableRow(t *testing.T) {
	t.Parallel()
	const rows = `[{"id":"id-1","name":"good","type":"USER","issuer_name":"i","exp":null},
		{"id":"id-2","name":"odd","type":"USER","issuer_name":"i","exp":"tomorrow"}]`
	service := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { respond(rw, 200, rows) }))
	t.Cleanup(service.Close)
	server := newProtocolServer(t, map[string]string{envEndpoint: service.URL, envToken: "t"})
	server.configure(t, nil)
	got, found := server.readData(t, "mlplatform_access_token", map[string]any{"name": "good"})
	var id string
	if err := got["id"].As(&id); err != nil || id != "id-1" {
		t.Errorf("the readable token has the ID %q, %v", id, err)
	}
	warning := details(found, tfprotov6.DiagnosticSeverityWarning)
	if len(found) != 1 || !strings.Contains(warning, `name "odd", ID "id-2": row 2 of the list`) {
		t.Errorf("got the warnings %q", warning)
	}
	_, found = server.readData(t, "mlplatform_access_token", map[string]any{"name": "odd"})
	if got := details(found, tfprotov6.DiagnosticSeverityError); len(found) != 1 || !strings.Contains(got, "a row that cannot be read may be that token") {
		t.Errorf("got for the unreadable token: %q", got)
	}
	_, found = server.readData(t, "mlplatform_access_token", map[string]any{"name": "absent"})
	if got := details(found, tfprotov6.DiagnosticSeverityError); len(found) != 1 || !strings.Contains(got, `no access token named "absent"`) {
		t.Errorf("got for an absent token: %q", got)
	}
}

// A token that could be an unreadable row keeps its state; another one that the list lacks is missing.
func TestHardening29StateOfAnUnreadableRow(t *testing.T) {
	t.Parallel()
	const rows = `[{"id":"id-1","name":"good","type":"USER","issuer_name":"i","exp":null},
		{"id":"id-2","name":"odd","type":"USER","issuer_name":"i","exp":"tomorrow"}]`
	service := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { respond(rw, 200, rows) }))
	t.Cleanup(service.Close)
	server := newProtocolServer(t, map[string]string{envEndpoint: service.URL, envToken: "t"})
	server.configure(t, nil)
	const kind = "mlplatform_access_token"
	schema := server.schemas.ResourceSchemas[kind]
	for id, want := range map[string]string{"id-1": statusActive, "id-2": statusActive, "id-3": statusMissing} {
		state := map[string]any{"id": id, "name": "odd", "role": "USER", "status": statusActive, "recreate_if_invalid": recreateAlways}
		if id != "id-2" {
			state["name"] = "good as " + id
		}
		read, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: kind, CurrentState: dynamic(t, schema, state)})
		if err != nil {
			t.Fatal(err)
		}
		value, err := read.NewState.Unmarshal(schema.ValueType())
		if err != nil {
			t.Fatal(err)
		}
		attributes := map[string]tftypes.Value{}
		if err := value.As(&attributes); err != nil {
			t.Fatal(err)
		}
		var status string
		if err := attributes["status"].As(&status); err != nil || status != want {
			t.Errorf("%s has the status %q, %v, %v", id, status, err, read.Diagnostics)
		}
	}
}

// The provider's own token is reported two weeks before it expires, by the service's clock.
func TestProviderTokenExpiresSoon(t *testing.T) {
	t.Parallel()
	now := time.Date(2031, time.March, 1, 12, 0, 0, 0, time.UTC)
	for left, warns := range map[time.Duration]bool{13 * 24 * time.Hour: true, 15 * 24 * time.Hour: false} {
		service := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Date", now.Format(http.TimeFormat))
			respond(rw, 200, fmt.Sprintf(`{"id":"1","name":"admin","type":"ADMIN","issuer_name":"i","exp":%q}`, now.Add(left).Format(time.RFC3339)))
		}))
		t.Cleanup(service.Close)
		server := newProtocolServer(t, map[string]string{envEndpoint: service.URL, envToken: "t"})
		server.configure(t, nil)
		_, found := server.readData(t, "mlplatform_current_token", nil)
		got := details(found, tfprotov6.DiagnosticSeverityWarning)
		if strings.Contains(got, `The access token "admin", which the provider uses, expires at`) != warns {
			t.Errorf("with %v left, the warnings are %q", left, got)
		}
	}
}

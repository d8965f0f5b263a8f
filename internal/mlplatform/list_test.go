// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

// cannedBody responds to each request with a body, without a connection.
type cannedBody []byte

func (b cannedBody) Do(*http.Request) (*http.Response, error) {
	header := http.Header{"Content-Type": {"application/json"}, "Date": {"Wed, 01 Jul 2026 12:00:00 GMT"}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(b))}, nil
}

// listOf decodes a body as the list of access tokens.
func listOf(tb testing.TB, body []byte) (AccessTokenList, error) {
	tb.Helper()
	api, err := wire.NewClient(DefaultEndpoint, wire.WithHTTPClient(cannedBody(body)))
	if err != nil {
		tb.Fatal(err)
	}
	return newClient(api, "", "test-token", &shared{}).ListAccessTokens(context.Background())
}

const (
	firstItem  = `{"id":"1","name":"first","type":"USER","issuer_name":"i","exp":null}`
	secondItem = `{"id":"2","name":"second","type":"ADMIN","issuer_name":"","exp":"2026-07-01T15:00:00+03:00"}`
	thirdItem  = `{"id":"3","name":"third","type":"USER","issuer_name":"i","exp":1782907200,"extra":[{}]}`
)

func TestListAccessTokens(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	first := AccessToken{ID: "1", Name: "first", Role: RoleUser, IssuerName: "i"}
	second := AccessToken{ID: "2", Name: "second", Role: RoleAdmin, ExpiresAt: noon}
	third := AccessToken{ID: "3", Name: "third", Role: RoleUser, IssuerName: "i", ExpiresAt: noon}
	tests := map[string]struct {
		body string
		want []AccessToken
	}{
		"empty":          {`[]`, []AccessToken{}},
		"white space":    {" [\n] \n", []AccessToken{}},
		"one":            {`[` + firstItem + `]`, []AccessToken{first}},
		"kinds of exp":   {`[` + thirdItem + `,` + firstItem + `,` + secondItem + `]`, []AccessToken{third, first, second}},
		"same row twice": {`[` + firstItem + `,` + firstItem + `]`, []AccessToken{first, first}},
		"unknown role": {
			`[{"id":"1","name":"first","type":"AUDITOR","issuer_name":"i","exp":null}]`,
			[]AccessToken{{ID: "1", Name: "first", Role: "AUDITOR", IssuerName: "i"}},
		},
		"escapes": {
			`[{"id":"1","name":"\u0000\n\"\ud83d\udd11\/","type":"USER","issuer_name":"i","exp":null}]`,
			[]AccessToken{{ID: "1", Name: "\x00\n\"🔑/", Role: RoleUser, IssuerName: "i"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := listOf(t, []byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.Tokens); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got.AsOf.Sub(noon).Abs() > time.Second {
				t.Errorf("AsOf is %v", got.AsOf)
			}
		})
	}
}

// A list that cannot be read as a whole must not pass for one in which a token is missing.
func TestUnreadableList(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, want string }{
		"empty body":           {``, "is not the expected JSON"},
		"null":                 {`null`, "the body is not a list"},
		"object":               {`{}`, "the body is not a list"},
		"page of a list":       {`{"items":[` + firstItem + `],"next":"canary"}`, "the body is not a list"},
		"string":               {`"canary"`, "the body is not a list"},
		"number":               {`0`, "the body is not a list"},
		"false":                {`false`, "the body is not a list"},
		"HTML":                 {`<html>canary</html>`, "is not the expected JSON"},
		"truncated":            {`[` + firstItem, "is not the expected JSON"},
		"truncated row":        {`[{"id":"1","name":"canary`, "is not the expected JSON"},
		"two lists":            {`[][` + firstItem + `]`, "is not the expected JSON"},
		"text after the list":  {`[]canary`, "is not the expected JSON"},
		"error of the service": {`{"status":403,"errorCode":"ForbiddenException"}`, "the body is not a list"},
		"nested lists":         {strings.Repeat(`[`, 1<<20), "is not the expected JSON"},
		"no readable row":      {`[null]`, `row 1 of the list: the required key "id" is missing or empty`},
		"only strings":         {`["canary","canary"]`, "row 1 of the list: it is not the expected JSON"},
		"only lists":           {`[[` + firstItem + `]]`, "row 1 of the list: it is not the expected JSON"},
		"many unreadable rows": {`[` + firstItem + strings.Repeat(`,{"id":"canary"}`, maxUnreadable+1) + `]`, `row 2 of the list: the required key "name" is missing or empty`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := listOf(t, []byte(test.body))
			if err == nil {
				t.Fatalf("it was read as %v", got.Tokens)
			}
			if diff := cmp.Diff(AccessTokenList{}, got, cmpopts.IgnoreUnexported(AccessTokenList{})); diff != "" {
				t.Errorf("the error came with a list: %s", diff)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want: %s", err, test.want)
			}
			wantNoCanary(t, err.Error())
			var failure *Error
			if !errors.As(err, &failure) || failure.Status != http.StatusOK {
				t.Errorf("the error has no status: %v", err)
			}
		})
	}
}

// A row that cannot be read is kept aside with what could be read of it; the others are complete.
func TestUnreadableRows(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ row, id, name, want string }{
		"null":                  {`null`, "", "", `row 2 of the list: the required key "id" is missing or empty`},
		"string":                {`"canary"`, "", "", "row 2 of the list: it is not the expected JSON"},
		"list":                  {`[` + firstItem + `]`, "", "", "row 2 of the list: it is not the expected JSON"},
		"no keys":               {`{}`, "", "", `row 2 of the list: the required key "id" is missing or empty`},
		"no name":               {`{"id":"2","type":"USER","issuer_name":"canary","exp":null}`, "2", "", `row 2 of the list: the required key "name" is missing or empty`},
		"no id":                 {`{"name":"n","type":"USER","issuer_name":"canary","exp":null}`, "", "n", `row 2 of the list: the required key "id" is missing or empty`},
		"unreadable exp":        {`{"id":"2","name":"n","type":"USER","issuer_name":"i","exp":"canary"}`, "2", "n", `row 2 of the list: ` + errExpiry.Error()},
		"unreadable exp, id 7":  {`{"id":7,"name":"n","type":"USER","issuer_name":"i","exp":"canary"}`, "7", "n", `row 2 of the list: ` + errExpiry.Error()},
		"name of a wrong type":  {`{"id":"2","name":["canary"],"type":"USER","issuer_name":"i","exp":null}`, "2", "", `row 2 of the list: the key "name" has the wrong type`},
		"type of a wrong type":  {`{"type":7,"id":"2","name":"n","issuer_name":"i","exp":null}`, "2", "n", `row 2 of the list: the key "type" has the wrong type`},
		"issuer of wrong type":  {`{"issuer_name":{},"id":"2","name":"n","type":"USER","exp":null}`, "2", "n", `row 2 of the list: the key "issuer_name" has the wrong type`},
		"id of a wrong type":    {`{"id":{"canary":1},"name":"n","type":"USER","issuer_name":"i","exp":null}`, "", "n", `row 2 of the list: the key "id" has the wrong type`},
		"exp of a wrong type":   {`{"id":"2","name":"n","type":"USER","issuer_name":"i","exp":true}`, "2", "n", `row 2 of the list: ` + errExpiry.Error()},
		"type of an empty text": {`{"id":"2","name":"n","type":"","issuer_name":"i","exp":null}`, "2", "n", `row 2 of the list: the required key "type" is missing or empty`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := listOf(t, []byte(`[`+firstItem+`,`+test.row+`,`+thirdItem+`]`))
			if err != nil {
				t.Fatal(err)
			}
			if len(list.Tokens) != 2 || list.Tokens[0].Name != "first" || list.Tokens[1].Name != "third" {
				t.Errorf("got the tokens %v", list.Tokens)
			}
			if len(list.Unreadable) != 1 {
				t.Fatalf("got the unreadable rows %v", list.Unreadable)
			}
			row := list.Unreadable[0]
			if row.ID != test.id || row.Name != test.name || row.Err.Error() != test.want {
				t.Errorf("got id %q, name %q, error %v; want id %q, name %q, error %s", row.ID, row.Name, row.Err, test.id, test.name, test.want)
			}
			wantNoCanary(t, row.Err.Error())
		})
	}
}

func TestCouldBeUnreadable(t *testing.T) {
	t.Parallel()
	whole, onlyID, onlyName, nothing := UnreadableRow{ID: "1", Name: "a"}, UnreadableRow{ID: "1"}, UnreadableRow{Name: "a"}, UnreadableRow{}
	tests := []struct {
		rows     []UnreadableRow
		id, name string
		want     bool
	}{
		{nil, "1", "a", false},
		{[]UnreadableRow{whole}, "1", "a", true},
		{[]UnreadableRow{whole}, "1", "b", true},
		{[]UnreadableRow{whole}, "2", "a", false},
		{[]UnreadableRow{whole}, "2", "b", false},
		{[]UnreadableRow{whole}, "", "a", true},
		{[]UnreadableRow{whole}, "", "b", false},
		{[]UnreadableRow{onlyID}, "1", "a", true},
		{[]UnreadableRow{onlyID}, "2", "a", false},
		{[]UnreadableRow{onlyID}, "", "a", true},
		{[]UnreadableRow{onlyName}, "1", "a", true},
		{[]UnreadableRow{onlyName}, "1", "b", false},
		{[]UnreadableRow{onlyName}, "", "b", false},
		{[]UnreadableRow{nothing}, "1", "a", true},
		{[]UnreadableRow{whole, onlyName, nothing}, "2", "b", true},
	}
	for _, test := range tests {
		list := AccessTokenList{Unreadable: test.rows}
		if got := list.CouldBeUnreadable(test.id, test.name); got != test.want {
			t.Errorf("with the rows %v, CouldBeUnreadable(%q, %q) returned %v", test.rows, test.id, test.name, got)
		}
	}
}

// manyTokens returns the list of a large project.
func manyTokens(tb testing.TB, count int) []byte {
	tb.Helper()
	issuer := "administrator@example.com"
	items := make([]wire.AccessToken, count)
	for i := range items {
		items[i] = wire.AccessToken{
			Id: json.RawMessage(fmt.Sprintf(`"8cdc3742-0000-4000-8000-%012d"`, i)), Name: fmt.Sprintf("pipeline %d of the project", i),
			Type: wire.USER, IssuerName: &issuer, Exp: json.RawMessage(`"2026-07-01T12:00:00Z"`),
		}
	}
	body, err := json.Marshal(items)
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

func TestListOfTenThousand(t *testing.T) {
	t.Parallel()
	const count = 10000
	list, err := listOf(t, manyTokens(t, count))
	if err != nil || len(list.Tokens) != count {
		t.Fatalf("got %d tokens, error %v", len(list.Tokens), err)
	}
	last, found := list.ByName("pipeline 9999 of the project")
	if byID, _ := list.ByID(last.ID); !found || last != byID || last != list.Tokens[count-1] {
		t.Errorf("ByName returned %v", last)
	}
}

// The worst body for the memory has many tiny rows.
//
//nolint:paralleltest // it measures the memory of the process
func TestListDecoderMemory(t *testing.T) {
	for _, item := range []string{`{}`, `0`, `null`, `[]`, firstItem} {
		const size = 1 << 20
		body := []byte(`[` + strings.Repeat(item+`,`, size/(len(item)+1)) + item + `]`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := listOf(t, body)
		runtime.ReadMemStats(&after)
		if (err == nil) != (item == firstItem) {
			t.Errorf("rows of %s: error %v", item, err)
		}
		if allocated := (after.TotalAlloc - before.TotalAlloc) / size; allocated > 20 {
			t.Errorf("rows of %s take %d times the size of the body", item, allocated)
		}
	}
}

func FuzzListDecoder(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `[]`, `[null]`, `[{}]`, `[` + firstItem + `]`, `[` + secondItem + `,` + thirdItem + `]`,
		`[{"id":7}]`, `[{"exp":"x"}]`, `<html>`, `[` + firstItem, `[[[[[[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := listOf(t, body)
		if err != nil {
			if list.Tokens != nil {
				t.Fatalf("the error %v came with %d tokens", err, len(list.Tokens))
			}
			if len(err.Error()) > 250 {
				t.Fatalf("the error text has %d bytes", len(err.Error()))
			}
			return
		}
		for _, token := range list.Tokens {
			if token.ID == "" || token.Name == "" || token.Role == "" {
				t.Fatalf("a token is incomplete: %v", token)
			}
			if at := token.ExpiresAt; !at.IsZero() && (at.Year() < 1 || at.Year() > 9999 || at.Location() != time.UTC) {
				t.Fatalf("the expiry is %v", at)
			}
			if got, found := list.ByID(token.ID); !found || got.ID != token.ID {
				t.Fatalf("ByID(%q) returned %v", token.ID, got)
			}
		}
	})
}

func BenchmarkListAccessTokens(b *testing.B) {
	body := manyTokens(b, 10000)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := listOf(b, body); err != nil {
			b.Fatal(err)
		}
	}
}

func TestByNameAndByID(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	past, future := now.Add(-time.Hour), now.Add(time.Hour)
	list := AccessTokenList{AsOf: now, Tokens: []AccessToken{
		{ID: "1", Name: "plain"},
		{ID: "2", Name: "Plain"},
		{ID: "3", Name: "recreated", ExpiresAt: past},
		{ID: "4", Name: "recreated", ExpiresAt: future},
		{ID: "5", Name: "recreated earlier", ExpiresAt: future},
		{ID: "6", Name: "recreated earlier", ExpiresAt: past},
		{ID: "7", Name: "expired", ExpiresAt: past},
		{ID: "8", Name: "two", ExpiresAt: future},
		{ID: "9", Name: "two"},
		{ID: "10", Name: "plain "},
	}}
	byName := map[string]string{
		"plain": "1", "Plain": "2", "recreated": "4", "recreated earlier": "5", "expired": "7", "two": "8", "plain ": "10",
		"": "", "absent": "", "plai": "",
	}
	for name, id := range byName {
		got, found := list.ByName(name)
		if got.ID != id || found != (id != "") {
			t.Errorf("ByName(%q) returned %q, %v; want %q", name, got.ID, found, id)
		}
	}
	for name, list := range map[string]AccessTokenList{"plain list": list, "indexed list": list.indexed()} {
		for _, want := range list.Tokens {
			if got, found := list.ByID(want.ID); !found || got != want {
				t.Errorf("%s: ByID(%q) returned %v, %v; want %v", name, want.ID, got, found, want)
			}
		}
		for _, id := range []string{"", "11", " 1"} {
			if got, found := list.ByID(id); found {
				t.Errorf("%s: ByID(%q) returned %v", name, id, got)
			}
		}
	}
	if got, found := (AccessTokenList{}).ByName("plain"); found {
		t.Errorf("the empty list returned %v", got)
	}
}

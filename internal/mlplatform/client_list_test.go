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

// cannedBody answers each request with a body, without a connection.
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
	token := Secret("made-up")
	client := &Client{api: api, token: &token, clock: &serverClock{}}
	return client.ListAccessTokens(context.Background())
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
		"blanks":         {" [\n] \n", []AccessToken{}},
		"one":            {`[` + firstItem + `]`, []AccessToken{first}},
		"kinds of exp":   {`[` + thirdItem + `,` + firstItem + `,` + secondItem + `]`, []AccessToken{third, first, second}},
		"twice the same": {`[` + firstItem + `,` + firstItem + `]`, []AccessToken{first, first}},
		"other role": {
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
				t.Errorf("the list is as of %v", got.AsOf)
			}
		})
	}
}

// TestListIsCompleteOrRefused is about lists that must not pass for ones in which a token is missing.
func TestListIsCompleteOrRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, want string }{
		"nothing":              {``, "is not the JSON that was expected"},
		"null":                 {`null`, "the body is not a list"},
		"object":               {`{}`, "the body is not a list"},
		"page of a list":       {`{"items":[` + firstItem + `],"next":"canary"}`, "the body is not a list"},
		"text":                 {`"canary"`, "the body is not a list"},
		"number":               {`0`, "the body is not a list"},
		"false":                {`false`, "the body is not a list"},
		"HTML":                 {`<html>canary</html>`, "is not the JSON that was expected"},
		"open":                 {`[` + firstItem, "is not the JSON that was expected"},
		"open item":            {`[{"id":"1","name":"canary`, "is not the JSON that was expected"},
		"two lists":            {`[][` + firstItem + `]`, "is not the JSON that was expected"},
		"text after it":        {`[]canary`, "is not the JSON that was expected"},
		"null item":            {`[null]`, `item 1 of the list: the required key "id" is missing or empty`},
		"empty item":           {`[` + firstItem + `,{}]`, `item 2 of the list: the required key "id" is missing or empty`},
		"text item":            {`["canary"]`, "item 1 of the list: it is not the JSON that was expected"},
		"list item":            {`[[` + firstItem + `]]`, "item 1 of the list: it is not the JSON that was expected"},
		"item without a name":  {`[` + firstItem + `,{"id":"2","type":"USER","issuer_name":"canary","exp":null}]`, `item 2 of the list: the required key "name" is missing or empty`},
		"item without expiry":  {`[{"id":"1","name":"canary","type":"USER","issuer_name":"i"}]`, `item 1 of the list: the required key "exp" is missing or empty`},
		"item with bad expiry": {`[{"id":"1","name":"n","type":"USER","issuer_name":"i","exp":"canary"}]`, `item 1 of the list: the key "exp" is neither null nor an RFC 3339 time nor Unix seconds`},
		"item with bad id":     {`[{"id":7,"name":"canary","type":"USER","issuer_name":"i","exp":null}]`, `item 1 of the list: the key "id" has the wrong type`},
		"error of the service": {`{"status":403,"errorCode":"ForbiddenException"}`, "the body is not a list"},
		"nested lists":         {strings.Repeat(`[`, 1<<20), "is not the JSON that was expected"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := listOf(t, []byte(test.body))
			if err == nil {
				t.Fatalf("it was read as %v", got.Tokens)
			}
			if diff := cmp.Diff(AccessTokenList{}, got, cmpopts.IgnoreUnexported(AccessTokenList{})); diff != "" {
				t.Errorf("a list came with the error: %s", diff)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error lacks %q: %v", test.want, err)
			}
			wantNoCanary(t, err.Error())
			var failure *Error
			if !errors.As(err, &failure) || failure.Status != http.StatusOK {
				t.Errorf("the error is without its status: %v", err)
			}
		})
	}
}

// manyTokens is the list of a large project, in the spelling of the service.
func manyTokens(tb testing.TB, count int) []byte {
	tb.Helper()
	issuer := "administrator@example.com"
	items := make([]wire.AccessToken, count)
	for i := range items {
		items[i] = wire.AccessToken{
			Id: fmt.Sprintf("8cdc3742-0000-4000-8000-%012d", i), Name: fmt.Sprintf("pipeline %d of the project", i),
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
		t.Fatalf("%d tokens came, error %v", len(list.Tokens), err)
	}
	last, found := list.ByName("pipeline 9999 of the project")
	if byID, _ := list.ByID(last.ID); !found || last != byID || last != list.Tokens[count-1] {
		t.Errorf("the last token is %v", last)
	}
}

// TestListDecoderIsModest bounds the memory for the worst of bodies: many items of next to nothing.
//
//nolint:paralleltest // it measures the memory of the process
func TestListDecoderIsModest(t *testing.T) {
	for _, item := range []string{`{}`, `0`, `null`, `[]`, firstItem} {
		const size = 1 << 20
		body := []byte(`[` + strings.Repeat(item+`,`, size/(len(item)+1)) + item + `]`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := listOf(t, body)
		runtime.ReadMemStats(&after)
		if (err == nil) != (item == firstItem) {
			t.Errorf("items of %s: error %v", item, err)
		}
		if allocated := (after.TotalAlloc - before.TotalAlloc) / size; allocated > 20 {
			t.Errorf("items of %s take %d times the size of the body", item, allocated)
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
				t.Fatalf("%d tokens came with the error %v", len(list.Tokens), err)
			}
			if len(err.Error()) > 250 {
				t.Fatalf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		for _, token := range list.Tokens {
			if token.ID == "" || token.Name == "" || token.Role == "" {
				t.Fatalf("a token is not whole: %v", token)
			}
			if at := token.ExpiresAt; !at.IsZero() && (at.Year() < 1 || at.Year() > 9999 || at.Location() != time.UTC) {
				t.Fatalf("it expires at %v", at)
			}
			if got, found := list.ByID(token.ID); !found || got.ID != token.ID {
				t.Fatalf("%q is not found by its id", token.ID)
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

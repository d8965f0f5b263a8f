// SPDX-License-Identifier: MPL-2.0

package acctest_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/leakcheck"
)

// The search finds a value in each of its spellings, alone and inside of something, whole and cut.
func TestLeakSearchFinds(t *testing.T) {
	t.Parallel()
	const value = "emulated-access/0123456789abcdef0123456789abcdef+=="
	finder := leakcheck.New("emulated-access", "emulated-register", value)
	encode := base64.StdEncoding.EncodeToString
	for name, text := range map[string]string{
		"itself":         value,
		"quoted":         fmt.Sprintf("%q", value),
		"header":         "Bearer " + value,
		"query":          url.Values{"token": {value}}.Encode(),
		"path":           "/tokens/" + url.PathEscape(value),
		"base64":         encode([]byte(value)),
		"base64 of more": encode([]byte("user:" + value + ":more")),
		"base64 of JSON": encode([]byte(`{"refresh_token":"` + value + `"}`)),
		"URL base64":     base64.URLEncoding.EncodeToString([]byte("?" + value)),
		"random part":    value[16:48],
		"beginning":      value[:20],
		"cut base64":     encode([]byte(`{"a":"` + value))[:36],
	} {
		if len(finder.Find("before "+text+" after")) == 0 {
			t.Errorf("%s: nothing was found in %s", name, text)
		}
	}
	if found := finder.Find("an emulated access token, 0123456789abcdef"); len(found) != 0 {
		t.Errorf("found what is not there: %v", found)
	}
	document := map[string]any{
		"a": []any{map[string]any{"mode": "data", "type": "x", "token": value, "name": "etl"}, value},
		"b": map[string]any{value: 1.0},
	}
	want := []string{"a[<nil> <nil>]", "a[data x].token", "b<key>"}
	if got := acctest.ValuePaths(document, finder); !slices.Equal(got, want) {
		t.Errorf("found it at %q instead of %q", got, want)
	}
}

// SPDX-License-Identifier: MPL-2.0

package leakcheck_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/leakcheck"
)

const (
	mark   = "emulated-access"
	random = "0123456789abcdef0123456789abcdef"
	value  = mark + "/" + random + "+=="
)

func TestFind(t *testing.T) {
	t.Parallel()
	asJSON, err := json.Marshal(map[string]string{"token": value})
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.StdEncoding.EncodeToString
	backwards := []byte(value)
	slices.Reverse(backwards)
	texts := map[string]string{
		"plain":          value,
		"quoted":         fmt.Sprintf("%q", value),
		"header":         "Bearer " + value,
		"query":          url.Values{"token": {value}}.Encode(),
		"path":           "/tokens/" + url.PathEscape(value),
		"JSON":           string(asJSON),
		"base64 of JSON": encode(asJSON),
		"hex":            hex.EncodeToString([]byte("x" + value)),
		"upper-case hex": strings.ToUpper(hex.EncodeToString([]byte(value))),
		"hex of a part":  hex.EncodeToString([]byte(random)),
		"reversed":       string(backwards),
		"random part":    random,
		"beginning":      value[:20],
		"cut base64":     encode([]byte(`{"a":"` + value))[:36],
	}
	// The position of a value in a longer text decides how base64 spells it.
	for before := range 6 {
		for after := range 3 {
			text := strings.Repeat("?", before) + value + strings.Repeat("y", after)
			texts[fmt.Sprintf("base64, %d before, %d after", before, after)] = encode([]byte(text))
			texts[fmt.Sprintf("URL base64, %d before, %d after", before, after)] = base64.RawURLEncoding.EncodeToString([]byte(text))
		}
	}
	finder := leakcheck.New(mark, value)
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := finder.Find("before " + text + " after")
			if len(found) == 0 {
				t.Fatalf("found nothing in %s", text)
			}
			for _, finding := range found {
				if strings.Contains(finding.String(), random) || finding.Offset < len("before ") {
					t.Errorf("finding: %s", finding)
				}
			}
			clean, redacted := finder.Redact(text, "(value)")
			if again := finder.Find(clean); !redacted || len(again) > 0 {
				t.Errorf("redacted to %q, which still has %v", clean, again)
			}
		})
	}
}

func TestFindIgnoresOtherText(t *testing.T) {
	t.Parallel()
	finder := leakcheck.New(mark, value, "")
	for _, text := range []string{
		"", "an emulated access token, 0123456789abcdef", "token = (sensitive value)",
		"Creation complete after 0s [id=bb116473-7919-4a05-a32c-a6a6dacc37de]",
	} {
		if found := finder.Find(text); len(found) > 0 {
			t.Errorf("found %v in %q", found, text)
		}
		if clean, redacted := finder.Redact(text, "(value)"); redacted || clean != text {
			t.Errorf("redacted %q to %q", text, clean)
		}
	}
}

func TestFindInFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name string, content []byte) {
		t.Helper()
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archived := func(name, content string) []byte {
		t.Helper()
		var out bytes.Buffer
		archive := zip.NewWriter(&out)
		entry, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := entry.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		if err := archive.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	write("main.tf", []byte(`name = "etl"`))
	write("terraform.tfstate", []byte(`{"token":"`+value+`"}`))
	write("plans/saved", archived("tfstate", strings.Repeat("x", 1000)+value))
	write("plans/nested", archived("inner", string(archived("tfplan", value+value))))
	write("plans/empty", archived("tfplan", "nothing"))
	write(random+".txt", nil)

	found, err := leakcheck.New("not there", value).FindInFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := []string{}
	for _, finding := range found {
		if finding.Value != 1 || strings.Contains(finding.String(), random) {
			t.Errorf("finding: %s", finding)
		}
		files = append(files, finding.File)
	}
	slices.Sort(files)
	want := []string{"name of VALUE.txt", "plans/nested:inner:tfplan", "plans/saved:tfstate", "terraform.tfstate"}
	if files = slices.Compact(files); !slices.Equal(files, want) {
		t.Errorf("found values in %q, want %q", files, want)
	}
}

func TestFindInFolderReportsErrors(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "broken"), []byte("PK\x03\x04 and no more"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{folder, filepath.Join(folder, "missing")} {
		if _, err := leakcheck.New(value).FindInFolder(folder); err == nil {
			t.Errorf("no error for %s", folder)
		}
	}
}

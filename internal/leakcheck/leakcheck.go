// SPDX-License-Identifier: MPL-2.0

// Package leakcheck finds the values of tokens in text and files, in any common spelling. It reports where a value is
// and how it is spelled, never the value.
package leakcheck

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Finding is an occurrence of a value.
type Finding struct {
	File     string // relative to the folder, "archive:entry" in a zip archive; empty for a text
	Value    int    // index of the value, as passed to New
	Spelling string // such as "base64"
	Offset   int    // of the first occurrence of this spelling
}

func (f Finding) String() string {
	where := ""
	if f.File != "" {
		where = f.File + ": "
	}
	return fmt.Sprintf("%svalue %d as %s at byte %d", where, f.Value, f.Spelling, f.Offset)
}

// Finder searches for a set of values.
type Finder struct{ needles []needle }

type needle struct {
	value          int
	spelling, text string
}

// New returns a Finder for these values. A value may also be the fixed beginning of other values, to find truncated ones.
func New(values ...string) *Finder {
	f := &Finder{}
	for i, value := range values {
		seen := map[string]bool{"": true}
		for _, n := range spellings(value) {
			if !seen[n.text] {
				seen[n.text] = true
				n.value = i
				f.needles = append(f.needles, n)
			}
		}
	}
	return f
}

// Find searches a text.
func (f *Finder) Find(text string) []Finding {
	var found []Finding
	for _, n := range f.needles {
		if at := strings.Index(text, n.text); at >= 0 {
			found = append(found, Finding{Value: n.value, Spelling: n.spelling, Offset: at})
		}
	}
	return found
}

// Redact replaces all values in a text and reports whether it contained any.
func (f *Finder) Redact(text, replacement string) (string, bool) {
	byLength := slices.Clone(f.needles) // a short spelling may be part of a long one
	slices.SortStableFunc(byLength, func(a, b needle) int { return len(b.text) - len(a.text) })
	found := false
	for _, n := range byLength {
		if strings.Contains(text, n.text) {
			text, found = strings.ReplaceAll(text, n.text, replacement), true
		}
	}
	return text, found
}

// FindInFolder searches the names and contents of all files below a folder, and in zip archives, such as plan files, the
// contents of the entries. It does not follow symbolic links.
func (f *Finder) FindInFolder(folder string) ([]Finding, error) {
	var found []Finding
	err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(file) //nolint:gosec // the caller owns the folder
		if err != nil {
			return err
		}
		in, err := f.findInFile(filepath.ToSlash(name), content)
		found = append(found, in...)
		return err
	})
	return found, err
}

// findInFile searches a file. A name with a value in it is not repeated in the findings.
func (f *Finder) findInFile(name string, content []byte) ([]Finding, error) {
	found := f.Find(name)
	if len(found) > 0 {
		name, _ = f.Redact(name, "VALUE")
		name = "name of " + name
	}
	found = append(found, f.Find(string(content))...)
	for i := range found {
		found[i].File = name
	}
	if !bytes.HasPrefix(content, []byte("PK\x03\x04")) {
		return found, nil
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return found, fmt.Errorf("reading %s: %w", name, err)
	}
	for _, entry := range archive.File {
		reader, err := entry.Open()
		if err != nil {
			return found, fmt.Errorf("reading %s: %w", name, err)
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			return found, fmt.Errorf("reading %s: %w", name, err)
		}
		in, err := f.findInFile(name+":"+entry.Name, content)
		found = append(found, in...)
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

// part matches the parts of a value that identify it and are spelled the same in JSON, in a URL and in quotes.
var part = regexp.MustCompile(`[0-9A-Za-z]{16,}`)

// spellings returns how a text may show a value. Base64 and hex also match where the value is inside an encoded text.
func spellings(value string) []needle {
	quoted, _ := json.Marshal(value) // a string is never an error
	all := []needle{
		{spelling: "plain text", text: value},
		{spelling: "JSON", text: string(quoted[1 : len(quoted)-1])},
		{spelling: "URL query", text: url.QueryEscape(value)},
		{spelling: "URL path", text: url.PathEscape(value)},
	}
	for _, piece := range append([]string{value}, part.FindAllString(value, -1)...) {
		encoded := hex.EncodeToString([]byte(piece))
		all = append(all,
			needle{spelling: "part", text: piece},
			needle{spelling: "reversed", text: reversed(piece)},
			needle{spelling: "hex", text: encoded},
			needle{spelling: "hex", text: strings.ToUpper(encoded)})
		for shift := range 3 {
			encoded := base64Inside(piece, shift)
			all = append(all,
				needle{spelling: "base64", text: encoded},
				needle{spelling: "URL base64", text: strings.NewReplacer("+", "-", "/", "_").Replace(encoded)})
		}
	}
	return all
}

// base64Inside returns the characters of a base64 text that depend only on the value in it, where shift bytes of a group
// of three precede the value.
func base64Inside(value string, shift int) string {
	encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), value...))
	first := (shift*8 + 5) / 6
	last := (shift + len(value)) * 8 / 6
	return encoded[min(first, last):last]
}

func reversed(text string) string {
	bytes := []byte(text)
	slices.Reverse(bytes)
	return string(bytes)
}

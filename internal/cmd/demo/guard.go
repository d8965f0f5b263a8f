// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const hidden = "(a token's value stood here)"

// clean replaces the values of tokens in a line, in any spelling, and tells whether there were any.
func clean(line string, values []string) (string, bool) {
	found := false

	for _, value := range values {
		for _, spelling := range spellings(value) {
			if strings.Contains(line, spelling) {
				line, found = strings.ReplaceAll(line, spelling, hidden), true
			}
		}
	}

	return line, found
}

// randomPart is long enough to be found by it alone. It is the same in a URL, in JSON and in quotes.
var randomPart = regexp.MustCompile(`[0-9A-Za-z]{16,}`)

// spellings returns how a value may be written, longest first, so that nothing of a long one is left over by a short.
func spellings(value string) []string {
	all := []string{value, url.QueryEscape(value), url.PathEscape(value)}
	all = append(all, randomPart.FindAllString(value, -1)...)

	for shift := range 3 {
		encoded := base64Of(value, shift)
		all = append(all, encoded, strings.NewReplacer("+", "-", "/", "_").Replace(encoded))
	}

	all = slices.DeleteFunc(all, func(spelling string) bool { return spelling == "" })
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })

	return all
}

// base64Of returns the part of the base64 of a longer text that depends on the value in it alone, where shift bytes of
// a group of three stand before the value.
func base64Of(value string, shift int) string {
	encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), value...))
	first := (shift*8 + 5) / 6
	last := (shift + len(value)) * 8 / 6

	return encoded[min(first, last):last]
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ignore is for spellings that a test is not about.
func ignore(string) {}

func TestReadExpiry(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	const (
		noOffset = "the exp of a token has no offset; it counts as UTC"
		space    = "the exp of a token has a space instead of T"
		fraction = "the exp of a token is a number with a fraction"
	)
	tests := map[string]struct {
		want   time.Time
		report []string
	}{
		`null`:                             {},
		``:                                 {report: []string{"a token has no exp; it counts as one that never expires"}},
		`"2026-07-01T12:00:00Z"`:           {want: noon},
		`"2026-07-01T15:00:00+03:00"`:      {want: noon},
		`"2026-07-01T12:00:00.999999999Z"`: {want: noon},
		`"2026-07-01T12:00:00.5-00:00"`:    {want: noon},
		`"2026\u002d07-01T12:00:00Z"`:      {want: noon},
		`"2026-07-01T12:00:00"`:            {noon, []string{noOffset}},
		`"2026-07-01T12:00:00.123456"`:     {noon, []string{noOffset}},
		`"2026-07-01 12:00:00Z"`:           {noon, []string{space}},
		`"2026-07-01 15:00:00+03:00"`:      {noon, []string{space}},
		`"2026-07-01 12:00:00"`:            {noon, []string{space, noOffset}},
		`"2026-07-01 12:00:00.5"`:          {noon, []string{space, noOffset}},
		`1782907200`:                       {want: noon},
		`1782907200.0`:                     {noon, []string{fraction}},
		`1782907200.999999`:                {noon, []string{fraction}},
		`0`:                                {want: time.Unix(0, 0).UTC()},
		`-1`:                               {want: time.Unix(-1, 0).UTC()},
		`-0.5`:                             {time.Unix(-1, 0).UTC(), []string{fraction}},
		`253402300799`:                     {want: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
		`"9999-12-31T23:59:59Z"`:           {want: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
		`-62135596799`:                     {want: time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC)},
	}
	for raw, test := range tests {
		t.Run(raw, func(t *testing.T) {
			t.Parallel()
			var reported []string
			got, err := readExpiry(json.RawMessage(raw), func(text string) { reported = append(reported, text) })
			if err != nil {
				t.Fatal(err)
			}
			if !got.Equal(test.want) || got.Location() != time.UTC {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if diff := cmp.Diff(test.report, reported); diff != "" {
				t.Errorf("reported spellings, -want +got:\n%s", diff)
			}
		})
	}
}

func TestReadExpiryRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"empty string":               `""`,
		"string null":                `"null"`,
		"string None":                `"None"`,
		"words":                      `"canary"`,
		"number in a string":         `"1782907200"`,
		"date without a time":        `"2026-07-01"`,
		"two spaces":                 `"2026-07-01  12:00:00Z"`,
		"space before the offset":    `"2026-07-01 12:00:00 +03:00"`,
		"comma before the fraction":  `"2026-07-01T12:00:00,5"`,
		"impossible day":             `"2026-02-30T12:00:00Z"`,
		"day and month swapped":      `"01-07-2026 12:00:00"`,
		"exponent":                   `1.7829072e9`,
		"milliseconds":               `1782907200000`,
		"milliseconds with fraction": `1782907200000.5`,
		"too large for 64 bits":      `9223372036854775808`,
		"largest in 64 bits":         `9223372036854775807`,
		"smallest in 64 bits":        `-9223372036854775808`,
		"year 10000":                 `253402300800`,
		"year 10000 by its offset":   `"9999-12-31T23:59:59-01:00"`,
		"the zero time":              `"0001-01-01T00:00:00Z"`,
		"the zero time in Unix":      `-62135596800`,
		"before it by its offset":    `"0001-01-01T00:00:00+01:00"`,
		"just after the zero time":   `"0001-01-01T00:00:00.5Z"`,
		"true":                       `true`,
		"false":                      `false`,
		"list":                       `[1782907200]`,
		"object":                     `{"seconds": 1782907200}`,
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readExpiry(json.RawMessage(raw), ignore)
			if !errors.Is(err, errExpiry) {
				t.Fatalf("got %v, error %v", got, err)
			}
			wantNoCanary(t, err.Error())
		})
	}
}

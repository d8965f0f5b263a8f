// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var errExpiry = errors.New(`the key "exp" is neither null nor a time nor Unix seconds`)

// secondsWithFraction is a number that is not an integer.
var secondsWithFraction = regexp.MustCompile(`^-?[0-9]+\.[0-9]+$`)

// readExpiry reads an expiry: absent or null for never, a time, or Unix seconds. Fractions of a second are dropped. Times
// outside the years 1 to 9999 cannot be written in RFC 3339 and are refused.
func readExpiry(raw json.RawMessage, report func(spelling string)) (time.Time, error) {
	var at time.Time
	var text string
	switch seconds, err := strconv.ParseInt(string(raw), 10, 64); {
	case len(raw) == 0:
		report("a token has no exp; it counts as one that never expires")
		return time.Time{}, nil
	case string(raw) == "null":
		return time.Time{}, nil
	case err == nil:
		at = time.Unix(seconds, 0)
	case secondsWithFraction.Match(raw):
		number, err := strconv.ParseFloat(string(raw), 64)
		if err != nil || math.Abs(number) > math.MaxInt32*1000 {
			return time.Time{}, errExpiry
		}
		at = time.Unix(int64(math.Floor(number)), 0)
		report("the exp of a token is a number with a fraction")
	case json.Unmarshal(raw, &text) == nil:
		if at, err = readTime(text, report); err != nil {
			return time.Time{}, err
		}
	default:
		return time.Time{}, errExpiry
	}
	at = at.UTC().Truncate(time.Second)
	if at.Year() < 1 || at.Year() > 9999 || at.IsZero() {
		return time.Time{}, errExpiry
	}
	return at, nil
}

// readTime reads RFC 3339, with a space instead of T, and without an offset, which means UTC.
func readTime(text string, report func(string)) (time.Time, error) {
	const date = len("2006-01-02")
	if len(text) > date && text[date] == ' ' {
		report("the exp of a token has a space instead of T")
		text = text[:date] + "T" + text[date+1:]
	}
	at, err := time.Parse(time.RFC3339, text)
	if err == nil {
		return at, nil
	}
	at, err = time.Parse("2006-01-02T15:04:05", text)
	if err != nil || strings.Contains(text, ",") { // Go also accepts a comma before the fraction
		return time.Time{}, errExpiry
	}
	report("the exp of a token has no offset; it counts as UTC")
	return at, nil
}

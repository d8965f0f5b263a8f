// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// LifetimeRule describes what ParseLifetime accepts, for error texts and documentation.
const LifetimeRule = "whole numbers with the units d, h, m and s, without spaces, at least 1s in total, " +
	"such as 30d, 12h or 2h45m30s"

const day = 24 * time.Hour

// lifetimeUnits are the units of ParseLifetime. There are none below a second because the service counts whole seconds.
var lifetimeUnits = map[byte]time.Duration{'d': day, 'h': time.Hour, 'm': time.Minute, 's': time.Second}

// ParseLifetime parses a token's lifetime: whole numbers with the units d (24 hours), h, m and s, at least one second
// in total, at most what a time.Duration can hold (about 292 years). The error contains the text and the rule.
func ParseLifetime(text string) (time.Duration, error) {
	fail := func(why string) (time.Duration, error) {
		return 0, fmt.Errorf("%q is not a lifetime: %s. A lifetime is %s", text, why, LifetimeRule)
	}
	if text == "" {
		return fail("it is empty")
	}
	var total time.Duration
	for rest := text; rest != ""; {
		end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		switch {
		case end < 0:
			return fail(fmt.Sprintf("%q has no unit; for seconds, write %q", rest, rest+"s"))
		case end == 0:
			return fail(fmt.Sprintf("%q does not begin with a whole number", rest))
		}
		unit, known := lifetimeUnits[rest[end]]
		if !known {
			return fail(unknownUnit(rest[end:]))
		}
		count, err := strconv.ParseInt(rest[:end], 10, 64)
		if err != nil || count > (math.MaxInt64-int64(total))/int64(unit) {
			return fail("it is longer than 292 years")
		}
		total += time.Duration(count) * unit
		rest = rest[end+1:]
	}
	if total < time.Second {
		return fail("it is shorter than a second")
	}
	return total, nil
}

// unknownUnit describes text that begins where a unit is expected.
func unknownUnit(text string) string {
	if end := strings.IndexFunc(text, func(r rune) bool { return r >= '0' && r <= '9' }); end > 0 {
		text = text[:end]
	}
	why := fmt.Sprintf("unknown unit %q; use d, h, m or s", text)
	if text == "w" {
		why += ", such as 7d for a week"
	}
	return why
}

// FormatLifetime formats a lifetime as the service accepts it: hours, minutes and seconds in that order, without zero
// parts (720h, 2h45m30s). (The spelling is published by example; that there are no other units is assumed.)
func FormatLifetime(lifetime time.Duration) string {
	var out strings.Builder
	for _, unit := range []struct {
		size time.Duration
		name byte
	}{{time.Hour, 'h'}, {time.Minute, 'm'}, {time.Second, 's'}} {
		if count := lifetime / unit.size; count > 0 {
			out.WriteString(strconv.FormatInt(int64(count), 10))
			out.WriteByte(unit.name)
		}
		lifetime %= unit.size
	}
	return out.String()
}

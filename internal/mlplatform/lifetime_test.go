// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

func TestParseLifetime(t *testing.T) {
	t.Parallel()
	tests := map[string]time.Duration{
		"1s":            time.Second,
		"90s":           90 * time.Second,
		"60m":           time.Hour,
		"3600s":         time.Hour,
		"1h":            time.Hour,
		"2h45m30s":      2*time.Hour + 45*time.Minute + 30*time.Second,
		"720h":          720 * time.Hour,
		"30d":           720 * time.Hour,
		"1d12h":         36 * time.Hour,
		"1d1h1m1s":      25*time.Hour + time.Minute + time.Second,
		"0h1s":          time.Second,
		"007m":          7 * time.Minute,
		"30m2h":         2*time.Hour + 30*time.Minute,
		"1h1h":          2 * time.Hour,
		"2562047h":      2562047 * time.Hour,
		"106751d":       106751 * 24 * time.Hour,
		"9223372036s":   9223372036 * time.Second,
		"2562047h2836s": 2562047*time.Hour + 2836*time.Second,
		// Leading zeros do not make a number large.
		strings.Repeat("0", 40) + "5s": 5 * time.Second,
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := mlplatform.ParseLifetime(text)
			if err != nil || got != want {
				t.Errorf("got %v, error %v; want %v", got, err, want)
			}
		})
	}
}

func TestParseLifetimeRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, why string }{
		"empty":                  {"", "it is empty"},
		"blank":                  {" ", `" " does not begin with a whole number`},
		"words":                  {"abc", `"abc" does not begin with a whole number`},
		"the word never":         {"never", "does not begin with a whole number"},
		"unit alone":             {"h", `"h" does not begin with a whole number`},
		"number alone":           {"30", `"30" has no unit; for seconds, write "30s"`},
		"zero alone":             {"0", `"0" has no unit`},
		"number at the end":      {"2h30", `"30" has no unit; for seconds, write "30s"`},
		"zero seconds":           {"0s", "shorter than a second"},
		"zero of all units":      {"0d0h0m0s", "shorter than a second"},
		"negative":               {"-1h", "does not begin with a whole number"},
		"negative part":          {"2h-1m", `"-1m" does not begin with a whole number`},
		"plus sign":              {"+1h", "does not begin with a whole number"},
		"fraction":               {"1.5h", `unknown unit "."`},
		"fraction with comma":    {"1,5h", "unknown unit"},
		"milliseconds":           {"500ms", `"s" does not begin with a whole number`},
		"microseconds":           {"5us", "unknown unit"},
		"micro sign":             {"5µs", "unknown unit"},
		"nanoseconds":            {"1ns", "unknown unit"},
		"space between":          {"2h 30m", `" 30m" does not begin with a whole number`},
		"space before the unit":  {"2 h", "unknown unit"},
		"leading space":          {" 2h", "does not begin with a whole number"},
		"trailing space":         {"2h ", "does not begin with a whole number"},
		"trailing line end":      {"2h\n", "does not begin with a whole number"},
		"upper case":             {"2H", "unknown unit"},
		"weeks":                  {"1w", `unknown unit "w"; use d, h, m or s, such as 7d for a week`},
		"years":                  {"1y", "unknown unit"},
		"ISO 8601":               {"PT2H", "does not begin with a whole number"},
		"exponent":               {"1e3s", "unknown unit"},
		"underscore":             {"1_000s", "unknown unit"},
		"hexadecimal":            {"0x10s", "unknown unit"},
		"Arabic digits":          {"٣h", "does not begin with a whole number"},
		"full-width digits":      {"３h", "does not begin with a whole number"},
		"Cyrillic unit":          {"3ч", "unknown unit"},
		"not UTF-8":              {"1\xff", "unknown unit"},
		"zero byte":              {"1h\x00", "does not begin with a whole number"},
		"hours too many":         {"9999999h", "longer than 292 years"},
		"one hour too many":      {"2562048h", "longer than 292 years"},
		"days too many":          {"106752d", "longer than 292 years"},
		"sum too large":          {"2562047h2837s", "longer than 292 years"},
		"sum of large parts":     {"2562047h2562047h", "longer than 292 years"},
		"more than 64 bits":      {"9223372036854775808s", "longer than 292 years"},
		"more than 64 bits by h": {strings.Repeat("9", 400) + "h", "longer than 292 years"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := mlplatform.ParseLifetime(test.text)
			if err == nil {
				t.Fatalf("%q was accepted as %v", test.text, got)
			}
			if got != 0 {
				t.Errorf("%v came with the error", got)
			}
			for _, part := range []string{test.why, mlplatform.LifetimeRule} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error lacks %q: %v", part, err)
				}
			}
		})
	}
}

func TestFormatLifetime(t *testing.T) {
	t.Parallel()
	tests := map[time.Duration]string{
		time.Second:        "1s",
		59 * time.Second:   "59s",
		time.Minute:        "1m",
		61 * time.Second:   "1m1s",
		time.Hour:          "1h",
		3601 * time.Second: "1h1s",
		2*time.Hour + 45*60*time.Second + 30*time.Second: "2h45m30s",
		30 * 24 * time.Hour:      "720h",
		9223372036 * time.Second: "2562047h47m16s",
	}
	for lifetime, want := range tests {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			if got := mlplatform.FormatLifetime(lifetime); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestLifetimeRoundTrip(t *testing.T) {
	t.Parallel()
	const longest = math.MaxInt64 / int64(time.Second)
	// The steps are of no common measure with minutes, hours and days, so that all parts of the spelling vary.
	for seconds := int64(1); seconds > 0 && seconds <= longest; seconds += seconds/7 + 1 {
		want := time.Duration(seconds) * time.Second
		text := mlplatform.FormatLifetime(want)
		if got, err := mlplatform.ParseLifetime(text); err != nil || got != want {
			t.Fatalf("%v was spelled %q and came back as %v, error %v", want, text, got, err)
		}
	}
}

func FuzzParseLifetime(f *testing.F) {
	for _, seed := range []string{"", "30d", "2h45m30s", "0s", "-1h", "1.5h", "9999999h", "2h 30m", "µ", "1\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lifetime, err := mlplatform.ParseLifetime(text)
		if err != nil {
			return
		}
		if lifetime < time.Second || lifetime%time.Second != 0 {
			t.Fatalf("%q was read as %v", text, lifetime)
		}
		spelled := mlplatform.FormatLifetime(lifetime)
		again, err := mlplatform.ParseLifetime(spelled)
		if err != nil || again != lifetime {
			t.Fatalf("%q is %v, but its spelling %q is %v, error %v", text, lifetime, spelled, again, err)
		}
		if strings.Trim(spelled, "0123456789hms") != "" {
			t.Fatalf("the spelling %q has more than h, m and s", spelled)
		}
	})
}

// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Everything that the report says about a request or a response comes from this file: keys, types, lengths and forms.

var (
	timeForm     = regexp.MustCompile(`^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?( ?(Z|[+-]\d\d:?\d\d))?)?$`)
	durationForm = regexp.MustCompile(`^(\d{1,7}[dhms]){1,4}$`)
	digits       = regexp.MustCompile(`\d`)
	keyForm      = regexp.MustCompile(`^[A-Za-z_][A-Za-z_.-]{0,31}\d{0,3}$`)
	versionForm  = regexp.MustCompile(`^v\d+([._]\d+)*$`)
	schemeForm   = regexp.MustCompile(`^[A-Za-z]{1,12}$`)
)

// apiWords are the words that a path may show although it could contain a name.
var apiWords = strings.Fields(`access account accounts admin am api app auth authenticate authorize client clients cloud
	cluster clusters create current delete describe exchange get id identity info infra instance instances internal issue jwt
	key keys ktotam list login me ml mlp mlplatform my name new oauth oauth2 platform project projects public redeem refresh
	register registration remove renew revoke role roles scope secret secrets self service session spark token tokens ttl type
	user users verify who whoami i`)

// maskKey returns a key, or its length if it could be a value.
func maskKey(key string) string {
	if keyForm.MatchString(key) {
		return key
	}
	return fmt.Sprintf("{%d characters}", utf8.RuneCountInString(key))
}

// maskPath masks the segments of a path that could be values. The library's values are all known, so of its paths only
// those are masked; another program may use real names, so its paths show known words only.
func (o *observer) maskPath(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		_, known := o.known[segment]
		shown := keyForm.MatchString(segment) && !known
		if !o.library || o.upstream != nil {
			words := strings.FieldsFunc(segment, func(r rune) bool { return r == '_' || r == '-' })
			shown = !slices.ContainsFunc(words, func(word string) bool { return !slices.Contains(apiWords, word) })
		}
		if !shown && segment != "" && !versionForm.MatchString(segment) {
			segments[i] = fmt.Sprintf("{%d characters}", utf8.RuneCountInString(segment))
		}
	}
	return strings.Join(segments, "/")
}

// describeString describes a string by its length, or its form if it is a time or a duration.
func describeString(value string) string {
	text := fmt.Sprintf("string(%d)", utf8.RuneCountInString(value))
	if timeForm.MatchString(value) || durationForm.MatchString(value) {
		text = "string " + digits.ReplaceAllString(value, "9")
	}
	return text
}

// describeSent describes a string that was sent, and says whose it is.
func (o *observer) describeSent(value string) string {
	if what := o.known[value]; what != "" {
		return describeString(value) + ", " + what
	}
	return describeString(value)
}

// describeAuthorization describes the value of an Authorization header.
func (o *observer) describeAuthorization(value string) string {
	if value == "" {
		return "none"
	}
	scheme, credential, found := strings.Cut(value, " ")
	if !found || !schemeForm.MatchString(scheme) {
		scheme, credential = "without a scheme", value
	}
	if what := o.known[credential]; what != "" {
		return scheme + ", " + what
	}
	return fmt.Sprintf("%s, another value(%d)", scheme, len(credential))
}

// collect adds the keys of a decoded JSON value with their types. Elements of an array share their keys.
func collect(value any, path string, describe func(string) string, fields map[string]string) {
	key, text := strings.TrimSuffix(path, "."), "null"
	switch value := value.(type) {
	case map[string]any:
		for name, element := range value {
			collect(element, path+maskKey(name)+".", describe, fields)
		}
		return
	case []any:
		for _, element := range value {
			collect(element, key+"[].", describe, fields)
		}
		if len(value) > 0 {
			return
		}
		text = "empty array"
	case string:
		text = describe(value)
	case float64:
		text = "number"
		if value == math.Trunc(value) {
			text = fmt.Sprintf("integer(%d digits)", len(strconv.FormatFloat(math.Abs(value), 'f', 0, 64)))
		}
	case bool:
		text = "boolean"
	}
	if fields[key] == "" {
		fields[key] = text
	} else if !slices.Contains(strings.Split(fields[key], " or "), text) {
		fields[key] += " or " + text
	}
}

// describeBody describes a body that is not JSON.
func describeBody(body []byte, contentType string) string {
	if len(body) == 0 {
		return "none"
	}
	contentType, _, _ = strings.Cut(contentType, ";")
	if form, err := url.ParseQuery(string(body)); err == nil && contentType == "application/x-www-form-urlencoded" {
		return "form with " + list(maskedKeys(form))
	}
	return fmt.Sprintf("not JSON(%d)", len(body))
}

// maskedKeys returns the keys of a query or a form. A key without a value could be a value itself.
func maskedKeys(values url.Values) []string {
	var keys []string
	for key, all := range values {
		if len(all) == 1 && all[0] == "" {
			key = fmt.Sprintf("{%d characters}", utf8.RuneCountInString(key))
		}
		keys = append(keys, maskKey(key))
	}
	slices.Sort(keys)
	return keys
}

// decode returns the value of a JSON body, or nil.
func decode(body []byte) any {
	var value any
	if json.NewDecoder(bytes.NewReader(body)).Decode(&value) != nil {
		return nil
	}
	return value
}

// stringsIn returns all strings of a decoded JSON value.
func stringsIn(value any) []string {
	var all []string
	switch value := value.(type) {
	case string:
		all = append(all, value)
	case []any:
		for _, element := range value {
			all = append(all, stringsIn(element)...)
		}
	case map[string]any:
		for _, element := range value {
			all = append(all, stringsIn(element)...)
		}
	}
	return all
}

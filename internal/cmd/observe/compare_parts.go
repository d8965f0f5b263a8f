// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// compareHeaders lists the names of the headers. Each one that is not usual is a difference.
func (o *observer) compareHeaders(e exchange, compared bool) []row {
	var usual []string
	var rows []row
	for _, name := range slices.Sorted(maps.Keys(e.request.Header)) {
		if slices.Contains(usualHeaders, name) {
			usual = append(usual, name)
			continue
		}
		unusual := row{e.call, "header " + maskKey(name), o.describeSent(e.request.Header.Get(name)), "none", ""}
		if compared {
			unusual.result = verdict("not in the contract")
		}
		rows = append(rows, unusual)
	}
	return append([]row{{e.call, "headers", list(usual), "", ""}}, rows...)
}

func compareQuery(e exchange, op *operation) []row {
	query := e.request.URL.Query()
	var rows []row
	for _, key := range maskedKeys(query) {
		result := row{e.call, "query " + key, "given", "none", ""}
		if op != nil {
			result.result = verdict("not in the contract")
			if slices.Contains(op.query, key) {
				result.contract, result.result = "given", same
			}
		}
		rows = append(rows, result)
	}
	if op != nil {
		for _, key := range op.query {
			if !query.Has(key) {
				rows = append(rows, row{e.call, "query " + key, "none", "given", verdict("missing")})
			}
		}
	}
	return rows
}

// compareBody compares a body key by key. Without compared, it only describes the body.
func compareBody(
	whole row, body []byte, header http.Header, schema *openapi3.Schema, compared bool, describe func(string) string,
) []row {
	value := decode(body)
	whole.observed, whole.contract = describeBody(body, header.Get("Content-Type")), "none"
	if schema != nil {
		whole.contract = "JSON"
	}
	if value == nil {
		if compared {
			whole.result = same
			if schema != nil || len(body) > 0 {
				whole.result = verdict("another kind of body")
			}
		}
		return []row{whole}
	}
	sent, expected, found := map[string]string{}, map[string]string{}, map[string]string{}
	collect(value, "", describe, sent)
	if schema != nil {
		collectSchema(schema, "", expected)
		differences(schema, value, "", found)
	}
	var rows []row
	keys := slices.Concat(slices.Collect(maps.Keys(sent)), slices.Collect(maps.Keys(expected)))
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		field := row{whole.call, whole.part, cmp.Or(sent[key], "none"), cmp.Or(expected[key], "none"), ""}
		if key != "" {
			field.part += " " + key
		}
		if compared {
			// What holds for an object holds for its keys.
			reason := found[key]
			for parent := key; reason == "" && parent != ""; reason = found[parent] {
				if element, ok := strings.CutSuffix(parent, "[]"); ok {
					parent = element
				} else {
					parent = parent[:max(0, strings.LastIndexByte(parent, '.'))]
				}
			}
			field.result = verdict(reason)
			if schema == nil {
				field.result = verdict("the contract has no body")
			}
		}
		rows = append(rows, field)
	}
	return rows
}

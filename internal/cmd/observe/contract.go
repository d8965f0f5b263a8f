// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// operation is what the contract says about one request.
type operation struct {
	id, method, path string
	query            []string
	bearer           bool
	body             *openapi3.Schema // nil if the request has none
	status           int
	response         *openapi3.Schema // of a success; nil if it has no body
}

// loadContract returns the operations of the contract.
func loadContract() ([]operation, error) {
	document, err := emulator.GetSpec()
	if err != nil {
		return nil, fmt.Errorf("reading the contract: %w", err)
	}
	base, err := url.Parse(document.Servers[0].URL)
	if err != nil {
		return nil, fmt.Errorf("reading the contract: %w", err)
	}
	var operations []operation
	for path, item := range document.Paths.Map() {
		for method, described := range item.Operations() {
			op := operation{id: described.OperationID, method: method, path: base.Path + path, bearer: described.Security == nil}
			for _, parameter := range described.Parameters {
				op.query = append(op.query, parameter.Value.Name)
			}
			if described.RequestBody != nil {
				op.body = jsonSchema(described.RequestBody.Value.Content)
			}
			for code, response := range described.Responses.Map() {
				if status, err := strconv.Atoi(code); err == nil && status < http.StatusMultipleChoices {
					op.status, op.response = status, jsonSchema(response.Value.Content)
				}
			}
			operations = append(operations, op)
		}
	}
	return operations, nil
}

func jsonSchema(content openapi3.Content) *openapi3.Schema {
	if media := content["application/json"]; media != nil {
		return media.Schema.Value
	}
	return nil
}

// find returns the operation with the method and path of a request, or nil.
func find(operations []operation, r *http.Request) *operation {
	for i, op := range operations {
		if op.method == r.Method && op.path == r.URL.Path {
			return &operations[i]
		}
	}
	return nil
}

// collectSchema adds the keys of a schema with their types, as collect does for a value.
func collectSchema(schema *openapi3.Schema, path string, fields map[string]string) {
	if schema.Type.Is("array") {
		collectSchema(schema.Items.Value, path+"[].", fields)
		return
	}
	for key, property := range schema.Properties {
		fields[path+key] = typeOf(property.Value)
		if !slices.Contains(schema.Required, key) {
			fields[path+key] += ", optional"
		}
	}
}

// typeOf returns the JSON types that a schema allows.
func typeOf(schema *openapi3.Schema) string {
	var types []string
	if schema.Type != nil {
		types = schema.Type.Slice()
	}
	for _, part := range slices.Concat(schema.AllOf, schema.OneOf, schema.AnyOf) {
		types = append(types, typeOf(part.Value))
	}
	if schema.Nullable {
		types = append(types, "null")
	}
	if len(types) == 0 {
		return "any"
	}
	return strings.Join(types, "|")
}

// differences adds how a value differs from a schema, by the keys of collect.
func differences(schema *openapi3.Schema, value any, path string, found map[string]string) {
	if schema.Type.Is("array") {
		rows, ok := value.([]any)
		if !ok {
			found[strings.TrimSuffix(path, ".")] = "not an array"
		}
		for _, row := range rows {
			differences(schema.Items.Value, row, path+"[].", found)
		}
		return
	}
	object, ok := value.(map[string]any)
	if !ok {
		found[strings.TrimSuffix(path, ".")] = "not an object"
		return
	}
	for _, key := range schema.Required {
		if _, ok := object[key]; !ok {
			found[path+key] = "missing"
		}
	}
	for key, value := range object {
		if property := schema.Properties[key]; property == nil {
			found[path+maskKey(key)] = "not in the contract"
		} else if property.Value.VisitJSON(value) != nil {
			found[path+key] = "another type or form"
		}
	}
}

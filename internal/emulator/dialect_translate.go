// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// object is a decoded JSON object. Numbers in it are json.Number.
type object = map[string]any

// translate rewrites a response of the contract in the dialect.
func (d Dialect) translate(resp *response, operation string) {
	switch {
	case resp.status >= http.StatusBadRequest:
		rewrite(resp, d.translateError)
	case operation == OpDeleteAccessToken:
		if d.has(Delete200Body) {
			resp.status = http.StatusOK
			resp.header.Set("Content-Type", contentTypeJSON)
			resp.body.WriteString(`{"deleted":1}`)
		}
	case operation == OpListAccessTokens:
		rewrite(resp, d.translateList)
	case operation == OpWhoAmI:
		rewrite(resp, d.translateToken)
	default:
		rewrite(resp, d.extend)
		resp.status = d.created(operation)
	}
}

// rewrite decodes the body, translates it and encodes it again. A body of another kind stays as it is.
func rewrite[T any](resp *response, translate func(T) T) {
	var body T
	decoder := json.NewDecoder(bytes.NewReader(resp.body.Bytes()))
	decoder.UseNumber()
	if decoder.Decode(&body) != nil {
		return
	}
	if encoded, err := json.Marshal(translate(body)); err == nil {
		resp.body.Reset()
		resp.body.Write(encoded)
	}
}

// created returns the status of a creation.
func (d Dialect) created(operation string) int {
	switch {
	case d.has(Created200) && (operation == OpCreateRegisterToken || !d.has(Created202)):
		return http.StatusOK
	case d.has(Created202):
		return http.StatusAccepted
	default:
		return http.StatusCreated
	}
}

func (d Dialect) translateList(rows []object) []object {
	for i, row := range rows {
		rows[i] = d.translateToken(row)
	}
	if d.has(BadRow) {
		row := d.translateToken(object{
			"id": "1", "name": BadRowName, "type": string(USER), "issuer_name": defaultIssuer, "exp": nil,
		})
		row["exp"] = "soon"
		rows = append(rows, row)
	}
	return rows
}

func (d Dialect) translateToken(token object) object {
	name, _ := token["name"].(string)
	if id, ok := token["id"].(string); ok && d.has(IDNumber) {
		token["id"] = json.Number(id)
	}
	if role, ok := token["type"].(string); ok && d.has(RoleLowercase) {
		token["type"] = strings.ToLower(role)
	}
	switch d.choose(name, IssuerNull, IssuerAbsent) {
	case IssuerNull:
		token["issuer_name"] = nil
	case IssuerAbsent:
		delete(token, "issuer_name")
	}
	switch exp := token["exp"].(type) {
	case nil:
		if d.has(ExpAbsent) {
			delete(token, "exp")
		}
	case string:
		token["exp"] = d.spellTime(name, exp)
	}
	return d.extend(token)
}

// spellTime spells an RFC 3339 time of the token with a name.
func (d Dialect) spellTime(name, rfc3339 string) any {
	at, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		return rfc3339
	}
	seconds := strconv.FormatInt(at.Unix(), 10)
	switch d.choose(name, ExpUnix, ExpFloat, ExpNoOffset|ExpSpace|ExpFraction) {
	case ExpUnix:
		return json.Number(seconds)
	case ExpFloat:
		return json.Number(seconds + ".0")
	}
	date, clock, offset := "2006-01-02T", "15:04:05", "Z07:00"
	if d.has(ExpSpace) {
		date = "2006-01-02 "
	}
	if d.has(ExpFraction) {
		clock += ".000000"
	}
	if d.has(ExpNoOffset) {
		offset = ""
	}
	return at.Format(date + clock + offset)
}

// translateError rewrites an error envelope.
func (d Dialect) translateError(body object) object {
	params, _ := body["errorParams"].(object)
	field, _ := params["field"].(string)
	switch d.choose(field, ErrorSlip, ErrorDetail) {
	case ErrorSlip:
		body = object{"status": body["status"], "warnorCode": body["errorCode"], "warnorParams": params}
	case ErrorDetail:
		detail := any(field)
		if body["status"] == json.Number(strconv.Itoa(http.StatusBadRequest)) {
			detail = []object{{"loc": []string{"body"}, "msg": field, "type": "value_error"}}
		}
		body = object{"detail": detail}
	}
	return d.extend(body)
}

// extend adds keys that are not in the contract.
func (d Dialect) extend(body object) object {
	if d.has(ExtraKeys) {
		maps.Copy(body, object{"created_dt": "2026-07-01 12:00:00", "scopes": []string{"ml-platform"}, "extra": object{"id": 1}})
	}
	return body
}

// choose returns the one of the alternatives that applies to a name, or 0 if the dialect has none of them.
func (d Dialect) choose(name string, alternatives ...Dialect) Dialect {
	var active []Dialect
	for _, alternative := range alternatives {
		if d.has(alternative) {
			active = append(active, alternative)
		}
	}
	if len(active) == 0 {
		return 0
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name))
	return active[int(hash.Sum32()>>1)%len(active)]
}

// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Dialect is a set of spellings that differ from the contract and that a client must tolerate, because the published
// documentation leaves them open. The zero value follows the contract.
type Dialect uint32

// Spellings that exclude each other can be combined: they are then distributed over operations, tokens or errors, always
// in the same way, so that a run is reproducible.
const (
	Created200    Dialect = 1 << iota // creations return 200; with Created202, only those of register tokens
	Created202                        // creations return 202; with Created200, only those of access tokens
	Delete200Body                     // deletions return 200 with a body
	ExpNoOffset                       // times without an offset, in UTC
	ExpSpace                          // times with a space instead of T
	ExpFraction                       // times with microseconds
	ExpUnix                           // times as integer Unix seconds
	ExpFloat                          // times as Unix seconds with a fraction
	ExpAbsent                         // tokens that never expire have no exp
	IssuerNull                        // issuer_name is null
	IssuerAbsent                      // tokens have no issuer_name
	IDNumber                          // ids are numbers, too large for a float
	ExtraKeys                         // objects have keys that are not in the contract
	RoleLowercase                     // roles in lower case
	ErrorSlip                         // errors have warnorCode and warnorParams, as the documentation prints them
	ErrorDetail                       // errors have detail only, as FastAPI writes them: a list for status 400, else a string
	NoDate                            // responses have no Date header
	BadRow                            // the list has one more row, with an id and a name, whose exp cannot be read
	endOfDialects
)

// AllDialects contains every spelling.
const AllDialects = endOfDialects - 1

// dialectNames has the names of the constants, in their order.
var dialectNames = []string{
	"created-200", "created-202", "delete-200-body", "exp-no-offset", "exp-space", "exp-fraction", "exp-unix", "exp-float",
	"exp-absent", "issuer-null", "issuer-absent", "id-number", "extra-keys", "role-lowercase", "error-slip", "error-detail",
	"no-date", "bad-row",
}

// BadRowName is the name in the row that [BadRow] adds.
const BadRowName = "emulator-bad-row"

// ParseDialect parses a comma-separated list of names. "all" stands for all of them; an empty list is valid.
func ParseDialect(list string) (Dialect, error) {
	var d Dialect
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		switch i := slices.Index(dialectNames, name); {
		case name == "all":
			d |= AllDialects
		case i >= 0:
			d |= 1 << i
		case list != "":
			return 0, fmt.Errorf("unknown dialect %q; use all, or some of %s", name, strings.Join(dialectNames, ", "))
		}
	}
	return d, nil
}

// String returns the list that ParseDialect parses.
func (d Dialect) String() string {
	var names []string
	for i, name := range dialectNames {
		if d.has(1 << i) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// has reports whether the set contains any of the spellings.
func (d Dialect) has(spellings Dialect) bool {
	return d&spellings != 0
}

// withDialect translates the service's responses. It is outside the validation, which checks what the service says
// before the translation.
func (s *Server) withDialect(next http.Handler) http.Handler {
	if s.dialect == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp := record(next, r)
		s.dialect.translate(resp, callOf(r).operation())
		resp.send(w)
	})
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
	"golang.org/x/text/unicode/norm"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const maxNearNames = 5

// notFoundDetail reports that no token has the name, and lists the closest names.
func notFoundDetail(name string, list mlplatform.AccessTokenList) string {
	detail := fmt.Sprintf("The project has no access token named %q.", name)
	if list.CouldBeUnreadable("", name) {
		return fmt.Sprintf("The list of access tokens has no readable row with the name %q, but a row that cannot be read may be that "+
			"token. Look for it in the management console, and report the row to the developers of the provider.", name)
	}
	if len(list.Tokens) == 0 {
		return detail + " It has no access tokens at all. Check that the provider's token belongs to the right project."
	}
	type candidate struct {
		name       string
		similarity float64
	}
	wanted := strings.ToLower(name)
	var near []candidate
	var otherForms []string
	for _, token := range list.Tokens {
		if norm.NFC.String(token.Name) == norm.NFC.String(name) {
			otherForms = append(otherForms, strconv.QuoteToASCII(token.Name))
		}
		near = append(near, candidate{token.Name, levenshtein.Similarity(wanted, strings.ToLower(token.Name), nil)})
	}
	if len(otherForms) > 0 {
		return detail + otherFormsDetail(otherForms)
	}
	slices.SortFunc(near, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.similarity, a.similarity), cmp.Compare(a.name, b.name))
	})
	near = slices.Compact(near)
	var names []string
	for _, candidate := range near[:min(len(near), maxNearNames)] {
		names = append(names, candidate.name)
	}
	return detail + " The closest names are: " + quoted(names) + ". Write the name exactly as the service shows it."
}

// otherFormsDetail explains why a name that several tokens seem to have is not found.
func otherFormsDetail(names []string) string {
	return fmt.Sprintf(" Several have a name that looks the same but is composed of other Unicode characters: %s. Terraform "+
		"converts all text to the composed form (NFC), so a configuration cannot name one of them.", strings.Join(names, " and "))
}

// quoted lists names in quotes, which show leading and trailing spaces.
func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strconv.Quote(name)
	}
	return strings.Join(out, ", ")
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// addServiceError reports a failed operation of the service: what was attempted, what the service said, what to do
// next. needs is the role that the operation takes.
func addServiceError(diags *diag.Diagnostics, summary string, err error, needs mlplatform.Role) {
	diags.AddError(summary, serviceErrorDetail(err, needs))
}

// addRegisterTokenError reports a register token that could not be created. One whose answer was lost cannot be looked up.
func addRegisterTokenError(diags *diag.Diagnostics, accessTokenName string, err error) {
	detail := serviceErrorDetail(fmt.Errorf("register token for %q: %w", accessTokenName, err), mlplatform.RoleAdmin)
	if mlplatform.IsOutcomeUnknown(err) {
		detail += "\n\nIf the service has made the register token all the same, nobody has its value. It cannot be listed or " +
			"revoked, and ends by itself with its `ttl`."
	}
	diags.AddError("Unable to create register token", detail)
}

// serviceErrorDetail is a pure function of the error, so that its texts can be tested by a table.
func serviceErrorDetail(err error, needs mlplatform.Role) string {
	return sentence(err.Error()) + "\n\n" + nextStep(err, needs)
}

const (
	howToGetToken = "An ADMIN token is created in the management console of VK Cloud (ML Platform, access tokens), or " +
		"by somebody who has one."
	checkEndpoint = "Check `endpoint` in the provider block (or " + envEndpoint + "): it is the root of the ML " +
		"Platform service, such as " + mlplatform.DefaultEndpoint + "."
	howToSetToken = "Set `token` or `token_file` in the provider block, or the environment variable " + envToken + "."
)

func nextStep(err error, needs mlplatform.Role) string {
	var taken *mlplatform.NameTakenError
	var lost *mlplatform.LostTokenError
	var failed *mlplatform.Error
	switch {
	case errors.As(err, &lost):
		return fmt.Sprintf("Look for an access token named %q in the management console and delete it: nobody has its "+
			"value. Then apply again.", lost.Name)
	case errors.As(err, &taken):
		return nextStepNameTaken(taken.Token.Name)
	case errors.Is(err, mlplatform.ErrNoToken) && needs == mlplatform.RoleUser:
		return "This needs an access token of either role. " + howToSetToken
	case errors.Is(err, mlplatform.ErrNoToken):
		return fmt.Sprintf("This needs an access token of the role %s. %s %s", needs, howToSetToken, howToGetToken)
	case !errors.As(err, &failed):
		return "Apply again. If it stays so, report it to the developers of the provider."
	case mlplatform.IsMissingScope(err):
		return fmt.Sprintf("The token that the provider works with has too weak a role (USER); this needs the role %s. "+
			"Configure a token of that role. %s", needs, howToGetToken)
	case mlplatform.IsUnauthorized(err) && failed.Code == "":
		return "The refusal does not look like one of the service: something before it, such as a proxy, may have refused the " +
			"request. " + checkEndpoint + " If that is right, the token that the provider works with may be expired or revoked. " +
			howToSetToken
	case mlplatform.IsUnauthorized(err):
		return "The token that the provider works with is expired, revoked or not of this project. Configure one that " +
			"is valid. " + howToSetToken + " " + howToGetToken
	}
	return nextStepByAnswer(failed)
}

func nextStepNameTaken(name string) string {
	return fmt.Sprintf("Nothing was created. Choose another `name`, or bring the existing token under Terraform with "+
		"`terraform import ADDRESS %q` (its value cannot be recovered). To replace a token without downtime "+
		"(create_before_destroy), use `name_prefix` instead of `name`.", name)
}

// nextStepByAnswer advises on errors that no change of the configuration's resources can mend.
func nextStepByAnswer(err *mlplatform.Error) string {
	switch {
	case mlplatform.IsUntrusted(err):
		return "The certificate of the service is not trusted by this machine. For an on-premises installation with a " +
			"CA of its own, set `ca_cert_file` in the provider block or " + envCACertFile + "."
	case mlplatform.IsTimeout(err):
		return "The service did not answer in time. Check the network, or raise `request_timeout`. " + checkEndpoint
	case err.Status == 0:
		return "No connection came about, or it broke. Check the network and apply again. " + checkEndpoint
	case err.Status == http.StatusTooManyRequests:
		return "The service asks to slow down. Apply again later, with a smaller `-parallelism` or a larger `max_retries`."
	case err.Status >= http.StatusInternalServerError:
		return "The service or a proxy before it is in trouble. Nothing in the state was changed for it; apply again later."
	case err.Status == http.StatusBadRequest:
		return "The service refused the values. If they are right, the service differs from the contract that the " +
			"provider was built on: report it to the developers of the provider."
	case err.Code == "", err.Status == http.StatusNotFound:
		return "The answer is not one of the ML Platform token service. " + checkEndpoint
	}
	return "Apply again. If it stays so, report the status and the code to the developers of the provider."
}

// sentence makes an error text stand on its own in a diagnostic.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

// addRedeemError reports a redemption that failed, to somebody who cannot look at the service.
func addRedeemError(diags *diag.Diagnostics, err error) {
	const summary = "Unable to redeem the register token"
	var lost *mlplatform.LostTokenError
	switch {
	case errors.As(err, &lost) && len(lost.Candidates) > 0:
		diags.AddError(summary, sentence(err.Error())+"\n\nSince then the project has got "+quoted(lost.Candidates)+
			". Delete the one of these that the register token was made for, because nobody has its value, and apply again with a "+
			"fresh register token.")
	case errors.As(err, &lost):
		diags.AddError(summary, sentence(err.Error())+"\n\nAsk the administrator to delete the access token of the name "+
			"that the register token was made for, if there is one, and for a fresh register token.")
	case mlplatform.IsConflict(err):
		diags.AddError(summary, sentence(err.Error())+"\n\nA live access token has the name that the register token "+
			"fixes. Ask the administrator to delete it or to give you a register token for another name. The register "+
			"token itself may still be good.")
	case mlplatform.IsRefused(err):
		diags.AddError(summary, sentence(err.Error())+"\n\nEither the register token was redeemed before (it works once), "+
			"or its lifetime is over; the service does not tell which. Ask the administrator for a fresh register token, "+
			"and to look whether an access token of its name exists already.")
	default:
		addServiceError(diags, summary, err, mlplatform.RoleUser)
	}
}

// ownTokenDetail refuses to delete the token that the provider works with.
func ownTokenDetail(name string) string {
	return fmt.Sprintf("The provider works with the access token %q itself. Deleting it would cut off everything else that "+
		"is to be done. Nothing was deleted. Configure another ADMIN token for the provider", name)
}

const maxNearNames = 5

// notFoundDetail says that a name is not in the list, and which near ones are.
func notFoundDetail(name string, list mlplatform.AccessTokenList) string {
	var near []string
	for _, token := range list.Tokens {
		near = append(near, token.Name)
	}
	slices.Sort(near)
	near = slices.Compact(near)
	wanted := strings.ToLower(name)
	similarity := func(other string) float64 {
		return levenshtein.Similarity(wanted, strings.ToLower(other), nil)
	}
	slices.SortStableFunc(near, func(a, b string) int {
		switch sa, sb := similarity(a), similarity(b); {
		case sa > sb:
			return -1
		case sa < sb:
			return 1
		}
		return 0
	})
	detail := fmt.Sprintf("The project has no access token named %q.", name)
	if len(near) == 0 {
		return detail + " It has none at all. Check that the provider's token is of the right project."
	}
	return detail + " The nearest names are: " + quoted(near[:min(len(near), maxNearNames)]) +
		". A name is given exactly as the service shows it."
}

// quoted lists names so that their ends can be seen.
func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strconv.Quote(name)
	}
	return strings.Join(out, ", ")
}

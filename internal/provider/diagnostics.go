// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// addServiceError reports a failed operation: what was attempted, what the service responded, and what to do next. needs
// is the role that the operation requires.
func addServiceError(diags *diag.Diagnostics, summary string, err error, needs mlplatform.Role) {
	diags.AddError(summary, serviceErrorDetail(err, needs))
}

// addRegisterTokenError reports a failure to create a register token. If the response was lost, there is no way to find out
// what happened.
func addRegisterTokenError(diags *diag.Diagnostics, accessTokenName string, err error) {
	detail := serviceErrorDetail(fmt.Errorf("register token for %q: %w", accessTokenName, err), mlplatform.RoleAdmin)
	if mlplatform.IsOutcomeUnknown(err) {
		detail += "\n\nThe service may have created the register token. Its value is lost, and it can be neither listed nor " +
			"revoked; it expires after its `ttl`."
	}
	diags.AddError("Unable to create register token", detail)
}

// serviceErrorDetail depends only on its arguments, so that a table can test the texts.
func serviceErrorDetail(err error, needs mlplatform.Role) string {
	return attempt(err) + "\n\n" + nextStep(err, needs)
}

// attempt says what failed and, if a token was refused, where the token came from and where it was sent.
func attempt(err error) string {
	text := sentence(err.Error())
	var failed *mlplatform.Error
	if !errors.As(err, &failed) || failed.Host == "" {
		return text
	}
	text += " The request went to " + failed.Host
	if failed.TokenSource != "" {
		text += " with " + failed.TokenSource
	}
	return text + "."
}

const (
	howToGetToken = "Create an ADMIN token in the management console of VK Cloud (ML Platform, access tokens), or ask an " +
		"administrator of the project for one."
	checkEndpoint = "Check `endpoint` in the provider block (or " + envEndpoint + "). It is the root URL of the ML " +
		"Platform service, such as " + mlplatform.DefaultEndpoint + "."
	howToSetToken = "Set `token` or `token_file` in the provider block, or the environment variable " + envToken + "."
)

func nextStep(err error, needs mlplatform.Role) string {
	var taken *mlplatform.NameTakenError
	var lost *mlplatform.LostTokenError
	var failed *mlplatform.Error
	switch {
	case errors.As(err, &lost) && !lost.Proven:
		return fmt.Sprintf("Look for the access token named %q in the management console. If it was created in this run, delete "+
			"it, because its value is lost. Then apply again.", lost.Name)
	case errors.As(err, &lost):
		return fmt.Sprintf("Find the access token named %q in the management console and delete it, because its value "+
			"is lost. Then apply again.", lost.Name)
	case errors.As(err, &taken):
		return nextStepNameTaken(taken.Token.Name)
	case errors.Is(err, mlplatform.ErrNoToken) && needs == mlplatform.RoleUser:
		return "This operation requires an access token with either role. " + howToSetToken
	case errors.Is(err, mlplatform.ErrNoToken):
		return fmt.Sprintf("This operation requires an access token with the %s role. %s %s", needs, howToSetToken, howToGetToken)
	case !errors.As(err, &failed):
		return "Try again. If the error persists, report it to the developers of the provider."
	case mlplatform.IsMissingScope(err):
		return fmt.Sprintf("The provider's token has the USER role; %s is required. Configure a token with that role. %s",
			needs, howToGetToken)
	case mlplatform.IsUnauthorized(err) && !failed.FromService():
		return "The response is not in the service's error format, so a proxy may have refused the request. " + checkEndpoint +
			" If it is correct, the provider's token may be expired or revoked. " + howToSetToken
	case mlplatform.IsUnauthorized(err):
		return "The provider's token is expired, revoked or belongs to another project. Configure a valid one. " + howToSetToken + " " + howToGetToken
	}
	return nextStepForResponse(failed)
}

func nextStepNameTaken(name string) string {
	return fmt.Sprintf("Nothing was created. If you renamed the resource or a `for_each` key, add a `moved` block, so that "+
		"Terraform keeps the token. If this run replaces a token with `delete_on_destroy = false`, the old token is still "+
		"valid under this name; unless `create_before_destroy` is set, its value is only in an earlier version of the state. "+
		"Otherwise choose another `name`, or import the existing token with `terraform import ADDRESS %q` (its value cannot "+
		"be recovered). To replace a token without downtime (create_before_destroy), use `name_prefix` instead of `name`.", name)
}

// nextStepForResponse advises on errors that a change of resources cannot fix.
func nextStepForResponse(err *mlplatform.Error) string {
	switch {
	case errors.Is(err, mlplatform.ErrUnreadableRow):
		return "Nothing was decided, because the row may be the token in question. Check the token in the management console, and " +
			"report the row to the developers of the provider."
	case mlplatform.IsProxyError(err):
		return "Nothing was sent to the service. Check the environment variables HTTPS_PROXY and NO_PROXY, and whether the " +
			"proxy allows the host of the service."
	case mlplatform.IsUntrusted(err):
		return "This machine does not trust the certificate of the service. If a proxy inspects TLS connections, set " +
			"`ca_cert_file` in the provider block (or " + envCACertFile + ") to a file with the proxy's CA certificate."
	case mlplatform.IsTimeout(err):
		return "The service did not respond in time. Check the network, or increase `request_timeout`. " + checkEndpoint
	case err.Status == 0:
		return "The connection failed or was interrupted. Check the network and try again. " + checkEndpoint
	case err.Status == http.StatusTooManyRequests:
		return "The service limits the request rate. Try again later, with a lower `-parallelism` or a higher `max_retries`."
	case err.Status >= http.StatusInternalServerError:
		return "The service, or a proxy in front of it, is failing. The state is unchanged; try again later."
	case err.Status == http.StatusBadRequest:
		return "The service rejected the values. If they are correct, the service differs from the contract that the " +
			"provider is built on: report it to the developers of the provider."
	case !err.FromService(), err.Status == http.StatusNotFound:
		return "The response does not come from the ML Platform token service. " + checkEndpoint
	}
	return "Try again. If the error persists, report the status and the code to the developers of the provider."
}

// sentence turns an error text into a sentence.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

// addRedeemError reports a failed redemption to a user who may have no access to the project.
func addRedeemError(diags *diag.Diagnostics, err error) {
	const summary = "Unable to redeem the register token"
	var lost *mlplatform.LostTokenError
	switch {
	case errors.As(err, &lost) && len(lost.Candidates) > 0:
		diags.AddError(summary, attempt(err)+"\n\nThese access tokens have appeared since: "+quoted(lost.Candidates)+
			". Delete the one that the register token was created for, because its value is lost, and apply again with a new "+
			"register token.")
	case errors.As(err, &lost):
		diags.AddError(summary, attempt(err)+"\n\nAsk the administrator to delete the access token that the "+
			"register token was created for, if it exists, and for a new register token.")
	case mlplatform.IsConflict(err):
		diags.AddError(summary, attempt(err)+"\n\nA live access token has the name that the register token "+
			"sets. Ask the administrator to delete that access token, or for a register token with another name. The register "+
			"token itself may still be valid.")
	case mlplatform.IsRefused(err):
		diags.AddError(summary, attempt(err)+"\n\nThe register token was already redeemed (it works once) or has "+
			"expired; the service does not say which. Ask the administrator for a new register token, and to check whether an "+
			"access token with its name already exists.")
	default:
		addServiceError(diags, summary, err, mlplatform.RoleUser)
	}
}

// ownTokenDetail explains why the provider's own token is not deleted. It ends without a period.
func ownTokenDetail(name string) string {
	return fmt.Sprintf("The access token %q is the provider's own. Deleting it would break the rest of this run. Nothing was "+
		"deleted. Configure another ADMIN token for the provider", name)
}

// unableToList is the summary of a failed list.
const unableToList = "Unable to list access tokens"

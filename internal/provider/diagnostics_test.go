// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// Every kind of error says what was attempted, what came of it, and what to do next.
func TestServiceErrorDetail(t *testing.T) {
	t.Parallel()
	const (
		list      = "list the access tokens"
		forbidden = "ForbiddenException"
		settings  = "Set `token` or `token_file` in the provider block, or the environment variable MLPLATFORM_TOKEN."
		console   = "Create an ADMIN token in the management console"
		endpoint  = "Check `endpoint` in the provider block (or MLPLATFORM_ENDPOINT)"
		trouble   = "is failing"
	)
	answered := func(status int, code string) *mlplatform.Error {
		return &mlplatform.Error{Operation: list, Status: status, Code: code}
	}
	broken := func(cause error) *mlplatform.Error { return &mlplatform.Error{Operation: list, Err: cause} }
	weak := answered(403, forbidden)
	weak.MissingScope = true
	malformed := &mlplatform.Error{Operation: list, Status: 200, Err: errors.New(`the required key "id" is missing or empty`)}

	for name, test := range map[string]struct {
		err   error
		needs mlplatform.Role
		want  []string
	}{
		"no token":             {broken(mlplatform.ErrNoToken), mlplatform.RoleAdmin, []string{"Cannot list the access tokens: no token is configured.", "an access token with the ADMIN role", settings, console}},
		"no token, any role":   {broken(mlplatform.ErrNoToken), mlplatform.RoleUser, []string{"an access token with either role", settings}},
		"weak role":            {weak, mlplatform.RoleAdmin, []string{"status 403 (Forbidden), code ForbiddenException", "has the USER role; ADMIN is required", console}},
		"expired or revoked":   {answered(403, forbidden), mlplatform.RoleAdmin, []string{"status 403 (Forbidden), code ForbiddenException", "expired, revoked or belongs to another project", settings, console}},
		"401":                  {answered(401, "UnauthorizedException"), mlplatform.RoleAdmin, []string{"status 401 (Unauthorized), code UnauthorizedException", "expired, revoked", settings}},
		"403 of a proxy":       {answered(403, ""), mlplatform.RoleAdmin, []string{"status 403 (Forbidden), not in the service's error format", "a proxy may have refused", endpoint, settings}},
		"name taken":           {&mlplatform.NameTakenError{Token: mlplatform.AccessToken{Name: "a b"}}, mlplatform.RoleAdmin, []string{`The name "a b" is taken`, "Nothing was created.", "terraform import ADDRESS \"a b\"", "`name_prefix`"}},
		"lost":                 {&mlplatform.LostTokenError{Name: "a b", Err: broken(io.EOF), Cleanup: answered(500, "")}, mlplatform.RoleAdmin, []string{`An access token named "a b" may exist, but its value was lost`, "EOF", "status 500", "delete it", "Then apply again."}},
		"not trusted":          {broken(x509.UnknownAuthorityError{}), mlplatform.RoleAdmin, []string{"Cannot list the access tokens: x509", "does not trust the certificate", "`ca_cert_file`", "MLPLATFORM_CA_CERT_FILE"}},
		"timeout":              {broken(context.DeadlineExceeded), mlplatform.RoleAdmin, []string{"Cannot list the access tokens: context deadline exceeded.", "did not respond in time", "`request_timeout`", endpoint}},
		"nobody listens":       {broken(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), mlplatform.RoleAdmin, []string{"Cannot list the access tokens: dial", "connection refused", "Check the network", endpoint}},
		"connection broke":     {broken(io.ErrUnexpectedEOF), mlplatform.RoleAdmin, []string{"unexpected EOF", "was interrupted", "try again", endpoint}},
		"429":                  {answered(429, "TooManyRequestsException"), mlplatform.RoleAdmin, []string{"status 429 (Too Many Requests), code TooManyRequestsException", "limits the request rate", "`-parallelism`", "`max_retries`"}},
		"500":                  {answered(500, "InternalServerErrorException"), mlplatform.RoleAdmin, []string{"status 500 (Internal Server Error), code InternalServerErrorException", trouble, "try again later"}},
		"502 of a proxy":       {answered(502, ""), mlplatform.RoleAdmin, []string{"status 502 (Bad Gateway), not in the service's error format", trouble, "try again later"}},
		"400":                  {answered(400, "BadRequestException"), mlplatform.RoleAdmin, []string{"status 400 (Bad Request), code BadRequestException", "rejected the values", "report it"}},
		"404 of another site":  {answered(404, ""), mlplatform.RoleAdmin, []string{"status 404 (Not Found), not in", "does not come from the ML Platform token service", endpoint}},
		"404 of the service":   {answered(404, "NotFoundException"), mlplatform.RoleAdmin, []string{"status 404 (Not Found), code NotFoundException", endpoint}},
		"redirect":             {answered(302, ""), mlplatform.RoleAdmin, []string{"status 302 (Found); redirects are not followed", endpoint}},
		"malformed":            {malformed, mlplatform.RoleAdmin, []string{`status 200 (OK): the required key "id" is missing or empty.`, endpoint}},
		"other code":           {answered(418, "TeapotException"), mlplatform.RoleAdmin, []string{"status 418 (I'm a teapot), code TeapotException", "report the status and the code"}},
		"wrapped":              {fmt.Errorf("access token %q: %w", "etl", weak), mlplatform.RoleAdmin, []string{"Access token \"etl\": cannot list the access tokens: the service responded with status 403", "ADMIN is required"}},
		"no error of this API": {errors.New("something else"), mlplatform.RoleAdmin, []string{"Something else.", "report it to the developers"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := serviceErrorDetail(test.err, test.needs)
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in the text:\n%s", want, got)
				}
			}
			attempt, advice, found := strings.Cut(got, "\n\n")
			if !found || !strings.HasSuffix(attempt, ".") || !strings.HasSuffix(advice, ".") {
				t.Errorf("the text is not a report followed by advice:\n%s", got)
			}
			if strings.Contains(advice, "%!") || strings.Contains(advice, "\n") {
				t.Errorf("the advice is malformed:\n%s", advice)
			}
		})
	}
}

// Each kind of failure has advice of its own: no case of the switch shadows another.
func TestNextStepsDiffer(t *testing.T) {
	t.Parallel()
	weak := &mlplatform.Error{Status: 403, MissingScope: true}
	seen := map[string]string{}
	for name, err := range map[string]error{
		"lost":        &mlplatform.LostTokenError{Name: "a", Err: &mlplatform.Error{}, Cleanup: &mlplatform.Error{}},
		"taken":       &mlplatform.NameTakenError{},
		"no token":    &mlplatform.Error{Err: mlplatform.ErrNoToken},
		"foreign":     io.EOF,
		"weak":        weak,
		"forbidden":   &mlplatform.Error{Status: 403, Code: "ForbiddenException"},
		"proxy":       &mlplatform.Error{Status: 403},
		"not trusted": &mlplatform.Error{Err: x509.UnknownAuthorityError{}},
		"timeout":     &mlplatform.Error{Err: context.DeadlineExceeded},
		"broken":      &mlplatform.Error{Err: io.EOF},
		"429":         &mlplatform.Error{Status: 429},
		"500":         &mlplatform.Error{Status: 500},
		"400":         &mlplatform.Error{Status: 400, Code: "BadRequestException"},
		"404":         &mlplatform.Error{Status: 404},
		"other":       &mlplatform.Error{Status: 418, Code: "TeapotException"},
	} {
		step := nextStep(err, mlplatform.RoleAdmin)
		if other, there := seen[step]; there {
			t.Errorf("%q and %q have the same advice: %s", name, other, step)
		}
		seen[step] = name
	}
}

func TestAddServiceError(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	addServiceError(&diags, "Unable to do it", &mlplatform.Error{Operation: "do it", Status: 500}, mlplatform.RoleAdmin)
	if diags.ErrorsCount() != 1 || diags[0].Summary() != "Unable to do it" || !strings.HasPrefix(diags[0].Detail(), "Cannot do it: ") {
		t.Errorf("got %v", diags)
	}
}

func TestSentence(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"cannot do it":  "Cannot do it.",
		"Cannot do it.": "Cannot do it.",
		"ошибка":        "Ошибка.",
		`"x" is bad`:    `"x" is bad.`,
		"e":             "E.",
		"so (it is)":    "So (it is).",
		"so says Q.E.D": "So says Q.E.D.",
	} {
		if got := sentence(in); got != want {
			t.Errorf("of %q got %q, want %q", in, got, want)
		}
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// configuredToken is where the provider takes its token from.
type configuredToken struct {
	value, file string
	// name says in an error where the token comes from.
	name            string
	fromEnvironment bool
}

// tokenSource returns the first source that is set. The block takes precedence over the environment as a whole, so that
// MLPLATFORM_TOKEN does not override a token_file in the block.
func tokenSource(model providerModel, getenv func(string) string, diags *diag.Diagnostics) configuredToken {
	value, file := getenv(envToken), getenv(envTokenFile)
	switch {
	case !model.Token.IsNull():
		return configuredToken{value: model.Token.ValueString(), name: "`token` in the provider block"}
	case !model.TokenFile.IsNull():
		file = model.TokenFile.ValueString()
		return configuredToken{file: file, name: fmt.Sprintf("the file %q, set by `token_file` in the provider block", file)}
	case value != "" && file != "":
		diags.AddError("Ambiguous token", fmt.Sprintf("Both %s and %s are set. Unset one of them.", envToken, envTokenFile))
	case value != "":
		return configuredToken{value: value, name: "the environment variable " + envToken, fromEnvironment: true}
	case file != "":
		name := fmt.Sprintf("the file %q, set by the environment variable %s", file, envTokenFile)
		return configuredToken{file: file, name: name, fromEnvironment: true}
	}
	return configuredToken{}
}

// read returns the token; it is empty if none is configured or there is an error.
func (t configuredToken) read(diags *diag.Diagnostics) mlplatform.Secret {
	value := t.value
	if t.file != "" {
		content, err := readConfigFile(t.file)
		value = strings.TrimSpace(string(content))
		if err == nil && value == "" {
			err = fmt.Errorf("%q is empty; it should contain the value of an access token and nothing else", t.file)
		}
		if err != nil {
			source := "the provider block"
			if t.fromEnvironment {
				source = "the environment variable " + envTokenFile
			}
			diags.AddAttributeError(path.Root("token_file"), "Invalid token file",
				fmt.Sprintf("The token file from %s cannot be used: %s.", source, err))
			return ""
		}
	}
	// net/http rejects such a header value later, with a less helpful error.
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		const summary = "Invalid token"
		detail := fmt.Sprintf("The token from %s contains white space, control or non-ASCII characters (it is not shown here). "+
			"It should be the value exactly as the service returned it, on one line, without quotes or a trailing line break.", t.name)
		if t.file != "" {
			diags.AddAttributeError(path.Root("token_file"), summary, detail)
		} else {
			// Not on the attribute, because Terraform would print the line of the configuration that sets it.
			diags.AddError(summary, detail)
		}
		return ""
	}
	return mlplatform.Secret(value)
}

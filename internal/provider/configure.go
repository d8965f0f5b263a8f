// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const (
	envEndpoint   = "MLPLATFORM_ENDPOINT"
	envToken      = "MLPLATFORM_TOKEN"
	envTokenFile  = "MLPLATFORM_TOKEN_FILE"
	envCACertFile = "MLPLATFORM_CA_CERT_FILE"

	defaultRequestTimeout = 30 * time.Second
	defaultMaxRetries     = 4

	// maxConfigFile limits how much of a file is read, because the path may be wrong.
	maxConfigFile = 1 << 20
)

// providerModel is the provider block.
type providerModel struct {
	Endpoint       types.String  `tfsdk:"endpoint"`
	Token          types.String  `tfsdk:"token"`
	TokenFile      types.String  `tfsdk:"token_file"`
	CACertFile     types.String  `tfsdk:"ca_cert_file"`
	RequestTimeout lifetimeValue `tfsdk:"request_timeout"`
	MaxRetries     types.Int64   `tfsdk:"max_retries"`
}

// anyUnknown reports whether an argument depends on a resource that does not exist yet.
func (m providerModel) anyUnknown() bool {
	return m.Endpoint.IsUnknown() || m.Token.IsUnknown() || m.TokenFile.IsUnknown() || m.CACertFile.IsUnknown() ||
		m.RequestTimeout.IsUnknown() || m.MaxRetries.IsUnknown()
}

// clientConfig returns the client's configuration from the provider block, then the environment, then the defaults. It
// reads only the files that these name.
func clientConfig(model providerModel, getenv func(string) string) (mlplatform.Config, diag.Diagnostics) {
	var diags diag.Diagnostics
	cfg := mlplatform.Config{
		Endpoint:       mlplatform.DefaultEndpoint,
		RequestTimeout: defaultRequestTimeout,
		MaxRetries:     defaultMaxRetries,
	}
	if text, source := setting(model.Endpoint, getenv, envEndpoint); source != "" {
		endpoint, err := mlplatform.ParseEndpoint(text)
		if err != nil {
			diags.AddAttributeError(path.Root("endpoint"), "Invalid endpoint",
				fmt.Sprintf("The endpoint from %s cannot be used: %s.", source, err))
		}
		cfg.Endpoint = endpoint
	}
	if lifetime := model.RequestTimeout.duration(); lifetime != 0 {
		cfg.RequestTimeout = lifetime
	}
	if !model.MaxRetries.IsNull() {
		cfg.MaxRetries = int(model.MaxRetries.ValueInt64())
	}
	if file, source := setting(model.CACertFile, getenv, envCACertFile); source != "" {
		pem, err := readConfigFile(file)
		if err == nil && !x509.NewCertPool().AppendCertsFromPEM(pem) {
			err = fmt.Errorf("%q contains no certificate; a PEM bundle has lines such as -----BEGIN CERTIFICATE-----", file)
		}
		if err != nil {
			diags.AddAttributeError(path.Root("ca_cert_file"), "Invalid CA bundle",
				fmt.Sprintf("The CA bundle from %s cannot be used: %s.", source, err))
		}
		cfg.CACertPEM = pem
	}
	cfg.Token = configuredToken(model, getenv, &diags)
	return cfg, diags
}

// configuredToken returns the provider's token. The block takes precedence over the environment as a whole, so that
// MLPLATFORM_TOKEN does not override a token_file in the block.
func configuredToken(model providerModel, getenv func(string) string, diags *diag.Diagnostics) mlplatform.Secret {
	token, file, source := model.Token.ValueString(), model.TokenFile.ValueString(), "the provider block"
	if model.Token.IsNull() && model.TokenFile.IsNull() {
		token, file, source = getenv(envToken), getenv(envTokenFile), "the environment"
		if token != "" && file != "" {
			diags.AddError("Ambiguous token", fmt.Sprintf("Both %s and %s are set. Unset one of them.", envToken, envTokenFile))
			return ""
		}
	}
	if file != "" {
		content, err := readConfigFile(file)
		token = strings.TrimSpace(string(content))
		if err == nil && token == "" {
			err = fmt.Errorf("%q is empty; it should contain the value of an access token and nothing else", file)
		}
		if err != nil {
			diags.AddAttributeError(path.Root("token_file"), "Invalid token file",
				fmt.Sprintf("The token file from %s cannot be used: %s.", source, err))
			return ""
		}
	}
	// net/http rejects such a header value later, with a less helpful error.
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		const summary = "Invalid token"
		detail := fmt.Sprintf("The token from %s contains white space, control or non-ASCII characters (it is not shown here). "+
			"It should be the value exactly as the service returned it, on one line, without quotes or a trailing line break.", source)
		if file != "" {
			diags.AddAttributeError(path.Root("token_file"), summary, detail)
		} else {
			// Not on the attribute, because Terraform would print the line of the configuration that sets it.
			diags.AddError(summary, detail)
		}
		return ""
	}
	return mlplatform.Secret(token)
}

// setting returns a value from the block, or else the environment, and its source, which is empty if neither sets it.
func setting(block types.String, getenv func(string) string, variable string) (text, source string) {
	if !block.IsNull() {
		return block.ValueString(), "the provider block"
	}
	if text = getenv(variable); text != "" {
		return text, "the environment variable " + variable
	}
	return "", ""
}

// readConfigFile reads a small file. Its errors name the file.
func readConfigFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w; set the path of an existing, readable file", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%q is a directory; set the path of a file", name)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxConfigFile+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxConfigFile {
		return nil, fmt.Errorf("%q is larger than the limit of 1 MiB", name)
	}
	return content, nil
}

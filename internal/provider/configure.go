// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
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

// unknownArguments names the arguments that depend on a resource that does not exist yet.
func (m providerModel) unknownArguments() []string {
	var names []string
	for _, argument := range []struct {
		name  string
		value attr.Value
	}{
		{"endpoint", m.Endpoint}, {"token", m.Token}, {"token_file", m.TokenFile}, {"ca_cert_file", m.CACertFile},
		{"request_timeout", m.RequestTimeout}, {"max_retries", m.MaxRetries},
	} {
		if argument.value.IsUnknown() {
			names = append(names, "`"+argument.name+"`")
		}
	}
	return names
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
	source := tokenSource(model, getenv, &diags)
	cfg.Token = source.read(&diags)
	if cfg.Token != "" {
		cfg.TokenSource = "the token from " + source.name
		warnOfOtherEndpoint(model, getenv, cfg, source, &diags)
	}
	return cfg, diags
}

// warnOfOtherEndpoint warns if the environment's token, which belongs to the environment's endpoint, is sent to another host
// that the block sets. That happens if `token` of the block is an ephemeral value, which is null during a plan.
func warnOfOtherEndpoint(model providerModel, getenv func(string) string, cfg mlplatform.Config, source configuredToken, diags *diag.Diagnostics) {
	environment, err := mlplatform.ParseEndpoint(getenv(envEndpoint))
	if err != nil || !source.fromEnvironment || model.Endpoint.IsNull() {
		return
	}
	from, to := mlplatform.EndpointHost(environment), mlplatform.EndpointHost(cfg.Endpoint)
	if strings.EqualFold(from, to) {
		return
	}
	diags.AddAttributeWarning(path.Root("endpoint"), "Token of another endpoint", fmt.Sprintf("The provider block sets the "+
		"endpoint to a URL on %s but no token, so %s is sent there. %s is a URL on %s. If the token belongs to that endpoint, set "+
		"`token` or `token_file` in this provider block. A `token` that is null counts as not set, for example an ephemeral "+
		"value during a plan.", to, cfg.TokenSource, envEndpoint, from))
}

func isKnown(value attr.Value) bool { return !value.IsNull() && !value.IsUnknown() }

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
	if err != nil && strings.HasPrefix(name, "~") {
		return nil, fmt.Errorf("%q begins with \"~\", which only a shell replaces with the home directory; set the full path, "+
			"in a configuration with `pathexpand(%q)`", name, name)
	}
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

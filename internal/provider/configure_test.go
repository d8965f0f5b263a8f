// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// emptyBlock is a provider block in which nothing is set.
func emptyBlock() providerModel {
	return providerModel{
		Endpoint: types.StringNull(), Token: types.StringNull(), TokenFile: types.StringNull(),
		CACertFile: types.StringNull(), RequestTimeout: lifetimeNull(), MaxRetries: types.Int64Null(),
	}
}

// environment stands in for the process's own, which tests that run side by side cannot change.
func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// textFile writes a file for one test.
func textFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// certificate makes a CA certificate in PEM.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestClientConfigPrecedence(t *testing.T) {
	t.Parallel()
	caOfBlock, caOfEnvironment := certificate(t), certificate(t)
	defaults := mlplatform.Config{
		Endpoint: "https://msk.cloud.vk.ru/infra/mlplatform", RequestTimeout: 30 * time.Second, MaxRetries: 4,
	}
	fromBlock := mlplatform.Config{
		Endpoint: "https://block.example.com/root", Token: "of-the-block", RequestTimeout: 90 * time.Second, MaxRetries: 7,
		CACertPEM: []byte(caOfBlock), TokenSource: "the token from `token` in the provider block",
	}
	fromEnvironment := defaults
	fromEnvironment.Endpoint = "https://environment.example.com/root"
	fromEnvironment.Token, fromEnvironment.CACertPEM = "of-the-environment", []byte(caOfEnvironment)
	fromEnvironment.TokenSource = "the token from the environment variable MLPLATFORM_TOKEN"
	zeroRetries := defaults
	zeroRetries.MaxRetries = 0

	block := providerModel{
		// The slash at the end is dropped.
		Endpoint: types.StringValue("https://block.example.com/root/"), Token: types.StringValue("of-the-block"),
		CACertFile: types.StringValue(textFile(t, caOfBlock)), RequestTimeout: newLifetime("1m30s"), MaxRetries: types.Int64Value(7),
	}
	variables := map[string]string{
		"MLPLATFORM_ENDPOINT":     "https://environment.example.com/root",
		"MLPLATFORM_TOKEN":        "of-the-environment",
		"MLPLATFORM_CA_CERT_FILE": textFile(t, caOfEnvironment),
	}
	empty := map[string]string{
		"MLPLATFORM_ENDPOINT": "", "MLPLATFORM_TOKEN": "", "MLPLATFORM_TOKEN_FILE": "", "MLPLATFORM_CA_CERT_FILE": "",
	}
	retries := emptyBlock()
	retries.MaxRetries = types.Int64Value(0)

	for name, test := range map[string]struct {
		block     providerModel
		variables map[string]string
		want      mlplatform.Config
	}{
		"defaults":                        {emptyBlock(), nil, defaults},
		"empty variables are as none":     {emptyBlock(), empty, defaults},
		"environment before the defaults": {emptyBlock(), variables, fromEnvironment},
		"block before the defaults":       {block, nil, fromBlock},
		"block before the environment":    {block, variables, fromBlock},
		"no retries is not the default":   {retries, nil, zeroRetries},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, diags := clientConfig(test.block, environment(test.variables))
			if diags.HasError() {
				t.Fatal(diags)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// What the block says of the token beats the environment as a whole.
func TestClientConfigToken(t *testing.T) {
	t.Parallel()
	const blockToken, blockFile, envToken, envFile = "block-token", "block-file", "environment-token", "environment-file"
	inBlock := textFile(t, blockFile)
	inEnvironment := textFile(t, envFile)
	for name, test := range map[string]struct {
		token, file         string // in the block; empty: null
		envToken, envFile   bool
		want, wantAmbiguity string
	}{
		"none":                         {},
		"token":                        {token: blockToken, want: blockToken},
		"file":                         {file: inBlock, want: blockFile},
		"variable":                     {envToken: true, want: envToken},
		"variable file":                {envFile: true, want: envFile},
		"both variables":               {envToken: true, envFile: true, wantAmbiguity: "Both MLPLATFORM_TOKEN and MLPLATFORM_TOKEN_FILE are set"},
		"token over variable":          {token: blockToken, envToken: true, want: blockToken},
		"token over variable file":     {token: blockToken, envFile: true, want: blockToken},
		"token over both variables":    {token: blockToken, envToken: true, envFile: true, want: blockToken},
		"file over variable":           {file: inBlock, envToken: true, want: blockFile},
		"file over variable file":      {file: inBlock, envFile: true, want: blockFile},
		"file over both variables":     {file: inBlock, envToken: true, envFile: true, want: blockFile},
		"file: white space is dropped": {file: textFile(t, "\r\n \t"+blockFile+" \n\n"), want: blockFile},
		"file: no line end":            {file: textFile(t, blockFile), want: blockFile},
		"file: exactly 1 MiB":          {file: textFile(t, blockFile+strings.Repeat("\n", 1<<20-len(blockFile))), want: blockFile},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block, variables := emptyBlock(), map[string]string{}
			if test.token != "" {
				block.Token = types.StringValue(test.token)
			}
			if test.file != "" {
				block.TokenFile = types.StringValue(test.file)
			}
			if test.envToken {
				variables["MLPLATFORM_TOKEN"] = envToken
			}
			if test.envFile {
				variables["MLPLATFORM_TOKEN_FILE"] = inEnvironment
			}
			got, diags := clientConfig(block, environment(variables))
			if test.wantAmbiguity != "" {
				wantDiagnostic(t, diags, path.Empty(), test.wantAmbiguity, "Unset one of them.")
			} else if diags.HasError() {
				t.Fatal(diags)
			}
			if got.Token.Reveal() != test.want {
				t.Errorf("got the token %q, want %q", got.Token.Reveal(), test.want)
			}
		})
	}
}

// wantDiagnostic checks that there is one error, at the path (an empty one: at none), and that its detail holds the
// texts.
func wantDiagnostic(t *testing.T, diags diag.Diagnostics, at path.Path, texts ...string) {
	t.Helper()
	if diags.ErrorsCount() != 1 {
		t.Fatalf("got %d errors: %v", diags.ErrorsCount(), diags)
	}
	found := path.Empty()
	if located, ok := diags[0].(diag.DiagnosticWithPath); ok {
		found = located.Path()
	}
	if !found.Equal(at) {
		t.Errorf("the error is at %q instead of %q", found, at)
	}
	for _, text := range texts {
		if !strings.Contains(diags[0].Detail(), text) {
			t.Errorf("%q is not in the detail:\n%s", text, diags[0].Detail())
		}
	}
}

// Each bad setting is an error at its attribute: where it comes from, what is wrong, the rule, and a right one.
func TestClientConfigErrors(t *testing.T) {
	t.Parallel()
	const (
		// A marker of a value that must not be repeated.
		canary  = "canary"
		example = "an endpoint looks like https://msk.cloud.vk.ru/infra/mlplatform"
		exists  = "set the path of an existing, readable file"
		aFile   = "set the path of a file"
		value   = "It should be the value exactly as the service returned it, on one line, without quotes or a trailing line break"
		nothing = "it should contain the value of an access token and nothing else"
		aPEM    = "a PEM bundle has lines such as -----BEGIN CERTIFICATE-----"
		large   = "is larger than the limit of 1 MiB"
	)
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing")
	empty, blank := textFile(t, ""), textFile(t, " \t\r\n\n")
	tooLarge := textFile(t, strings.Repeat(canary, 1<<20/len(canary)+1))
	notPEM, notCertificate := textFile(t, canary), textFile(t, "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n")
	twoLines := textFile(t, canary+"\n"+canary)

	for name, test := range map[string]struct {
		attribute, variable, value string
		want                       []string
	}{
		"endpoint: other scheme":       {"endpoint", "MLPLATFORM_ENDPOINT", "ftp://example.com", []string{`"ftp://example.com" does not begin with https://`, example}},
		"endpoint: no scheme":          {"endpoint", "MLPLATFORM_ENDPOINT", "example.com", []string{`"example.com" does not begin with https://`, example}},
		"endpoint: in the clear":       {"endpoint", "MLPLATFORM_ENDPOINT", "http://example.com", []string{`"http://example.com" is not encrypted`, "127.0.0.1", example}},
		"endpoint: no host":            {"endpoint", "MLPLATFORM_ENDPOINT", "https:///infra", []string{`"https:///infra" has no host`, example}},
		"endpoint: credentials":        {"endpoint", "MLPLATFORM_ENDPOINT", "https://canary:canary@example.com", []string{"it contains credentials, which belong in the token", example}},
		"endpoint: query":              {"endpoint", "MLPLATFORM_ENDPOINT", "https://example.com/?canary", []string{`"https://example.com/?..." has a query`, example}},
		"token file: missing":          {"token_file", "MLPLATFORM_TOKEN_FILE", missing, []string{missing, exists}},
		"token file: folder":           {"token_file", "MLPLATFORM_TOKEN_FILE", folder, []string{folder, "is a directory", aFile}},
		"token file: empty":            {"token_file", "MLPLATFORM_TOKEN_FILE", empty, []string{empty, "is empty", nothing}},
		"token file: white space":      {"token_file", "MLPLATFORM_TOKEN_FILE", blank, []string{blank, "is empty", nothing}},
		"token file: too large":        {"token_file", "MLPLATFORM_TOKEN_FILE", tooLarge, []string{tooLarge, large}},
		"token file: two lines":        {"token_file", "MLPLATFORM_TOKEN_FILE", twoLines, []string{"contains white space, control or non-ASCII characters", value}},
		"token: line break":            {"token", "MLPLATFORM_TOKEN", canary + "\n", []string{"contains white space, control or non-ASCII characters", value}},
		"token: space":                 {"token", "MLPLATFORM_TOKEN", canary + " " + canary, []string{"white space", value}},
		"token: Cyrillic":              {"token", "MLPLATFORM_TOKEN", canary + "й", []string{"non-ASCII characters", value}},
		"token: not UTF-8":             {"token", "MLPLATFORM_TOKEN", canary + "\xff", []string{"non-ASCII characters", value}},
		"token: control character":     {"token", "MLPLATFORM_TOKEN", canary + "\x7f", []string{"control", value}},
		"CA bundle: missing":           {"ca_cert_file", "MLPLATFORM_CA_CERT_FILE", missing, []string{missing, exists}},
		"CA bundle: folder":            {"ca_cert_file", "MLPLATFORM_CA_CERT_FILE", folder, []string{folder, "is a directory", aFile}},
		"CA bundle: empty":             {"ca_cert_file", "MLPLATFORM_CA_CERT_FILE", empty, []string{empty, "contains no certificate", aPEM}},
		"CA bundle: not PEM":           {"ca_cert_file", "MLPLATFORM_CA_CERT_FILE", notPEM, []string{notPEM, "contains no certificate", aPEM}},
		"CA bundle: not a certificate": {"ca_cert_file", "MLPLATFORM_CA_CERT_FILE", notCertificate, []string{notCertificate, "contains no certificate", aPEM}},
		"CA bundle: too large":         {"ca_cert_file", "MLPLATFORM_CA_CERT_FILE", tooLarge, []string{tooLarge, large}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block := emptyBlock()
			switch test.attribute {
			case "endpoint":
				block.Endpoint = types.StringValue(test.value)
			case "token":
				block.Token = types.StringValue(test.value)
			case "token_file":
				block.TokenFile = types.StringValue(test.value)
			case "ca_cert_file":
				block.CACertFile = types.StringValue(test.value)
			}
			for source, configured := range map[string]struct {
				block     providerModel
				variables map[string]string
			}{
				"the provider block": {block: block},
				"the environment":    {block: emptyBlock(), variables: map[string]string{test.variable: test.value}},
			} {
				_, diags := clientConfig(configured.block, environment(configured.variables))
				at := path.Root(test.attribute)
				if test.attribute == "token" {
					at = path.Empty() // on the attribute, Terraform would show the line that holds it
				}
				wantDiagnostic(t, diags, at, append(test.want, source)...)
				if strings.Contains(diags[0].Summary()+diags[0].Detail(), canary) {
					t.Errorf("from %s: a value that must not be shown is shown: %v", source, diags[0])
				}
			}
		})
	}
}

// A file that cannot be read says so, and what is read is bounded even where the file has no end.
func TestReadConfigFile(t *testing.T) {
	t.Parallel()
	if content, err := readConfigFile(textFile(t, "text")); err != nil || !bytes.Equal(content, []byte("text")) {
		t.Errorf("got %q, %v", content, err)
	}
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("there is no file without an end here")
	}
	if _, err := readConfigFile("/dev/zero"); err == nil || !strings.Contains(err.Error(), "larger than the limit of 1 MiB") {
		t.Errorf("got %v", err)
	}
}

// Every argument may be unknown during a plan.
func TestUnknownArguments(t *testing.T) {
	t.Parallel()
	if names := emptyBlock().unknownArguments(); len(names) != 0 {
		t.Errorf("the arguments %q of an empty block are unknown", names)
	}
	for name, set := range map[string]func(*providerModel){
		"endpoint":     func(m *providerModel) { m.Endpoint = types.StringUnknown() },
		"token":        func(m *providerModel) { m.Token = types.StringUnknown() },
		"token_file":   func(m *providerModel) { m.TokenFile = types.StringUnknown() },
		"ca_cert_file": func(m *providerModel) { m.CACertFile = types.StringUnknown() },
		"request_timeout": func(m *providerModel) {
			m.RequestTimeout = lifetimeValue{StringValue: types.StringUnknown()}
		},
		"max_retries": func(m *providerModel) { m.MaxRetries = types.Int64Unknown() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			block := emptyBlock()
			set(&block)
			if names := block.unknownArguments(); len(names) != 1 || names[0] != "`"+name+"`" {
				t.Errorf("the unknown arguments are %q", names)
			}
		})
	}
}

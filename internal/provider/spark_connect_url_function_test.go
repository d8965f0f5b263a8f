// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/provider"
)

// sparkConnectURL calls the function as Terraform does, with its argument in the error if there is one.
func sparkConnectURL(t *testing.T, host, token string) (string, *function.FuncError) {
	t.Helper()
	withFunctions, ok := provider.New("test")().(frameworkprovider.ProviderWithFunctions)
	if !ok {
		t.Fatal("the provider has no functions")
	}
	for _, constructor := range withFunctions.Functions(t.Context()) {
		f := constructor()
		var metadata function.MetadataResponse
		if f.Metadata(t.Context(), function.MetadataRequest{}, &metadata); metadata.Name != "spark_connect_url" {
			continue
		}
		req := function.RunRequest{Arguments: function.NewArgumentsData([]attr.Value{types.StringValue(host), types.StringValue(token)})}
		resp := function.RunResponse{Result: function.NewResultData(types.StringUnknown())}
		f.Run(t.Context(), req, &resp)
		if resp.Error != nil {
			return "", resp.Error
		}
		result, ok := resp.Result.Value().(types.String)
		if !ok {
			t.Fatalf("the result is a %T", resp.Result.Value())
		}
		return result.ValueString(), nil
	}
	t.Fatal("the provider does not have the function")
	return "", nil
}

// The host may be written in every way in which one finds it written; the token is encoded.
func TestSparkConnectURL(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ host, token, want string }{
		"name":                     {"spark.example.com", "value", "sc://spark.example.com:15002/;spark-token=value"},
		"name with a slash":        {"spark.example.com/", "value", "sc://spark.example.com:15002/;spark-token=value"},
		"name with slashes":        {"spark.example.com//", "value", "sc://spark.example.com:15002/;spark-token=value"},
		"name with the port":       {"spark.example.com:15002", "value", "sc://spark.example.com:15002/;spark-token=value"},
		"Spark Connect URL":        {"sc://spark.example.com:15002/", "value", "sc://spark.example.com:15002/;spark-token=value"},
		"https URL":                {"https://spark.example.com", "value", "sc://spark.example.com:15002/;spark-token=value"},
		"http URL with a slash":    {"http://spark.example.com/", "value", "sc://spark.example.com:15002/;spark-token=value"},
		"capitals":                 {"HTTPS://Spark.Example.COM", "value", "sc://Spark.Example.COM:15002/;spark-token=value"},
		"short name":               {"spark", "value", "sc://spark:15002/;spark-token=value"},
		"underscore and final dot": {"spark_1.example.com.", "value", "sc://spark_1.example.com.:15002/;spark-token=value"},
		"Cyrillic name":            {"спарк.рф", "value", "sc://спарк.рф:15002/;spark-token=value"},
		"IPv4":                     {"192.0.2.7:15002", "value", "sc://192.0.2.7:15002/;spark-token=value"},
		"IPv6":                     {"[2001:db8::7]", "value", "sc://[2001:db8::7]:15002/;spark-token=value"},
		"IPv6 with the port":       {"sc://[2001:db8::7]:15002/", "value", "sc://[2001:db8::7]:15002/;spark-token=value"},
		"IPv6 without brackets":    {"2001:db8::7", "value", "sc://[2001:db8::7]:15002/;spark-token=value"},
		"reserved characters":      {"h", "a+b/c=d;e&f g%h?i#j:k@l", "sc://h:15002/;spark-token=a%2Bb%2Fc%3Dd%3Be%26f%20g%25h%3Fi%23j%3Ak%40l"},
		"unreserved characters":    {"h", "A-z_0.9~", "sc://h:15002/;spark-token=A-z_0.9~"},
		"not ASCII":                {"h", "ключ", "sc://h:15002/;spark-token=%D0%BA%D0%BB%D1%8E%D1%87"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sparkConnectURL(t, test.host, test.token)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// What is no host or no token is an error of that argument, which repeats neither: the host may have a token in it.
func TestSparkConnectURLRefuses(t *testing.T) {
	t.Parallel()
	const notOnlyAName = "The host is more than a name, or has a scheme other than sc, http and https; pass the domain name " +
		"of the cluster, such as spark.example.com."
	for name, test := range map[string]struct {
		host, token string
		argument    int64
		want        string
	}{
		"empty host":           {"", "hidden", 0, "The host is empty; pass"},
		"scheme alone":         {"sc://", "hidden", 0, notOnlyAName},
		"slash alone":          {"/", "hidden", 0, notOnlyAName},
		"wrong port":           {"spark.example.com:443", "hidden", 0, "The host has port 443, but Spark Connect uses port 15002, which can be omitted"},
		"wrong port of a URL":  {"https://spark.example.com:8443/", "hidden", 0, "The host has port 8443"},
		"wrong port of IPv6":   {"[2001:db8::7]:15003", "hidden", 0, "The host has port 15003"},
		"port of letters":      {"spark.example.com:spark", "hidden", 0, notOnlyAName},
		"port out of range":    {"spark.example.com:150021", "hidden", 0, notOnlyAName},
		"another scheme":       {"ftp://spark.example.com", "hidden", 0, notOnlyAName},
		"two schemes":          {"sc://https://spark.example.com", "hidden", 0, notOnlyAName},
		"path":                 {"spark.example.com/x", "hidden", 0, notOnlyAName},
		"query":                {"spark.example.com?x=y", "hidden", 0, notOnlyAName},
		"fragment":             {"spark.example.com#x", "hidden", 0, notOnlyAName},
		"user":                 {"me:secret@spark.example.com", "hidden", 0, notOnlyAName},
		"whole URL":            {"sc://spark.example.com:15002/;spark-token=secret", "hidden", 0, notOnlyAName},
		"whole URL, no slash":  {"spark.example.com:15002;spark-token=secret", "hidden", 0, notOnlyAName},
		"token for a name":     {"spark.example.com;spark-token=secret", "hidden", 0, notOnlyAName},
		"white space":          {"spark.example.com\n", "hidden", 0, notOnlyAName},
		"brackets, no address": {"[secret]", "hidden", 0, notOnlyAName},
		"brackets, IPv4":       {"[192.0.2.7]", "hidden", 0, "The text in brackets is not an IPv6 address"},
		"zone":                 {"[fe80::1%25eth0]", "hidden", 0, notOnlyAName},
		"zone, no brackets":    {"fe80::1%eth0", "hidden", 0, notOnlyAName},
		"empty token":          {"spark.example.com", "", 1, "The token is empty."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sparkConnectURL(t, test.host, test.token)
			if err == nil {
				t.Fatalf("got %s", got)
			}
			if err.FunctionArgument == nil || *err.FunctionArgument != test.argument || !strings.Contains(err.Text, test.want) {
				t.Errorf("the error is %v", err)
			}
			if strings.Contains(err.Text, "secret") || strings.Contains(err.Text, "hidden") {
				t.Errorf("the error repeats a secret: %s", err.Text)
			}
		})
	}
}

// The result is sensitive, ephemeral or unknown if an argument is.
func TestSparkConnectURLInAConfiguration(t *testing.T) {
	t.Parallel()
	const url = "sc://spark.example.com:15002/;spark-token=emulated-access%2Fx"
	for name, test := range acctest.Sample(2, map[string]struct {
		config   string
		features []acctest.Feature
		exitCode int
		want     string
		printed  bool
	}{
		"plain": {`
variable "token" {}

output "url" {
  value = provider::mlplatform::spark_connect_url("spark.example.com", var.token)
}
`, nil, 0, url, true},
		"sensitive": {`
variable "token" {
  sensitive = true
}

output "url" {
  value     = provider::mlplatform::spark_connect_url("spark.example.com", var.token)
  sensitive = true
}
`, nil, 0, "url = <sensitive>", false},
		"sensitive, output is not": {`
variable "token" {
  sensitive = true
}

output "url" {
  value = provider::mlplatform::spark_connect_url("spark.example.com", var.token)
}
`, nil, 1, "Output refers to sensitive values", false},
		"ephemeral, output is not": {`
variable "token" {
  ephemeral = true
}

output "url" {
  value = provider::mlplatform::spark_connect_url("spark.example.com", var.token)
}
`, []acctest.Feature{acctest.EphemeralResources}, 1, "phemeral", false},
		"unknown": {`
variable "token" {}

resource "terraform_data" "later" {
  input = "spark.example.com"
}

output "url" {
  value = provider::mlplatform::spark_connect_url(terraform_data.later.output, var.token)
}
`, nil, 0, url, true},
		"invalid": {`
variable "token" {
  sensitive = true
}

output "url" {
  value     = provider::mlplatform::spark_connect_url("spark.example.com:443", var.token)
  sensitive = true
}
`, nil, 1, "The host has port 443", false},
		"null": {`
output "url" {
  value = provider::mlplatform::spark_connect_url("spark.example.com", null)
}
`, nil, 1, "argument must not be null", false},
		"empty": {`
output "url" {
  value = provider::mlplatform::spark_connect_url("spark.example.com", "")
}
`, nil, 1, "The token is empty.", false},
	}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, append(test.features, acctest.ProviderFunctions)...)
			w := acctest.NewWorkspace(t, acctest.NewService(t))
			w.Env["TF_VAR_token"] = "emulated-access/x"
			w.Write("versions.tf", `
terraform {
  required_providers {
    mlplatform = { source = "mlplatform/mlplatform" }
  }
}
`)
			w.Write("main.tf", test.config)
			got := w.Run("apply", "-no-color", "-auto-approve")
			if got.ExitCode != test.exitCode || !got.Matches(test.want) {
				t.Errorf("exit code %d; the output should have %q:\n%s", got.ExitCode, test.want, got.Output())
			}
			if printed := strings.Contains(got.Output(), "emulated-access"); printed != test.printed {
				t.Errorf("the value is printed: %t", printed)
			}
		})
	}
}

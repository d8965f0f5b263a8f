// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"Russia":                  {mlplatform.DefaultEndpoint, "https://msk.cloud.vk.ru/infra/mlplatform"},
		"Kazakhstan":              {mlplatform.EndpointKazakhstan, "https://kz.cloud.vk.kz/infra/mlplatform"},
		"only a host":             {"https://example.com", "https://example.com"},
		"trailing slash":          {"https://example.com/", "https://example.com"},
		"trailing slashes":        {"https://example.com/ml//", "https://example.com/ml"},
		"port":                    {"https://example.com:8443/ml", "https://example.com:8443/ml"},
		"scheme in upper case":    {"HTTPS://example.com", "https://example.com"},
		"http to 127.0.0.1":       {"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
		"http to 127.8.9.10":      {"http://127.8.9.10", "http://127.8.9.10"},
		"http to IPv6 loopback":   {"http://[::1]:8080/", "http://[::1]:8080"},
		"http to mapped loopback": {"http://[::ffff:127.0.0.1]:8080", "http://[::ffff:127.0.0.1]:8080"},
		"http to localhost":       {"http://localhost:8080/ml", "http://localhost:8080/ml"},
		"http to LOCALHOST":       {"http://LOCALHOST:8080", "http://LOCALHOST:8080"},
		"https to IPv6":           {"https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"},
		"escaped path":            {"https://example.com/a%2Fb", "https://example.com/a%2Fb"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := mlplatform.ParseEndpoint(test.text)
			if err != nil || got != test.want {
				t.Errorf("got %q, error %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestParseEndpointRefuses(t *testing.T) {
	t.Parallel()
	const credentials = "contains credentials"
	tests := map[string]struct{ text, why string }{
		"empty":                            {"", "does not begin with https://"},
		"ftp":                              {"ftp://example.com", `"ftp://example.com" does not begin with https://`},
		"no scheme":                        {"example.com/ml", "does not begin with https://"},
		"only host and port":               {"example.com:443", "does not begin with https://"},
		"scheme-relative":                  {"//example.com", "does not begin with https://"},
		"http to a name":                   {"http://example.com", `"http://example.com" is not encrypted`},
		"http to an address":               {"http://192.0.2.1", "is not encrypted"},
		"http to all addresses":            {"http://0.0.0.0:8080", "is not encrypted"},
		"http to IPv6":                     {"http://[2001:db8::1]", "is not encrypted"},
		"http to a name with localhost":    {"http://localhost.example.com", "is not encrypted"},
		"http to a name with 127.0.0.1":    {"http://127.0.0.1.example.com", "is not encrypted"},
		"without a host":                   {"https://", `"https://" has no host`},
		"path without a host":              {"https:///ml", "has no host"},
		"port without a host":              {"https://:8443", "has no host"},
		"no slashes":                       {"https:example.com", "has no host"},
		"query":                            {"https://example.com/?a=canary", `"https://example.com/?..." has a query or a fragment`},
		"empty query":                      {"https://example.com/?", "has a query or a fragment"},
		"empty fragment":                   {"https://example.com/#", "has a query or a fragment"},
		"fragment":                         {"https://example.com/#canary", "has a query or a fragment"},
		"query after a wrong scheme":       {"ftp://example.com/?a=canary", "has a query or a fragment"},
		"query without a host":             {"https://?a=canary", "has a query or a fragment"},
		"bad port":                         {"https://example.com:port", "is not a URL"},
		"space in the host":                {"https://exam ple.com", "is not a URL"},
		"line break":                       {"https://example.com\n", "is not a URL"},
		"open bracket":                     {"https://[::1", "is not a URL"},
		"bad escape":                       {"https://example.com/%zz", "is not a URL"},
		"user and password":                {"https://user:canary@example.com", credentials},
		"only a user":                      {"https://canary@example.com", credentials},
		"password for http":                {"http://user:canary@127.0.0.1", credentials},
		"loopback as the user":             {"http://127.0.0.1@example.com", credentials},
		"password for ftp":                 {"ftp://user:canary@example.com", credentials},
		"password and query":               {"https://user:canary@example.com?a=b", credentials},
		"password without a scheme":        {"user:canary@example.com", credentials},
		"password without slashes":         {"https:user:canary@example.com", credentials},
		"password that is no URL":          {"https://user:can ary@example.com", credentials},
		"password with a bad escape":       {"https://user:canary%zz@example.com", credentials},
		"password with a slash":            {"https://user:canary/1@example.com", credentials},
		"password with a number and slash": {"https://user:1/canary@example.com", credentials},
		"password with a query mark":       {"https://user:1?canary@example.com", credentials},
		"password with a hash":             {"https://user:1#canary@example.com", credentials},
		"password and a bad port":          {"https://user:canary@example.com:port", credentials},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := mlplatform.ParseEndpoint(test.text)
			if err == nil {
				t.Fatalf("%q was accepted as %q", test.text, got)
			}
			for _, part := range []string{test.why, "an endpoint looks like " + mlplatform.DefaultEndpoint} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got error %v, want: %s", err, part)
				}
			}
			for _, part := range []string{"canary", "%zz@"} {
				if strings.Contains(err.Error(), part) {
					t.Errorf("the error contains %q: %v", part, err)
				}
			}
		})
	}
}

func TestNewRefusesABadEndpoint(t *testing.T) {
	t.Parallel()
	client, err := mlplatform.New(mlplatform.Config{Endpoint: "http://example.com"})
	if err == nil || client != nil || !strings.Contains(err.Error(), "is not encrypted") {
		t.Errorf("got %v, error %v", client, err)
	}
}

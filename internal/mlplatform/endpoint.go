// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform/wire"
)

// DefaultEndpoint is the service root of VK Cloud in Russia (published).
const DefaultEndpoint = wire.ServerUrlRussia

// EndpointKazakhstan is the service root of VK Cloud in Kazakhstan (published).
const EndpointKazakhstan = wire.ServerUrlKazakhstan

// ParseEndpoint validates a service root: an absolute https URL with a host, or an http one for a loopback host, because
// a token must not cross a network unencrypted. Credentials, a query and a fragment are not allowed. The result has no
// trailing slash. The error says what is wrong and shows a valid endpoint; it never contains credentials.
func ParseEndpoint(text string) (string, error) {
	fail := func(why string) (string, error) {
		return "", fmt.Errorf("%s; an endpoint looks like %s", why, DefaultEndpoint)
	}
	// These come first and look at the text itself, because the errors below quote it, and url.Parse may not recognize
	// what it contains.
	if strings.Contains(text, "@") {
		return fail("it contains credentials, which belong in the token")
	}
	if end := strings.IndexAny(text, "?#"); end >= 0 {
		return fail(fmt.Sprintf("%q has a query or a fragment", text[:end+1]+"..."))
	}
	parsed, err := url.Parse(text)
	if err != nil {
		var urlErr *url.Error
		if errors.As(err, &urlErr) {
			err = urlErr.Err
		}
		return fail("it is not a URL: " + err.Error())
	}
	switch {
	case parsed.Scheme != "https" && parsed.Scheme != "http":
		return fail(fmt.Sprintf("%q does not begin with https://", text))
	case parsed.Hostname() == "":
		return fail(fmt.Sprintf("%q has no host", text))
	case parsed.Scheme == "http" && !isLoopback(parsed.Hostname()):
		return fail(fmt.Sprintf("%q is not encrypted: http:// is accepted only for loopback hosts such as 127.0.0.1", text))
	}
	return strings.TrimRight(parsed.String(), "/"), nil
}

// EndpointHost returns the host of an endpoint that ParseEndpoint returned, with the port if it has one.
func EndpointHost(endpoint string) string {
	parsed, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return parsed.Host
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}

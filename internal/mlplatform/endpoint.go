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

// DefaultEndpoint is the service root of VK Cloud in Russia. Grade: published (VK Cloud list of API endpoints).
const DefaultEndpoint = wire.ServerUrlRussia

// EndpointKazakhstan is the service root of VK Cloud in Kazakhstan. Grade: published (VK Cloud list of API endpoints).
const EndpointKazakhstan = wire.ServerUrlKazakhstan

// ParseEndpoint checks a service root: an absolute https URL with a host, or an http one for a loopback host, because
// a token must not cross a network in the clear. Credentials, a query or a fragment are refused. The result has no
// slash at its end. The error says what is wrong and shows a right one; it never repeats credentials.
func ParseEndpoint(text string) (string, error) {
	fail := func(why string) (string, error) {
		return "", fmt.Errorf("%s; an endpoint looks like %s", why, DefaultEndpoint)
	}
	// Both are looked for in the text itself and first: what holds them is not always read as a URL that does, and the
	// errors below repeat the text.
	if strings.Contains(text, "@") {
		return fail("it holds credentials, which belong into the token")
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
		return fail(fmt.Sprintf("%q is not encrypted: http:// is for a loopback host such as 127.0.0.1 alone", text))
	}
	return strings.TrimRight(parsed.String(), "/"), nil
}

// hostOf returns the host of an endpoint that ParseEndpoint has accepted, with the port if it has one.
func hostOf(endpoint string) string {
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

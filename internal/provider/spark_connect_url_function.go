// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
)

var _ function.Function = (*sparkConnectURLFunction)(nil)

func newSparkConnectURLFunction() function.Function { return &sparkConnectURLFunction{} }

// sparkConnectPort is the Spark Connect port of a cluster (VK Cloud documentation, Spark Connect).
const sparkConnectPort = "15002"

// sparkConnectURLFunction builds the connection URL of a Spark Connect client.
type sparkConnectURLFunction struct{}

func (f *sparkConnectURLFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "spark_connect_url"
}

func (f *sparkConnectURLFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Build a Spark Connect URL",
		MarkdownDescription: "Returns `sc://HOST:" + sparkConnectPort + "/;spark-token=TOKEN`, the connection URL of a Spark " +
			"Connect client, with the token percent-encoded. The result is sensitive if the token is.",
		Parameters: []function.Parameter{
			function.StringParameter{
				Name: "host",
				MarkdownDescription: "Domain name or IP address of the cluster, such as `spark.example.com`. A trailing slash or `:" +
					sparkConnectPort + "` is allowed; another port, or a scheme other than `sc`, `http` and `https`, is an error.",
			},
			function.StringParameter{Name: "token", MarkdownDescription: "Value of an access token."},
		},
		Return: function.StringReturn{},
	}
}

func (f *sparkConnectURLFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var host, token string
	if resp.Error = req.Arguments.Get(ctx, &host, &token); resp.Error != nil {
		return
	}
	if token == "" {
		resp.Error = function.NewArgumentFuncError(1, "The token is empty. Pass the value of an access token. The "+
			"value of an imported token is unknown until the token is replaced.")
		return
	}
	result, err := sparkConnectURL(host, token)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, sentence(err.Error()))
		return
	}
	resp.Error = resp.Result.Set(ctx, result)
}

// sparkConnectURL builds the URL as the VK Cloud documentation shows it (Spark Connect). The percent-encoding is that of
// Spark's own connection strings.
func sparkConnectURL(host, token string) (string, error) {
	name, err := sparkConnectHost(host)
	if err != nil {
		return "", fmt.Errorf("%w; pass the domain name of the cluster, such as spark.example.com", err)
	}
	encoded := strings.ReplaceAll(url.QueryEscape(token), "+", "%20")
	return "sc://" + net.JoinHostPort(name, sparkConnectPort) + "/;spark-token=" + encoded, nil
}

// sparkHost matches a domain name or an address, optionally with a scheme, a port and trailing slashes.
var sparkHost = regexp.MustCompile(`^(?i:(?:sc|https?)://)?(\[[0-9A-Fa-f:.]+\]|[\pL\pN][\pL\pN_.-]*)(?::([0-9]{1,5}))?/*$`)

// sparkConnectHost returns the bare name or address. Its errors do not repeat the text: if it is a complete Spark Connect
// URL, it contains a token.
func sparkConnectHost(text string) (string, error) {
	if isIPv6(text) { // without brackets
		return text, nil
	}
	found := sparkHost.FindStringSubmatch(text)
	switch {
	case text == "":
		return "", errors.New("the host is empty")
	case found == nil:
		return "", errors.New("the host is more than a name, or has a scheme other than sc, http and https")
	case found[2] != "" && found[2] != sparkConnectPort:
		return "", fmt.Errorf("the host has port %s, but Spark Connect uses port %s, which can be omitted", found[2], sparkConnectPort)
	}
	host := strings.Trim(found[1], "[]")
	if host != found[1] && !isIPv6(host) {
		return "", errors.New("the text in brackets is not an IPv6 address")
	}
	return host, nil
}

func isIPv6(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.Is6() && address.Zone() == ""
}

// SPDX-License-Identifier: MPL-2.0

// Package serve runs the provider as a plugin of Terraform or OpenTofu.
package serve

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/provider"
)

const (
	// gcPercent is the garbage collector's target. A plugin is short-lived and its heap is small: with 200, a plan of
	// 1,000 tokens takes as long as with 800 and 160 MiB less.
	gcPercent = 200
	// shutdownGracePeriod is how long the provider may work after its last call. Terraform and OpenTofu kill it after two
	// seconds.
	shutdownGracePeriod = 1800 * time.Millisecond
)

// Provider serves the provider until the CLI disconnects, then revokes the ephemeral tokens that are still open.
func Provider(version string, debugging bool) error {
	var open provider.OpenTokens
	err := Server(providerserver.NewProtocol6(provider.New(version, provider.WithOpenTokens(&open))()), debugging)
	ctx, cancel := context.WithTimeout(context.Background(), shutdownGracePeriod)
	defer cancel()
	return errors.Join(err, open.Revoke(ctx))
}

// Server serves an implementation of the protocol with the settings of the provider.
func Server(server func() tfprotov6.ProviderServer, debugging bool) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if !logRequested(os.Environ()) {
		// Otherwise the SDK writes every line at TRACE and Terraform drops it: more than half of the work of both when a
		// plan reads many resources.
		for _, name := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER_MLPLATFORM"} {
			if err := os.Setenv(name, "OFF"); err != nil {
				return err
			}
		}
	}
	// net/http logs bytes of a malformed response, which could be those of a token.
	log.SetOutput(io.Discard)
	var options []tf6server.ServeOpt
	if debugging {
		options = append(options, tf6server.WithManagedDebug())
	}
	return tf6server.Serve(provider.Address, server, options...)
}

// logRequested reports whether the environment asks for a log of providers.
func logRequested(environ []string) bool {
	for _, setting := range environ {
		name, value, _ := strings.Cut(setting, "=")
		if value == "" {
			continue
		}
		if name == "TF_LOG" || name == "TF_LOG_PROVIDER" || name == "TF_LOG_SDK" ||
			strings.HasPrefix(name, "TF_LOG_PROVIDER_") || strings.HasPrefix(name, "TF_LOG_SDK_") {
			return true
		}
	}
	return false
}

// SPDX-License-Identifier: MPL-2.0

// Command terraform-provider-mlplatform is a Terraform provider for the tokens of VK Cloud's ML Platform.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	runtimedebug "runtime/debug"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/provider"
)

// version is set at build time.
var version = "dev"

// shutdownGracePeriod is how long the provider may work after its last call. Terraform and OpenTofu kill it after two seconds.
const shutdownGracePeriod = 1800 * time.Millisecond

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger, and print the TF_REATTACH_PROVIDERS to run Terraform with")
	printVersion := flag.Bool("version", false, "print the version of the provider, and do nothing else")
	flag.Parse()
	if *printVersion {
		fmt.Println("terraform-provider-mlplatform", version)
		return
	}
	settings := quietSettings(os.Environ())
	quiet := len(settings) > 0
	for name, value := range settings {
		if err := os.Setenv(name, value); err != nil {
			log.Fatal(err)
		}
	}
	if os.Getenv("GOGC") == "" {
		runtimedebug.SetGCPercent(gcPercent)
	}
	// Parts of the standard library log bytes of an answer that they cannot make sense of. Those could be a token's.
	log.SetOutput(io.Discard)
	stderr := os.Stderr // to serve replaces it
	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	var open provider.OpenTokens
	err := tf6server.Serve(provider.Address, func() tfprotov6.ProviderServer {
		server := providerserver.NewProtocol6(provider.New(version, provider.WithOpenTokens(&open))())()
		if full, ok := server.(framework); ok && quiet {
			return quietServer{full}
		}
		return server
	}, options...)
	ctx, cancel := context.WithTimeout(context.Background(), shutdownGracePeriod)
	err = errors.Join(err, open.Revoke(ctx))
	cancel()
	if err != nil {
		fmt.Fprintln(stderr, err)
		os.Exit(1)
	}
}

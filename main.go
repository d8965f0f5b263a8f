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

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/provider"
)

// version is set at build time.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger, and print the TF_REATTACH_PROVIDERS to run Terraform with")
	printVersion := flag.Bool("version", false, "print the version of the provider, and do nothing else")
	flag.Parse()
	if *printVersion {
		fmt.Println("terraform-provider-mlplatform", version)
		return
	}
	for name, value := range quietSettings(os.Environ()) {
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
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: provider.Address,
		Debug:   *debug,
	})
	if err = errors.Join(err, provider.RevokeLeftOpen()); err != nil {
		fmt.Fprintln(stderr, err)
		os.Exit(1)
	}
}

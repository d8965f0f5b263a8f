// SPDX-License-Identifier: MPL-2.0

// Command terraform-provider-mlplatform is a Terraform provider for the tokens of VK Cloud's ML Platform.
package main

import (
	"context"
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
	flag.Parse()
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
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: provider.Address,
		Debug:   *debug,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// SPDX-License-Identifier: MPL-2.0

// Command terraform-provider-mlplatform is a Terraform provider for the tokens of VK Cloud's ML Platform.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/serve"
)

// version is set at build time.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger, and print the TF_REATTACH_PROVIDERS to run Terraform with")
	printVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *printVersion {
		fmt.Println("terraform-provider-mlplatform", version)
		return
	}
	stderr := os.Stderr // serving replaces it
	if err := serve.Provider(version, *debug); err != nil {
		fmt.Fprintln(stderr, err)
		os.Exit(1)
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
	"strings"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

var longName = strings.Repeat("a long name ", 20) + "end"

// registerToken writes a resource block with the given attributes.
func registerToken(attributes string) string {
	return fmt.Sprintf("resource \"mlplatform_register_token\" \"test\" {\n%s\n}\n", attributes)
}

func seedToken(name string) emulator.SeedToken { return emulator.SeedToken{Name: name} }

// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"fmt"
)

// registerToken writes a resource block with the given attributes.
func registerToken(attributes string) string {
	return fmt.Sprintf("resource \"mlplatform_register_token\" \"test\" {\n%s\n}\n", attributes)
}

// accessToken writes a resource block with the given attributes.
func accessToken(attributes string) string {
	return fmt.Sprintf("resource \"mlplatform_access_token\" \"test\" {\n%s\n}\n", attributes)
}

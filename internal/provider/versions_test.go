// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

func skipBelow(minimum string) tfversion.TerraformVersionCheck {
	return tfversion.SkipBelow(version.Must(version.NewVersion(minimum)))
}

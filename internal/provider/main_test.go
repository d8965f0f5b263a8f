// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
)

// TestMain also lets -sweep clean a live project.
func TestMain(m *testing.M) { acctest.Main(m) }

// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"
)

func TestMain(m *testing.M) { acctest.Main(m) }

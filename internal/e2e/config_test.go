// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"fmt"
	"strings"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

const (
	tokenAddress    = "mlplatform_access_token.test"
	registerAddress = "mlplatform_register_token.test"
	ephemeralValue  = "ephemeral.mlplatform_access_token.test.token"
	runProvider     = "provider \"mlplatform\" {\n  alias = \"run\"\n  token = " + ephemeralValue + "\n}\n"
	dayLong         = 24 * time.Hour
)

func lines(attributes ...string) string { return strings.Join(attributes, "\n") }

func accessToken(attributes string) string {
	return fmt.Sprintf("resource \"mlplatform_access_token\" \"test\" {\n%s\n}\n", attributes)
}

func registerToken(attributes string) string {
	return fmt.Sprintf("resource \"mlplatform_register_token\" \"test\" {\n%s\n}\n", attributes)
}

func dataSource(kind, attributes string) string {
	return fmt.Sprintf("data \"mlplatform_%[1]s\" \"%[1]s\" {\n%[2]s\n}\n", kind, attributes)
}

func ephemeralBlock(kind, attributes string) string {
	return fmt.Sprintf("ephemeral \"mlplatform_%s\" \"test\" {\n%s\n}\n", kind, attributes)
}

// job is a resource that needs a value while it is made, as the submission of a Spark job does. It leaves a digest of
// the value in the file "used".
func job(value string) string {
	return fmt.Sprintf(`
resource "terraform_data" "job" {
  provisioner "local-exec" {
    command     = "printf %%s \"$VALUE\" | sha256sum > used"
    environment = { VALUE = %s }
  }
}
`, value)
}

func seedToken(name string) emulator.SeedToken { return emulator.SeedToken{Name: name} }

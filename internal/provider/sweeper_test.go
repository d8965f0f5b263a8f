// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/acctest"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

func init() {
	resource.AddTestSweepers("mlplatform_access_token", &resource.Sweeper{
		Name: "mlplatform_access_token",
		F: func(string) error {
			client, err := mlplatform.New(mlplatform.Config{
				Endpoint:       os.Getenv("MLPLATFORM_ENDPOINT"),
				Token:          mlplatform.Secret(os.Getenv("MLPLATFORM_TOKEN")),
				UserAgent:      "terraform-provider-mlplatform sweeper",
				RequestTimeout: time.Minute,
				MaxRetries:     4,
			})
			if err != nil {
				return err
			}
			return sweep(context.Background(), client)
		},
	})
}

// sweep deletes what acceptance tests left behind, but never the token that it works with.
func sweep(ctx context.Context, client *mlplatform.Client) error {
	self, err := client.WhoAmI(ctx)
	if err != nil {
		return err
	}
	list, err := client.ListAccessTokens(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for _, token := range list.Tokens {
		if !strings.HasPrefix(token.Name, acctest.LivePrefix) || token.ID == self.ID {
			continue
		}
		if err := client.DeleteAccessToken(ctx, token.Name); err != nil && !mlplatform.IsNotFound(err) {
			failures = append(failures, fmt.Errorf("sweeping %q: %w", token.Name, err))
		}
	}
	return errors.Join(failures...)
}

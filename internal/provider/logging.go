// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// logAttempt logs one attempt of a request. It never receives headers, bodies or the query.
func logAttempt(ctx context.Context, attempt mlplatform.Attempt) {
	fields := map[string]any{
		"method":      attempt.Method,
		"path":        attempt.Path,
		"status":      attempt.Status,
		"duration_ms": attempt.Duration.Milliseconds(),
	}
	if attempt.Err != nil {
		fields["error"] = attempt.Err.Error()
	}
	tflog.Debug(ctx, "ML Platform request", fields)
}

// logGoodwill logs a spelling of the service that differs from the contract.
func logGoodwill(ctx context.Context, text string) {
	tflog.Warn(ctx, "ML Platform response differs from the contract of the provider", map[string]any{"difference": text})
}

// masked returns a context whose log lines do not show the values. No line contains one today; this guards against a line
// that is added by mistake.
func masked(ctx context.Context, values ...mlplatform.Secret) context.Context {
	for _, value := range values {
		if value != "" {
			ctx = tflog.MaskAllFieldValuesStrings(ctx, value.Reveal())
			ctx = tflog.MaskMessageStrings(ctx, value.Reveal())
		}
	}
	return ctx
}

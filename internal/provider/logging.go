// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// logExchange logs one attempt of a request. It never receives headers, bodies or the query.
func logExchange(ctx context.Context, exchange mlplatform.Exchange) {
	fields := map[string]any{
		"method":      exchange.Method,
		"path":        exchange.Path,
		"status":      exchange.Status,
		"duration_ms": exchange.Duration.Milliseconds(),
	}
	if exchange.Err != nil {
		fields["error"] = exchange.Err.Error()
	}
	tflog.Debug(ctx, "ML Platform request", fields)
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

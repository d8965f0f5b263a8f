// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// logExchange writes one line for each attempt of a request. Headers, bodies and the query never reach it.
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

// masked keeps a value out of every log line that is written under the returned context. No line is meant to hold
// one; this is for the line that somebody adds by mistake.
func masked(ctx context.Context, values ...mlplatform.Secret) context.Context {
	for _, value := range values {
		if value != "" {
			ctx = tflog.MaskAllFieldValuesStrings(ctx, value.Reveal())
			ctx = tflog.MaskMessageStrings(ctx, value.Reveal())
		}
	}
	return ctx
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// Keys of the private state, which Terraform stores with a resource but never shows.
const (
	privateOrigin   = "origin"
	privateMintedAt = "minted_at"
	privateKnown    = "known_ids"
	// privateSuccessor is only in the private data of a plan.
	privateSuccessor = "successor"
)

type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// readPrivate reads a key; a key that was never written gives the zero value.
func readPrivate[T any](ctx context.Context, private privateReader, key string, diags *diag.Diagnostics) T {
	var out T
	raw, more := private.GetKey(ctx, key)
	diags.Append(more...)
	if len(raw) == 0 {
		return out
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		diags.AddError("Unable to read the private state", "The key "+key+" is malformed. To repair the state, run "+
			"`terraform state rm` and `terraform import`, and report this to the developers of the provider.")
	}
	return out
}

func writePrivate(ctx context.Context, private privateWriter, key string, value any, diags *diag.Diagnostics) {
	raw, err := json.Marshal(value)
	if err != nil {
		diags.AddError("Unable to write the private state", sentence(err.Error()))
		return
	}
	diags.Append(private.SetKey(ctx, key, raw)...)
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// Keys of the resources' private state, which Terraform keeps beside the attributes and shows to nobody.
const (
	privateOrigin = "origin"
	privateKnown  = "known_ids"
)

type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// readPrivate reads a key; one that was never written is the zero value.
func readPrivate[T any](ctx context.Context, private privateReader, key string, diags *diag.Diagnostics) T {
	var out T
	raw, more := private.GetKey(ctx, key)
	diags.Append(more...)
	if len(raw) == 0 {
		return out
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		diags.AddError("Unable to read the private state", "The key "+key+" is malformed. Report this to the developers of "+
			"the provider; `terraform state rm` and `terraform import` mend the state.")
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

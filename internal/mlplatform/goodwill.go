// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"sync"
)

// goodwill reports spellings of the service that differ from openapi.yaml but cannot be misunderstood, so that the contract
// can be corrected. Each text is reported once.
type goodwill struct {
	warn     func(context.Context, string)
	mu       sync.Mutex
	reported map[string]struct{}
}

// report must not be called with a text that holds a value or anything else of unbounded variety.
func (g *goodwill) report(ctx context.Context, text string) {
	if g.warn == nil {
		return
	}
	g.mu.Lock()
	_, known := g.reported[text]
	if !known {
		if g.reported == nil {
			g.reported = map[string]struct{}{}
		}
		g.reported[text] = struct{}{}
	}
	g.mu.Unlock()
	if !known {
		g.warn(ctx, text)
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"errors"
	"sync"
)

// OpenTokens holds the ephemeral access tokens that were opened and not closed yet. Terraform and OpenTofu skip the close
// when a run fails and just let the provider exit, so the program revokes what is left. The zero value is ready to use.
type OpenTokens struct {
	mu     sync.Mutex
	tokens map[string]revocation // by ID
}

// revocation deletes one access token.
type revocation func(context.Context) error

func (o *OpenTokens) add(id string, revoke revocation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tokens == nil {
		o.tokens = map[string]revocation{}
	}
	o.tokens[id] = revoke
}

func (o *OpenTokens) remove(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.tokens, id)
}

// Revoke deletes the tokens that are still open. The error names each one that could not be deleted.
func (o *OpenTokens) Revoke(ctx context.Context) error {
	o.mu.Lock()
	open := o.tokens
	o.tokens = nil
	o.mu.Unlock()
	results := make(chan error, len(open))
	for _, revoke := range open {
		go func() { results <- revoke(ctx) }()
	}
	var failures error
	for range open {
		failures = errors.Join(failures, <-results)
	}
	return failures
}

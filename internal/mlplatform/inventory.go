// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// inventoryAge is how old a shared list may be. Terraform refreshes many resources side by side; within this time one
// request serves them all.
const inventoryAge = 5 * time.Second

// inventory is the list of access tokens, shared by all readers of a client.
type inventory struct {
	fetch func(context.Context) (AccessTokenList, error)
	group singleflight.Group

	mu      sync.Mutex
	list    AccessTokenList
	fetched time.Time // the start of the request, so that the age errs on the side of a new one
	writes  int       // counts this client's writes; a list begun before one is not kept
}

func newInventory(fetch func(context.Context) (AccessTokenList, error)) *inventory {
	return &inventory{fetch: fetch}
}

// AccessTokens is ListAccessTokens shared with other readers of this client: the answer may be up to five seconds old,
// but never older than a write of this client. The list must not be changed.
func (c *Client) AccessTokens(ctx context.Context) (AccessTokenList, error) {
	return c.inventory.get(ctx)
}

func (i *inventory) get(ctx context.Context) (AccessTokenList, error) {
	i.mu.Lock()
	if !i.fetched.IsZero() && time.Since(i.fetched) < inventoryAge {
		defer i.mu.Unlock()
		return i.list, nil
	}
	i.mu.Unlock()
	// The request belongs to all who wait for it, so one that is cancelled must not end it for the others. It ends by
	// the time limit of the request.
	answer := i.group.DoChan("list", func() (any, error) { return i.refresh(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return AccessTokenList{}, &Error{Operation: "list the access tokens", Err: ctx.Err()}
	case result := <-answer:
		if result.Err != nil {
			return AccessTokenList{}, result.Err
		}
		return result.Val.(AccessTokenList), nil //nolint:forcetypeassert // refresh returns nothing else
	}
}

func (i *inventory) refresh(ctx context.Context) (AccessTokenList, error) {
	start := time.Now()
	i.mu.Lock()
	writes := i.writes
	i.mu.Unlock()
	list, err := i.fetch(ctx)
	if err != nil {
		return AccessTokenList{}, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.writes == writes {
		i.list, i.fetched = list, start
	}
	return list, nil
}

// forget is called after each write: what was listed before it no longer holds, and a request that is on its way must
// not serve those who ask from now on.
func (i *inventory) forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.writes++
	i.fetched = time.Time{}
	i.group.Forget("list")
}

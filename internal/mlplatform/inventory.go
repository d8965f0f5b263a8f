// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// readAge is how old a shared list may be for reading. Terraform refreshes all resources at the beginning of a run,
	// and one request is to serve them all, however slow the machine is.
	readAge = time.Minute
	// createAge is how old it may be where it tells whether a name is free.
	createAge = 5 * time.Second
	// deleteAge is how old it may be where it decides whether a name still belongs to the token that is to be deleted.
	deleteAge = 2 * time.Second
)

// inventory is the list of access tokens, shared by all readers of a client. It follows this client's own writes, so
// that a run which makes a thousand tokens does not list them a thousand times.
type inventory struct {
	fetch func(context.Context) (AccessTokenList, error)
	group singleflight.Group

	mu     sync.Mutex
	latest snapshot
	own    map[string]struct{} // the ids of the tokens that this client has made
	// onTheWay are the requests whose answer may or may not reflect the writes that happen meanwhile.
	onTheWay map[*listing]struct{}
}

// snapshot is a list and when its request began, so that its age errs on the side of a new one; zero for no list.
type snapshot struct {
	list  AccessTokenList
	start time.Time
}

// listing is a request for the list that has not been answered yet.
type listing struct {
	changes []change
	// outdated is set when something happened whose outcome nobody knows.
	outdated bool
}

// change is a write of this client: either a token that was added or a name that was deleted.
type change struct {
	added   AccessToken
	deleted string
}

func newInventory(fetch func(context.Context) (AccessTokenList, error)) *inventory {
	return &inventory{fetch: fetch, own: map[string]struct{}{}, onTheWay: map[*listing]struct{}{}}
}

// AccessTokens is ListAccessTokens shared with other readers of this client. The answer may be up to a minute old,
// but it follows this client's own writes. The list must not be changed.
func (c *Client) AccessTokens(ctx context.Context) (AccessTokenList, error) {
	return c.inventory.get(ctx, readAge)
}

// FreshAccessTokens is AccessTokens with a list whose request began after the call. Calls that come together share one
// request.
func (c *Client) FreshAccessTokens(ctx context.Context) (AccessTokenList, error) {
	return c.inventory.get(ctx, 0)
}

// get returns the list as it was when it was asked for, or up to age before that.
func (i *inventory) get(ctx context.Context, age time.Duration) (AccessTokenList, error) {
	oldest := time.Now().Add(-age)
	for {
		i.mu.Lock()
		latest := i.latest
		i.mu.Unlock()
		if latest.start.After(oldest) {
			return latest.list, nil
		}
		// The request belongs to all who wait for it, so one that is cancelled must not end it for the others. It ends by
		// the time limit of the request.
		answer := i.group.DoChan("list", func() (any, error) { return i.refresh(context.WithoutCancel(ctx)) })
		select {
		case <-ctx.Done():
			return AccessTokenList{}, &Error{Operation: opList, Err: ctx.Err(), unsent: true}
		case result := <-answer:
			if result.Err != nil {
				return AccessTokenList{}, result.Err
			}
			// A slow request that somebody else began may have begun too long ago.
			if got := result.Val.(snapshot); got.start.After(oldest) { //nolint:forcetypeassert // refresh returns nothing else
				return got.list, nil
			}
		}
	}
}

func (i *inventory) refresh(ctx context.Context) (snapshot, error) {
	start, request := time.Now(), &listing{}
	i.mu.Lock()
	i.onTheWay[request] = struct{}{}
	i.mu.Unlock()
	list, err := i.fetch(ctx)
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.onTheWay, request)
	if err != nil {
		return snapshot{}, err
	}
	for _, change := range request.changes {
		list = change.on(list)
	}
	got := snapshot{list.indexed(), start}
	if !request.outdated {
		i.latest = got
	}
	return got, nil
}

// follow takes over a write of this client that surely happened.
func (i *inventory) follow(change change) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if change.added.ID != "" {
		i.own[change.added.ID] = struct{}{}
	}
	if !i.latest.start.IsZero() {
		i.latest.list = change.on(i.latest.list)
	}
	for request := range i.onTheWay {
		request.changes = append(request.changes, change)
	}
}

// made tells whether this client has made the token of an id.
func (i *inventory) made(id string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	_, own := i.own[id]
	return own
}

// forget is called after a write whose outcome is not known: what was listed before no longer holds, and a request that
// is on its way must not serve those who ask from now on.
func (i *inventory) forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.latest = snapshot{}
	for request := range i.onTheWay {
		request.outdated = true
	}
	i.group.Forget("list")
}

// on returns the list after the change. It makes a copy, because readers hold the list as it is.
func (ch change) on(list AccessTokenList) AccessTokenList {
	tokens := make([]AccessToken, 0, len(list.Tokens)+1)
	for _, token := range list.Tokens {
		deleted := ch.deleted != "" && token.Name == ch.deleted
		replaced := ch.added.ID != "" && token.ID == ch.added.ID
		if !deleted && !replaced {
			tokens = append(tokens, token)
		}
	}
	if ch.added.ID != "" {
		tokens = append(tokens, ch.added)
	}
	return AccessTokenList{Tokens: slices.Clip(tokens), AsOf: list.AsOf}
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"sync"
	"time"
)

const (
	// sharedAge is the maximum age of a list that a refresh uses. Terraform refreshes all resources at the beginning of a
	// run, and one request should serve all of them, however slow the machine is.
	sharedAge = time.Minute
	// After a failure, a refresh does not list again for failureAge, and other callers for freshFailureAge: the request was
	// retried already, and a thousand resources must not retry it in turn.
	failureAge      = 10 * time.Second
	freshFailureAge = time.Second
	// A fresh list waits for others that want one. It waits for half the time that the last list took, and at least for gatherTime
	// and at most for maxGatherTime. Otherwise callers that work in parallel fall into two groups, one of which waits for
	// the list of the other.
	gatherTime    = 10 * time.Millisecond
	maxGatherTime = time.Second / 2
	// patience is how long a fresh list waits for one that is in flight, so that lists do not pile up.
	patience = time.Second
)

// inventory is the list of access tokens, shared by all readers of a client. It applies this client's own writes, so
// that a run that creates a thousand tokens does not list them a thousand times.
type inventory struct {
	fetch func(context.Context) (AccessTokenList, error)

	mu     sync.Mutex
	latest snapshot
	// pending are writes that have not been applied to latest yet. They are applied together, because each application
	// copies the list, which readers may hold.
	pending []change
	failure failure
	// inFlight are requests whose responses may or may not reflect the writes made meanwhile.
	inFlight map[*listing]struct{}
	newest   *listing      // the latest request in flight, unless it is outdated
	next     *listing      // a request that has not begun
	took     time.Duration // by the last successful request
}

// snapshot is a list and when its request began; zero for no list.
type snapshot struct {
	list  AccessTokenList
	start time.Time
}

type failure struct {
	err error
	at  time.Time
}

// listing is a request for the list.
type listing struct {
	done     chan struct{}
	list     AccessTokenList
	err      error
	outdated bool // something happened whose outcome is unknown
	changes  []change
}

func newInventory(fetch func(context.Context) (AccessTokenList, error)) *inventory {
	return &inventory{fetch: fetch, inFlight: map[*listing]struct{}{}}
}

// AccessTokens returns the list for a refresh: it is shared by all callers and may be up to a minute old, but reflects
// this client's own writes. The list must not be changed.
func (c *Client) AccessTokens(ctx context.Context) (AccessTokenList, error) {
	return c.inventory.get(ctx, false)
}

// FreshAccessTokens returns a list whose request began after the call, with this client's own writes. Calls that come
// together share one request. The list must not be changed.
func (c *Client) FreshAccessTokens(ctx context.Context) (AccessTokenList, error) {
	return c.inventory.get(ctx, true)
}

func (i *inventory) get(ctx context.Context, fresh bool) (AccessTokenList, error) {
	i.mu.Lock()
	since := time.Since(i.failure.at)
	if i.failure.err != nil && (since < freshFailureAge || !fresh && since < failureAge) {
		defer i.mu.Unlock()
		return AccessTokenList{}, i.failure.err
	}
	if !fresh && !i.latest.start.IsZero() && time.Since(i.latest.start) < sharedAge {
		defer i.mu.Unlock()
		return i.current(), nil
	}
	request := i.newest
	if fresh || request == nil {
		request = i.queue(ctx, fresh)
	}
	i.mu.Unlock()
	select {
	case <-ctx.Done():
		return AccessTokenList{}, &Error{Operation: opList.name, Err: ctx.Err(), unsent: true}
	case <-request.done:
		return request.list, request.err
	}
}

// current returns the latest list with the pending writes. The caller holds the lock.
func (i *inventory) current() AccessTokenList {
	if len(i.pending) > 0 {
		i.latest.list = applyTo(i.latest.list, i.pending)
		i.pending = nil
	}
	return i.latest.list
}

// queue returns the request that has not begun, and makes one if necessary. The caller holds the lock.
func (i *inventory) queue(ctx context.Context, gather bool) *listing {
	request := i.next
	if request == nil {
		request = &listing{done: make(chan struct{})}
		i.next = request
		// All waiting callers share the request, so a cancelled caller must not end it. Its timeout does.
		go i.run(context.WithoutCancel(ctx), request, i.newest, gather)
	}
	return request
}

// run waits until a request should begin, and makes it.
func (i *inventory) run(ctx context.Context, request, before *listing, gather bool) {
	if before != nil {
		select {
		case <-before.done:
		case <-time.After(patience):
		}
	}
	i.mu.Lock()
	if gather {
		wait := min(max(i.took/2, gatherTime), maxGatherTime)
		i.mu.Unlock()
		time.Sleep(wait)
		i.mu.Lock()
	}
	i.next = nil
	if before != nil && before.err != nil && isDone(before) {
		// The callers of this request asked before that failure, so they share it.
		request.err = before.err
		i.mu.Unlock()
		close(request.done)
		return
	}
	start := time.Now()
	i.newest = request
	i.inFlight[request] = struct{}{}
	i.mu.Unlock()
	list, err := i.fetch(ctx)
	i.mu.Lock()
	i.finish(request, list, err, start)
	i.mu.Unlock()
	close(request.done)
}

func isDone(request *listing) bool {
	select {
	case <-request.done:
		return true
	default:
		return false
	}
}

// finish takes the response of a request. The caller holds the lock.
func (i *inventory) finish(request *listing, list AccessTokenList, err error, start time.Time) {
	delete(i.inFlight, request)
	if i.newest == request {
		i.newest = nil
	}
	if request.err = err; err != nil {
		i.failure = failure{err, time.Now()}
		return
	}
	i.took = time.Since(start)
	request.list = applyTo(list, request.changes)
	if !request.outdated && start.After(i.latest.start) {
		i.latest, i.pending, i.failure = snapshot{request.list, start}, nil, failure{}
	}
}

// record applies a completed write to the cache and to lists in flight.
func (i *inventory) record(done change) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.latest.start.IsZero() {
		i.pending = append(i.pending, done)
	}
	for request := range i.inFlight {
		request.changes = append(request.changes, done)
	}
}

// invalidate is called after a write whose outcome is unknown: the cached list is stale, and a request in flight must not
// serve later callers.
func (i *inventory) invalidate() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.latest, i.pending, i.newest = snapshot{}, nil, nil
	for request := range i.inFlight {
		request.outdated = true
	}
}

// change is a completed write: either a token that was added or a name that was deleted.
type change struct {
	added   AccessToken
	deleted string
}

// applyTo returns a copy of the list after the changes, or the list itself if there are none. Its cost is proportional to
// the list and the changes, not to their product.
func applyTo(list AccessTokenList, changes []change) AccessTokenList {
	if len(changes) == 0 {
		return list.indexed()
	}
	deletedAt, addedAt := map[string]int{}, map[string]int{} // the last change of each name and ID
	for i, change := range changes {
		if change.deleted != "" {
			deletedAt[change.deleted] = i
		} else {
			addedAt[change.added.ID] = i
		}
	}
	tokens := make([]AccessToken, 0, len(list.Tokens)+len(addedAt))
	for _, token := range list.Tokens {
		_, deleted := deletedAt[token.Name]
		_, replaced := addedAt[token.ID]
		if !deleted && !replaced {
			tokens = append(tokens, token)
		}
	}
	for i, change := range changes {
		last, deleted := deletedAt[change.added.Name]
		if change.deleted == "" && addedAt[change.added.ID] == i && (!deleted || last < i) {
			tokens = append(tokens, change.added)
		}
	}
	return AccessTokenList{Tokens: tokens, Unreadable: list.Unreadable, AsOf: list.AsOf}.indexed()
}

// createdTokens are the IDs of the tokens that a client and those derived from it created.
type createdTokens struct {
	mu  sync.Mutex
	ids map[string]struct{}
}

func (c *createdTokens) add(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ids == nil {
		c.ids = map[string]struct{}{}
	}
	c.ids[id] = struct{}{}
}

func (c *createdTokens) has(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.ids[id]
	return ok
}

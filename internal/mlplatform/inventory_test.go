// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// shelf stands for the service: each fetch takes a second and returns a list that is named after its number.
type shelf struct {
	mu      sync.Mutex
	fetches int
	err     error
}

func (s *shelf) fetch(ctx context.Context) (AccessTokenList, error) {
	s.mu.Lock()
	s.fetches++
	number, err := s.fetches, s.err
	s.mu.Unlock()
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return AccessTokenList{}, ctx.Err()
	}
	return AccessTokenList{Tokens: []AccessToken{{Name: fmt.Sprint("list ", number)}}}, err
}

func (s *shelf) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetches
}

// wantList reads the inventory and expects the list of a number.
func wantList(t *testing.T, i *inventory, number int) {
	t.Helper()
	wantListOf(t, i, readAge, number)
}

// wantListOf is wantList for a list that may be this old.
func wantListOf(t *testing.T, i *inventory, age time.Duration, number int) {
	t.Helper()
	list, err := i.get(t.Context(), age)
	if err != nil {
		t.Error(err)
		return
	}
	if want := fmt.Sprint("list ", number); list.Tokens[0].Name != want {
		t.Errorf("got %s, want %s", list.Tokens[0].Name, want)
	}
}

// sideBySide runs readers and returns when all of them are done.
func sideBySide(count int, reader func()) {
	var group sync.WaitGroup
	for range count {
		group.Go(reader)
	}
	group.Wait()
}

func TestReadersShareOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &shelf{}
		i := newInventory(service.fetch)
		sideBySide(50, func() { wantList(t, i, 1) })
		wantList(t, i, 1)
		if service.count() != 1 {
			t.Errorf("%d requests were made", service.count())
		}
	})
}

func TestInventoryAges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &shelf{}
		i := newInventory(service.fetch)
		wantList(t, i, 1) // as of the start of its request, a second ago
		time.Sleep(readAge - time.Second - time.Nanosecond)
		wantList(t, i, 1)
		time.Sleep(time.Nanosecond)
		sideBySide(50, func() { wantList(t, i, 2) })
		if service.count() != 2 {
			t.Errorf("%d requests were made", service.count())
		}
	})
}

// TestSlowListIsNotSharedForLong shows that who asks for a young list does not get that of a request which began long
// before; who asks for any does.
func TestSlowListIsNotSharedForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &shelf{}
		i := newInventory(service.fetch)
		var group sync.WaitGroup
		group.Go(func() { wantList(t, i, 1) })
		time.Sleep(time.Second / 2)
		group.Go(func() { wantList(t, i, 1) })
		group.Go(func() { wantListOf(t, i, time.Second/2+time.Nanosecond, 1) })
		group.Go(func() { wantListOf(t, i, time.Second/2, 2) })
		group.Go(func() { wantListOf(t, i, 0, 2) })
		group.Wait()
		if service.count() != 2 {
			t.Errorf("%d requests were made", service.count())
		}
	})
}

func TestWriteMakesTheNextReadAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &shelf{}
		i := newInventory(service.fetch)
		i.forget()
		wantList(t, i, 1)
		for number := 2; number < 5; number++ {
			i.forget()
			i.forget()
			wantList(t, i, number)
			wantList(t, i, number)
		}
	})
}

// TestListOnItsWayDuringAWrite shows that such a list serves those who waited for it, and nobody after the write.
func TestListOnItsWayDuringAWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &shelf{}
		i := newInventory(service.fetch)
		var group sync.WaitGroup
		group.Go(func() { wantList(t, i, 1) })
		time.Sleep(time.Second / 2)
		i.forget()
		group.Go(func() { wantList(t, i, 2) }) // while the first one is still on its way
		group.Wait()
		wantList(t, i, 2)

		// The same, when nobody asked before the stale list arrived.
		i.forget()
		group.Go(func() { wantList(t, i, 3) })
		time.Sleep(time.Second / 2)
		i.forget()
		group.Wait()
		wantList(t, i, 4)
		wantList(t, i, 4)
		if service.count() != 4 {
			t.Errorf("%d requests were made", service.count())
		}
	})
}

// TestStaleListAfterAFreshOne shows that a slow list from before a write does not replace one from after it.
func TestStaleListAfterAFreshOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &shelf{}
		slow := make(chan struct{})
		first := true
		i := newInventory(func(ctx context.Context) (AccessTokenList, error) {
			list, err := service.fetch(ctx)
			if list.Tokens[0].Name == "list 1" && first {
				first = false
				<-slow
			}
			return list, err
		})
		var group sync.WaitGroup
		group.Go(func() { wantList(t, i, 1) })
		synctest.Wait()
		i.forget()
		wantList(t, i, 2)
		close(slow)
		group.Wait()
		wantList(t, i, 2)
	})
}

func TestCancelledReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &shelf{}
		i := newInventory(service.fetch)
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		// The one that is cancelled is the one that began the request.
		group.Go(func() {
			begin := time.Now()
			list, err := i.get(ctx, readAge)
			var failure *Error
			if !errors.Is(err, context.Canceled) || !errors.As(err, &failure) || len(list.Tokens) != 0 {
				t.Errorf("got %v, error %v", list, err)
			}
			if took := time.Since(begin); took != time.Second/2 {
				t.Errorf("the cancelled reader waited for %v", took)
			}
		})
		synctest.Wait()
		for range 10 {
			group.Go(func() { wantList(t, i, 1) })
		}
		time.Sleep(time.Second / 2)
		cancel()
		group.Wait()
		wantList(t, i, 1)
		if service.count() != 1 {
			t.Errorf("%d requests were made", service.count())
		}
	})
}

func TestFailureIsNotKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &shelf{}
		i := newInventory(service.fetch)
		failure := &Error{Operation: "test", Status: 503}
		service.fail(failure)
		sideBySide(10, func() {
			if list, err := i.get(t.Context(), readAge); !errors.Is(err, failure) || len(list.Tokens) != 0 {
				t.Errorf("got %v, error %v", list, err)
			}
		})
		if service.count() != 1 {
			t.Errorf("%d requests were made", service.count())
		}
		service.fail(nil)
		wantList(t, i, 2)
	})
}

// TestFailureKeepsNothingOld shows that an old list does not stand in for one that cannot be had.
func TestFailureKeepsNothingOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &shelf{}
		i := newInventory(service.fetch)
		wantList(t, i, 1)
		time.Sleep(readAge)
		failure := &Error{Operation: "test", Status: 503}
		service.fail(failure)
		if list, err := i.get(t.Context(), readAge); !errors.Is(err, failure) || len(list.Tokens) != 0 {
			t.Errorf("got %v, error %v", list, err)
		}
	})
}

// TestOwnWritesAreFollowed shows that the list follows the writes of this client without another request, also where
// they happen while it is on its way.
func TestOwnWritesAreFollowed(t *testing.T) {
	t.Parallel()
	added := AccessToken{ID: "new", Name: "new"}
	for name, test := range map[string]struct {
		change change
		want   []string
	}{
		"added":         {change{added: added}, []string{"list 1", "new"}},
		"deleted":       {change{deleted: "list 1"}, []string{}},
		"of no concern": {change{deleted: "other"}, []string{"list 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			names := func(list AccessTokenList) []string {
				out := []string{}
				for _, token := range list.Tokens {
					out = append(out, token.Name)
				}
				return out
			}
			synctest.Test(t, func(t *testing.T) {
				service := &shelf{}
				i := newInventory(service.fetch)
				wantList(t, i, 1)
				before := i.latest.list
				i.follow(test.change)
				i.follow(test.change) // what is told twice happens once
				list, err := i.get(t.Context(), readAge)
				if err != nil || !slices.Equal(names(list), test.want) {
					t.Errorf("got %q, error %v", names(list), err)
				}
				if !slices.Equal(names(before), []string{"list 1"}) {
					t.Errorf("a list that somebody holds has changed to %q", names(before))
				}
				if service.count() != 1 {
					t.Errorf("%d requests were made", service.count())
				}
			})
			synctest.Test(t, func(t *testing.T) {
				i := newInventory((&shelf{}).fetch)
				var group sync.WaitGroup
				group.Go(func() {
					if list, err := i.get(t.Context(), readAge); err != nil || !slices.Equal(names(list), test.want) {
						t.Errorf("on its way, got %q, error %v", names(list), err)
					}
				})
				synctest.Wait()
				i.follow(test.change)
				group.Wait()
			})
		})
	}
}

// TestDeletionsWantAFresherList shows that a list which will do for reading may be too old for deciding a deletion.
func TestDeletionsWantAFresherList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &shelf{}
		i := newInventory(service.fetch)
		wantList(t, i, 1) // as of a second ago
		time.Sleep(deleteAge - time.Second)
		wantList(t, i, 1)
		if list, err := i.get(t.Context(), deleteAge); err != nil || list.Tokens[0].Name != "list 2" {
			t.Errorf("got %v, error %v", list, err)
		}
	})
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeService counts the lists. Each list takes a second and holds one token, named after the number of the request.
type fakeService struct {
	mu    sync.Mutex
	lists int
	err   error
}

func (s *fakeService) list(ctx context.Context) (AccessTokenList, error) {
	s.mu.Lock()
	s.lists++
	number, err := s.lists, s.err
	s.mu.Unlock()
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return AccessTokenList{}, ctx.Err()
	}
	return AccessTokenList{Tokens: []AccessToken{{ID: fmt.Sprint(number), Name: fmt.Sprint("list ", number)}}}, err
}

func (s *fakeService) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *fakeService) wantLists(t *testing.T, want int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lists != want {
		t.Errorf("got %d list requests, want %d", s.lists, want)
	}
}

// wantList checks that get returns the list with a number.
func wantList(t *testing.T, i *inventory, fresh bool, number int) {
	t.Helper()
	list, err := i.get(t.Context(), fresh)
	if err != nil {
		t.Error(err)
		return
	}
	if want := fmt.Sprint("list ", number); list.Tokens[0].Name != want {
		t.Errorf("got %s, want %s", list.Tokens[0].Name, want)
	}
}

const (
	cached = false
	fresh  = true
)

// concurrently calls a function several times at once and waits for all calls.
func concurrently(count int, call func()) {
	var group sync.WaitGroup
	for range count {
		group.Go(call)
	}
	group.Wait()
}

func TestSharedListIsOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{}
		i := newInventory(service.list)
		concurrently(50, func() { wantList(t, i, cached, 1) })
		wantList(t, i, cached, 1)
		service.wantLists(t, 1)
	})
}

func TestSharedListAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{}
		i := newInventory(service.list)
		wantList(t, i, cached, 1) // its request began a second ago
		time.Sleep(sharedAge - time.Second - time.Nanosecond)
		wantList(t, i, cached, 1)
		time.Sleep(time.Nanosecond)
		concurrently(50, func() { wantList(t, i, cached, 2) })
		service.wantLists(t, 2)
	})
}

// A fresh list begins after the call, however young the cached list is. Calls that come together share it, and later
// shared calls use it.
func TestHardening10FreshListBeginsAfterTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{}
		i := newInventory(service.list)
		wantList(t, i, cached, 1)
		wantList(t, i, fresh, 2)
		concurrently(50, func() { wantList(t, i, fresh, 3) })
		wantList(t, i, cached, 3)
		service.wantLists(t, 3)
	})
}

// A list in flight does not serve a fresh call. Fresh calls during that list share the next one, which begins when the
// list in flight is complete, or after a second if that one is slow.
func TestHardening10FreshListDoesNotJoinAnEarlierRequest(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]time.Duration{"normal": 0, "slow": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := &fakeService{}
				i := newInventory(func(ctx context.Context) (AccessTokenList, error) {
					list, err := service.list(ctx)
					if list.Tokens[0].ID == "1" {
						time.Sleep(slow)
					}
					return list, err
				})
				var group sync.WaitGroup
				group.Go(func() { wantList(t, i, cached, 1) })
				time.Sleep(time.Second / 2)
				group.Go(func() { wantList(t, i, cached, 1) })
				start := time.Now()
				for range 10 {
					group.Go(func() {
						wantList(t, i, fresh, 2)
						if took := time.Since(start); took > patience+time.Second+2*gatherTime {
							t.Errorf("a fresh list took %v", took)
						}
					})
				}
				group.Wait()
				wantList(t, i, cached, 2)
				service.wantLists(t, 2)
			})
		})
	}
}

// Creations and deletions want a fresh list each; those that run in parallel share them.
func TestHardening10FreshListsAreShared(t *testing.T) {
	t.Parallel()
	const calls, parallel = 1000, 10
	for name, test := range map[string]struct {
		work func(worker int) time.Duration // between two lists: create, redeem, describe
		most int
	}{
		"work takes longer than a list": {func(int) time.Duration { return 3 * time.Second }, calls / 4},
		// All ten share each list: they do not fall into two groups, one of which waits for the list of the other.
		"work takes less": {func(worker int) time.Duration { return time.Duration(worker) * 40 * time.Millisecond }, calls / parallel},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				service := &fakeService{}
				i := newInventory(service.list)
				var group sync.WaitGroup
				for worker := range parallel {
					group.Go(func() {
						time.Sleep(test.work(worker)) // Terraform does not start them all at the same moment
						for range calls / parallel {
							if _, err := i.get(t.Context(), true); err != nil {
								t.Error(err)
							}
							time.Sleep(test.work(worker))
						}
					})
				}
				group.Wait()
				if most := test.most + 5; service.lists > most { // the first lists have no time to go by
					t.Errorf("%d calls made %d list requests, more than %d", calls, service.lists, most)
				}
			})
		})
	}
}

func TestInvalidateMakesTheNextCallList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{}
		i := newInventory(service.list)
		i.invalidate()
		wantList(t, i, cached, 1)
		for number := 2; number < 5; number++ {
			i.invalidate()
			i.invalidate()
			wantList(t, i, cached, number)
			wantList(t, i, cached, number)
		}
	})
}

// A list that is in flight during a write with an unknown outcome serves its own callers and no later ones.
func TestInvalidateDuringAList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{}
		i := newInventory(service.list)
		var group sync.WaitGroup
		group.Go(func() { wantList(t, i, cached, 1) })
		time.Sleep(time.Second / 2)
		i.invalidate()
		group.Go(func() { wantList(t, i, cached, 2) }) // while the first one is in flight
		group.Wait()
		wantList(t, i, cached, 2)

		// The same without a caller before the stale list arrives.
		i.invalidate()
		group.Go(func() { wantList(t, i, cached, 3) })
		time.Sleep(time.Second / 2)
		i.invalidate()
		group.Wait()
		wantList(t, i, cached, 4)
		wantList(t, i, cached, 4)
		service.wantLists(t, 4)
	})
}

// A slow list from before a write does not replace one from after it.
func TestStaleListAfterAFreshOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{}
		release := make(chan struct{})
		i := newInventory(func(ctx context.Context) (AccessTokenList, error) {
			list, err := service.list(ctx)
			if list.Tokens[0].ID == "1" {
				<-release
			}
			return list, err
		})
		var group sync.WaitGroup
		group.Go(func() { wantList(t, i, cached, 1) })
		synctest.Wait()
		i.invalidate()
		wantList(t, i, cached, 2)
		close(release)
		group.Wait()
		wantList(t, i, cached, 2)
	})
}

func TestCancelledCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{}
		i := newInventory(service.list)
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		// The cancelled caller is the one whose call made the request.
		group.Go(func() {
			begin := time.Now()
			list, err := i.get(ctx, false)
			if !errors.Is(err, context.Canceled) || IsOutcomeUnknown(err) || len(list.Tokens) != 0 {
				t.Errorf("got %v, error %v", list, err)
			}
			if took := time.Since(begin); took != time.Second/2 {
				t.Errorf("the cancelled caller waited for %v", took)
			}
		})
		synctest.Wait()
		for range 10 {
			group.Go(func() { wantList(t, i, cached, 1) })
		}
		time.Sleep(time.Second / 2)
		cancel()
		group.Wait()
		wantList(t, i, cached, 1)
		service.wantLists(t, 1)
	})
}

// A thousand resources that are read in turn do not list, with all retries, a thousand times.
func TestHardening14FailedListIsSharedForAShortTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{}
		i := newInventory(service.list)
		failed := &Error{Operation: "test", Status: 503}
		service.fail(failed)
		wantFailure := func(fresh bool) {
			t.Helper()
			if list, err := i.get(t.Context(), fresh); !errors.Is(err, failed) || len(list.Tokens) != 0 {
				t.Errorf("got %v, error %v", list, err)
			}
		}
		concurrently(10, func() {
			for range 100 {
				wantFailure(cached)
				wantFailure(fresh)
			}
		})
		service.wantLists(t, 1)
		service.fail(nil)
		time.Sleep(freshFailureAge)
		wantFailure(cached)
		service.wantLists(t, 1)
		wantList(t, i, fresh, 2) // a fresh list is asked for again soon
		wantList(t, i, cached, 2)

		time.Sleep(sharedAge)
		service.fail(failed)
		wantFailure(cached) // the old list does not stand in
		service.fail(nil)
		time.Sleep(failureAge)
		wantList(t, i, cached, 4)
	})
}

// Callers of a fresh list that asked before a list failed share the failure.
func TestHardening14FailedListServesThoseWhoWaited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &fakeService{}
		i := newInventory(service.list)
		failed := &Error{Operation: "test", Status: 503}
		service.fail(failed)
		var group sync.WaitGroup
		group.Go(func() { _, _ = i.get(t.Context(), false) })
		time.Sleep(time.Second / 2)
		for range 10 {
			group.Go(func() {
				if _, err := i.get(t.Context(), true); !errors.Is(err, failed) {
					t.Errorf("got error %v", err)
				}
			})
		}
		group.Wait()
		service.wantLists(t, 1)
	})
}

// The list reflects the writes of this client without another request, also those made while it is in flight.
func TestOwnWritesAreApplied(t *testing.T) {
	t.Parallel()
	add := func(id, name string) change { return change{added: AccessToken{ID: id, Name: name}} }
	for name, test := range map[string]struct {
		changes []change
		want    []string
	}{
		"added":                  {[]change{add("a", "new")}, []string{"list 1", "new"}},
		"added twice":            {[]change{add("a", "new"), add("a", "new")}, []string{"list 1", "new"}},
		"deleted":                {[]change{{deleted: "list 1"}}, []string{}},
		"another name deleted":   {[]change{{deleted: "other"}}, []string{"list 1"}},
		"added and deleted":      {[]change{add("a", "new"), {deleted: "new"}}, []string{"list 1"}},
		"deleted and recreated":  {[]change{{deleted: "list 1"}, add("a", "list 1")}, []string{"list 1"}},
		"already in the list":    {[]change{add("1", "list 1")}, []string{"list 1"}},
		"recreated and deleted":  {[]change{{deleted: "list 1"}, add("a", "list 1"), {deleted: "list 1"}}, []string{}},
		"two with the same name": {[]change{add("a", "x"), {deleted: "x"}, add("b", "x")}, []string{"list 1", "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantNames := func(t *testing.T, i *inventory) {
				t.Helper()
				list, err := i.get(t.Context(), false)
				names := []string{}
				for _, token := range list.Tokens {
					names = append(names, token.Name)
					if found, ok := list.ByID(token.ID); !ok || found != token {
						t.Errorf("ByID(%q) returned %v", token.ID, found)
					}
				}
				if err != nil || !slices.Equal(names, test.want) {
					t.Errorf("got %q, error %v; want %q", names, err, test.want)
				}
			}
			synctest.Test(t, func(t *testing.T) {
				service := &fakeService{}
				i := newInventory(service.list)
				wantList(t, i, cached, 1)
				held, _ := i.get(t.Context(), false)
				for _, change := range test.changes {
					i.record(change)
				}
				wantNames(t, i)
				wantNames(t, i)
				if len(held.Tokens) != 1 || held.Tokens[0].Name != "list 1" {
					t.Errorf("a list that a caller holds changed to %v", held.Tokens)
				}
				service.wantLists(t, 1)
			})
			synctest.Test(t, func(t *testing.T) {
				i := newInventory((&fakeService{}).list)
				var group sync.WaitGroup
				group.Go(func() { wantNames(t, i) })
				synctest.Wait()
				for _, change := range test.changes {
					i.record(change)
				}
				group.Wait()
			})
		})
	}
}

// A long list stays right under many writes.
func TestHardening14ManyWritesOnALongList(t *testing.T) {
	t.Parallel()
	const count = 4_000
	i := inventoryOf(t, count)
	list := replaceAll(t, i, count)
	for n := range count {
		name := fmt.Sprint("token ", n)
		if token, found := list.ByName(name); !found || token.ID != fmt.Sprint("new ", n) {
			t.Fatalf("ByName(%q) returned %v", name, token)
		}
	}
}

// Writes should not copy the list one by one: the time for each should not depend on how long the list is.
func BenchmarkManyWritesOnALongList(b *testing.B) {
	for _, count := range []int{4_000, 40_000} {
		b.Run(strconv.Itoa(count), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				i := inventoryOf(b, count)
				b.StartTimer()
				replaceAll(b, i, count)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(count), "ns/token")
		})
	}
}

// inventoryOf returns an inventory that has a list of tokens cached.
func inventoryOf(tb testing.TB, count int) *inventory {
	tb.Helper()
	tokens := make([]AccessToken, count)
	for n := range tokens {
		tokens[n] = AccessToken{ID: fmt.Sprint(n), Name: fmt.Sprint("token ", n)}
	}
	i := newInventory(func(context.Context) (AccessTokenList, error) { return AccessTokenList{Tokens: tokens}, nil })
	if _, err := i.get(tb.Context(), false); err != nil {
		tb.Fatal(err)
	}
	return i
}

// replaceAll records that each token was deleted and created again, and returns the list after that.
func replaceAll(tb testing.TB, i *inventory, count int) AccessTokenList {
	tb.Helper()
	for n := range count {
		i.record(change{deleted: fmt.Sprint("token ", n)})
		i.record(change{added: AccessToken{ID: fmt.Sprint("new ", n), Name: fmt.Sprint("token ", n)}})
	}
	list, err := i.get(tb.Context(), false)
	if err != nil || len(list.Tokens) != count {
		tb.Fatalf("got %d tokens, error %v", len(list.Tokens), err)
	}
	return list
}

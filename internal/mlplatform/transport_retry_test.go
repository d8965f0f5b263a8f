// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// envelope responds with an error of the service.
func envelope(status int) func(http.ResponseWriter, *http.Request, int) {
	return respond(status, "application/json", fmt.Sprintf(`{"status":%d,"errorCode":"SomeException"}`, status))
}

func drop(http.ResponseWriter, *http.Request, int) { panic(http.ErrAbortHandler) }

func TestHardening02Retries(t *testing.T) {
	t.Parallel()
	page := func(status int) func(http.ResponseWriter, *http.Request, int) {
		return respond(status, "text/html", "<html>"+canary+"</html>")
	}
	failures := map[string]struct {
		handler      numberedHandler
		reads, other bool // whether reads, and whether other requests, are retried
	}{
		"400":            {handler: envelope(400)},
		"401":            {handler: envelope(401)},
		"403":            {handler: envelope(403)},
		"404":            {handler: envelope(404)},
		"409":            {handler: envelope(409)},
		"429":            {handler: envelope(429), reads: true, other: true},
		"429 of a proxy": {handler: page(429), reads: true, other: true},
		"500":            {handler: envelope(500), reads: true},
		"500 of a proxy": {handler: page(500), reads: true},
		"501":            {handler: page(501)},
		"502 of a proxy": {handler: page(502), reads: true},
		"503":            {handler: envelope(503), reads: true},
		"504 of a proxy": {handler: page(504), reads: true},
		"404 of a proxy": {handler: page(404)},
		"page":           {handler: page(200)},
		"drop":           {handler: drop, reads: true},
		"broken body":    {handler: brokenBody, reads: true},
	}
	for name, op := range operations() {
		for failure, test := range failures {
			for _, retries := range []int{0, 1, 3} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, failure, retries), func(t *testing.T) {
					t.Parallel()
					server, seen := serve(t, test.handler)
					client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, MaxRetries: retries})
					wantErrorWithoutCanary(t, op.call(t.Context(), client))
					want := 1
					if op.method == http.MethodGet && test.reads || op.method != http.MethodGet && test.other {
						want += retries
					}
					seen.want(t, want)
				})
			}
		}
	}
}

// An attempt that was not sent is retried for any method.
func TestRetriesOfAnUnreachableHost(t *testing.T) {
	t.Parallel()
	for name, op := range operations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var attempts atomic.Int32
			client := newClient(t, mlplatform.Config{
				Endpoint: "http://127.0.0.1:0", // a port that cannot have a listener
				Token:    canary, MaxRetries: 3,
				Log: func(context.Context, mlplatform.Attempt) { attempts.Add(1) },
			})
			err := op.call(t.Context(), client)
			wantErrorWithoutCanary(t, err)
			var failure *mlplatform.Error
			if !errors.As(err, &failure) || failure.OutcomeUnknown() || failure.Status != 0 {
				t.Errorf("got error %v", err)
			}
			if attempts.Load() != 4 {
				t.Errorf("got %d attempts", attempts.Load())
			}
		})
	}
}

func TestRetriesSendTheWholeRequest(t *testing.T) {
	t.Parallel()
	var bodies [3]string
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, number int) {
		body, _ := io.ReadAll(r.Body)
		bodies[number-1] = string(body)
		if number < 3 {
			envelope(http.StatusTooManyRequests)(w, r, number)
			return
		}
		respond(http.StatusCreated, "application/json", `{"register_token":"made-up"}`)(w, r, number)
	})
	client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, MaxRetries: 4})
	got, err := client.CreateRegisterToken(t.Context(), mlplatform.RegisterTokenRequest{
		AccessTokenName: "a name", Role: mlplatform.RoleAdmin, AccessTokenLifetime: 36 * time.Hour, Lifetime: 90 * time.Second,
	})
	if err != nil || got.Value.Reveal() != "made-up" {
		t.Fatalf("got %v, error %v", got, err)
	}
	const body = `{"access_ttl":"1m30s","client_name":"a name","refresh_ttl":"36h","token_type":"ADMIN"}`
	if diff := cmp.Diff([3]string{body, body, body}, bodies); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for i, request := range seen.all() {
		if request.Header.Get("Authorization") != "Bearer "+canary {
			t.Errorf("request %d has no token", i+1)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	inAMinute := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
	tests := map[string]struct {
		header        string
		atLeast, most time.Duration
	}{
		"seconds":          {"7", 7 * time.Second, 7 * time.Second},
		"none":             {"0", 0, 0},
		"the longest":      {"120", 2 * time.Minute, 2 * time.Minute},
		"date":             {inAMinute, 0, time.Minute},
		"date in the past": {"Wed, 01 Jul 2020 12:00:00 GMT", 0, 0},
		"no header":        {"", time.Second, time.Second},
		"unreadable":       {"soon", time.Second, time.Second},
		"negative":         {"-5", time.Second, time.Second},
	}
	for name, test := range tests {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			t.Run(fmt.Sprintf("%s %d", name, status), func(t *testing.T) {
				t.Parallel()
				server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, number int) {
					if test.header != "" {
						w.Header().Set("Retry-After", test.header)
					}
					envelope(status)(w, r, number)
				})
				var waits []time.Duration
				client := newClient(t, mlplatform.Config{
					Endpoint: server.URL, Token: canary, MaxRetries: 1,
					// It records what the default would wait.
					Backoff: func(shortest, longest time.Duration, attempt int, resp *http.Response) time.Duration {
						waits = append(waits, retryablehttp.DefaultBackoff(shortest, longest, attempt, resp))
						return 0
					},
				})
				_, err := client.ListAccessTokens(t.Context())
				wantErrorWithoutCanary(t, err)
				if len(seen.all()) != 2 || len(waits) != 1 || waits[0] < test.atLeast || waits[0] > test.most {
					t.Errorf("got %d requests and the waits %v, want one wait from %v to %v", len(seen.all()), waits, test.atLeast, test.most)
				}
			})
		}
	}
}

// The default backoff honours the header; otherwise it would wait for at least seven seconds.
func TestRetryAfterWithoutABackoff(t *testing.T) {
	t.Parallel()
	server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, number int) {
		w.Header().Set("Retry-After", "0")
		envelope(http.StatusTooManyRequests)(w, r, number)
	})
	client, err := mlplatform.New(mlplatform.Config{Endpoint: server.URL, Token: canary, MaxRetries: 3})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	_, err = client.ListAccessTokens(t.Context())
	wantErrorWithoutCanary(t, err)
	if took := time.Since(begin); len(seen.all()) != 4 || took >= 7*time.Second {
		t.Errorf("got %d requests in %v", len(seen.all()), took)
	}
}

func TestRetryAfterTooLong(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"an hour":               "3600",
		"a second too long":     "121",
		"a date":                time.Now().Add(time.Hour).UTC().Format(http.TimeFormat),
		"too large for 64 bits": "9300000000",
	}
	for name, header := range tests {
		for operation, op := range operations() {
			t.Run(name+"/"+operation, func(t *testing.T) {
				t.Parallel()
				server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, number int) {
					w.Header().Set("Retry-After", header)
					envelope(http.StatusTooManyRequests)(w, r, number)
				})
				client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, MaxRetries: 4})
				err := op.call(t.Context(), client)
				if err == nil || !strings.Contains(err.Error(), "status 429 (Too Many Requests), code SomeException") {
					t.Errorf("got error %v", err)
				}
				seen.want(t, 1)
			})
		}
	}
}

// hang does not respond until the caller disconnects.
func hang(_ http.ResponseWriter, r *http.Request, _ int) {
	// net/http notices the disconnect only after the body was read.
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestCancellationEndsARequest(t *testing.T) {
	t.Parallel()
	for name, op := range operations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			server, seen := serve(t, func(w http.ResponseWriter, r *http.Request, number int) {
				cancel()
				hang(w, r, number)
			})
			client := newClient(t, mlplatform.Config{
				Endpoint: server.URL, Token: canary, MaxRetries: 3, RequestTimeout: time.Hour,
				Backoff: func(time.Duration, time.Duration, int, *http.Response) time.Duration {
					t.Error("the request is retried")
					return 0
				},
			})
			err := op.call(ctx, client)
			wantErrorWithoutCanary(t, err)
			if !errors.Is(err, context.Canceled) || mlplatform.IsTimeout(err) {
				t.Errorf("got error %v", err)
			}
			var failure *mlplatform.Error
			if !errors.As(err, &failure) || !failure.OutcomeUnknown() {
				t.Error("the outcome counts as known")
			}
			seen.want(t, 1)
		})
	}
}

func TestCancellationEndsAWait(t *testing.T) {
	t.Parallel()
	for name, op := range operations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			server, seen := serve(t, envelope(http.StatusTooManyRequests))
			client := newClient(t, mlplatform.Config{
				Endpoint: server.URL, Token: canary, MaxRetries: 3,
				Backoff: func(time.Duration, time.Duration, int, *http.Response) time.Duration {
					cancel()
					return time.Hour
				},
			})
			err := op.call(ctx, client)
			if !errors.Is(err, context.Canceled) || len(seen.all()) != 1 {
				t.Errorf("got %d requests and error %v", len(seen.all()), err)
			}
		})
	}
}

func TestCancelledBeforeTheRequest(t *testing.T) {
	t.Parallel()
	for name, op := range operations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			server, seen := serve(t, envelope(http.StatusTooManyRequests))
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, MaxRetries: 3})
			if err := op.call(ctx, client); !errors.Is(err, context.Canceled) || len(seen.all()) != 0 {
				t.Errorf("got %d requests and error %v", len(seen.all()), err)
			}
		})
	}
}

// A value that has arrived is returned: it cannot be read again.
func TestCancellationKeepsAResponse(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, respond(http.StatusCreated, "application/json", `{"refresh_token":"made-up"}`))
	ctx, cancel := context.WithCancel(t.Context())
	client := newClient(t, mlplatform.Config{
		Endpoint: server.URL, MaxRetries: 3,
		// The log is called as soon as the response is complete.
		Log: func(context.Context, mlplatform.Attempt) { cancel() },
	})
	value, err := client.RedeemRegisterToken(ctx, "made-up")
	if err != nil || value.Reveal() != "made-up" {
		t.Errorf("got %v, error %v", value, err)
	}
}

func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	handlers := map[string]numberedHandler{
		"no response": hang,
		"half a response": func(w http.ResponseWriter, r *http.Request, number int) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = w.Write([]byte(`[`))
			_ = http.NewResponseController(w).Flush()
			hang(w, r, number)
		},
	}
	for kind, handler := range handlers {
		for name, op := range operations() {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				server, seen := serve(t, handler)
				client := newClient(t, mlplatform.Config{
					Endpoint: server.URL, Token: canary, MaxRetries: 1, RequestTimeout: 50 * time.Millisecond,
				})
				err := op.call(t.Context(), client)
				wantErrorWithoutCanary(t, err)
				if !mlplatform.IsTimeout(err) || errors.Is(err, context.Canceled) {
					t.Errorf("got error %v", err)
				}
				want := 1
				if op.method == http.MethodGet {
					want = 2
				}
				// With a timeout this short, a request may not reach the server.
				if got := len(seen.all()); got > want {
					t.Errorf("the server received %d requests, want %d", got, want)
				}
			})
		}
	}
}

func TestCallerDeadline(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, hang)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, MaxRetries: 3, RequestTimeout: time.Hour})
	if _, err := client.ListAccessTokens(ctx); !mlplatform.IsTimeout(err) {
		t.Errorf("got error %v", err)
	}
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	for name, op := range operations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, seen := serve(t, answer(http.StatusTeapot, "text/plain", ""))
			client := newClient(t, mlplatform.Config{
				Endpoint: server.URL + "/infra/mlplatform/", Token: canary, UserAgent: "test-agent/1.2.3",
			})
			if err := op.call(t.Context(), client); err == nil {
				t.Fatal("a teapot will do")
			}
			if len(seen.all()) != 1 {
				t.Fatalf("%d requests came", len(seen.all()))
			}
			got := seen.all()[0]
			if want := "/infra/mlplatform" + op.path; got.Method != op.method || got.URL.Path != want {
				t.Errorf("got %s %s, want %s %s", got.Method, got.URL.Path, op.method, want)
			}
			want := http.Header{"User-Agent": {"test-agent/1.2.3"}}
			if name != "redeem" { // its register token is the only credential
				want.Set("Authorization", "Bearer "+canary)
			}
			if op.method == http.MethodPost {
				want.Set("Content-Type", "application/json")
			}
			ignored := cmpopts.IgnoreMapEntries(func(key string, _ []string) bool {
				return key == "Accept-Encoding" || key == "Content-Length"
			})
			if diff := cmp.Diff(want, got.Header, ignored); diff != "" {
				t.Errorf("headers, -want +got:\n%s", diff)
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for name, op := range operations() {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(fmt.Sprintf("%s %d", name, status), func(t *testing.T) {
				t.Parallel()
				second, followed := serve(t, answer(http.StatusOK, "application/json", "[]"))
				first, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
					http.Redirect(w, r, second.URL+r.URL.RequestURI(), status)
				})
				client := newClient(t, mlplatform.Config{Endpoint: first.URL, Token: canary, MaxRetries: 2})
				err := op.call(t.Context(), client)
				if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("status %d", status)) {
					t.Errorf("got error %v", err)
				}
				if len(seen.all()) != 1 || len(followed.all()) != 0 {
					t.Errorf("the first host saw %d requests, the second one %d", len(seen.all()), len(followed.all()))
				}
			})
		}
	}
}

func TestRedirectToNowhere(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Location", "http://"+canary+"/%zz")
		w.WriteHeader(http.StatusFound)
	})
	client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
	_, err := client.ListAccessTokens(t.Context())
	wantErrorWithoutCanary(t, err)
	if !strings.Contains(err.Error(), "status 302") {
		t.Errorf("got error %v", err)
	}
}

// wantErrorWithoutCanary fails if there is no error or its text holds the canary.
func wantErrorWithoutCanary(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("there is no error")
	}
	if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "canary") {
		t.Errorf("the value is in %s", text)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	const bound = 16 << 20
	tests := map[string]struct {
		operation string
		status    int
	}{
		"list":            {"list", http.StatusOK},
		"redeem":          {"redeem", http.StatusCreated},
		"delete":          {"delete", http.StatusNotFound},
		"page of a proxy": {"who am I", http.StatusBadGateway},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			server, seen := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				w.WriteHeader(test.status)
				chunk := bytes.Repeat([]byte("["), 1<<20)
				for sent.Load() < 1<<30 {
					n, err := w.Write(chunk)
					sent.Add(int64(n))
					if err != nil {
						return
					}
				}
			})
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary, MaxRetries: 3})
			err := operations()[test.operation].call(t.Context(), client)
			if err == nil || !strings.Contains(err.Error(), "the body is larger than 16 MiB") {
				t.Errorf("got error %v", err)
			}
			server.Close() // waits for the handler, so that the count is final
			// What the sockets hold comes on top of the bound.
			if len(seen.all()) != 1 || sent.Load() > 2*bound {
				t.Errorf("in %d requests %d MiB were read", len(seen.all()), sent.Load()>>20)
			}
		})
	}
}

func TestCompressedBodiesAreBounded(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	zip := gzip.NewWriter(&body)
	for range 17 {
		if _, err := zip.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	server, _ := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(body.Bytes())
	})
	client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
	_, err := client.ListAccessTokens(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the body is larger than 16 MiB") {
		t.Errorf("got error %v", err)
	}
}

// TestAnswersThatAreNoHTTP is about net/http, whose errors repeat what it could not read.
func TestAnswersThatAreNoHTTP(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"body alone":         `{"refresh_token":"` + canary + `"}`,
		"body and line end":  `{"refresh_token":"` + canary + `"}` + "\r\n\r\n",
		"body as a status":   "HTTP/1.1 " + canary + " OK\r\n\r\n",
		"body as a version":  canary + " 201 Created\r\n\r\n",
		"body in the header": "HTTP/1.1 201 Created\r\n" + `{"refresh_token":"` + canary + `"}` + "\r\n\r\n",
		"body as a length":   "HTTP/1.1 201 Created\r\nContent-Length: " + canary + "\r\n\r\n",
		"body as encoding":   "HTTP/1.1 201 Created\r\nTransfer-Encoding: " + canary + "\r\n\r\n",
		"body as a chunk":    "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n" + canary + "\r\n\r\n",
		"two lengths":        "HTTP/1.1 201 Created\r\nContent-Length: 1\r\nContent-Length: 1" + canary + "\r\n\r\n",
		"body as a trailer":  "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n{" + canary + "}\r\n\r\n",
		"nothing":            "",
		"half a header":      "HTTP/1.1 201 Created\r\nContent-Length: 5",
	}
	for name, reply := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = listener.Close() })
			var requests atomic.Int32
			go func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					requests.Add(1)
					_, _ = conn.Read(make([]byte, 64<<10))
					_, _ = conn.Write([]byte(reply))
					_ = conn.Close()
				}
			}()
			logged := make(chan error, 10)
			client := newClient(t, mlplatform.Config{
				Endpoint: "http://" + listener.Addr().String(), MaxRetries: 3,
				Log: func(_ context.Context, exchange mlplatform.Exchange) { logged <- exchange.Err },
			})
			_, err = client.RedeemRegisterToken(t.Context(), "made-up")
			wantErrorWithoutCanary(t, err)
			wantErrorWithoutCanary(t, <-logged)
			if requests.Load() != 1 {
				t.Errorf("the POST was sent %d times", requests.Load())
			}
		})
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	for name, op := range operations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _ := serve(t, func(w http.ResponseWriter, _ *http.Request, number int) {
				switch number {
				case 1, 2:
					w.Header().Set("Retry-After", "0")
					w.Header().Set("X-Header", canary)
					http.Error(w, canary, http.StatusTooManyRequests)
				default:
					panic(http.ErrAbortHandler)
				}
			})
			type key struct{}
			var mu sync.Mutex
			var got []mlplatform.Exchange
			client := newClient(t, mlplatform.Config{
				Endpoint: server.URL + "/infra", Token: canary, MaxRetries: 2,
				Log: func(ctx context.Context, exchange mlplatform.Exchange) {
					mu.Lock()
					defer mu.Unlock()
					if ctx.Value(key{}) != "of the caller" {
						t.Error("the context is not the caller's")
					}
					got = append(got, exchange)
				},
			})
			err := op.call(context.WithValue(t.Context(), key{}, "of the caller"), client)
			wantErrorWithoutCanary(t, err)
			mu.Lock()
			defer mu.Unlock()
			path := "/infra" + op.path
			want := []mlplatform.Exchange{
				{Method: op.method, Path: path, Status: 429}, {Method: op.method, Path: path, Status: 429},
				{Method: op.method, Path: path, Err: io.EOF},
			}
			ignored := cmpopts.IgnoreFields(mlplatform.Exchange{}, "Duration")
			if diff := cmp.Diff(want, got, ignored, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if text := fmt.Sprintf("%+v", got); strings.Contains(text, "canary") || strings.Contains(text, "token_name") {
				t.Errorf("a value or a query is in the log: %s", text)
			}
			for _, exchange := range got {
				if exchange.Duration <= 0 {
					t.Error("an attempt took no time")
				}
			}
		})
	}
}

// TestLogOfABrokenBody shows that the log knows the status of an answer that broke off.
func TestLogOfABrokenBody(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, brokenBody)
	var logged atomic.Value
	client := newClient(t, mlplatform.Config{
		Endpoint: server.URL, Token: canary,
		Log: func(_ context.Context, exchange mlplatform.Exchange) { logged.Store(exchange) },
	})
	_, err := client.ListAccessTokens(t.Context())
	wantErrorWithoutCanary(t, err)
	got, _ := logged.Load().(mlplatform.Exchange)
	if got.Status != http.StatusOK || got.Err == nil {
		t.Errorf("logged as status %d, error %v", got.Status, got.Err)
	}
}

// brokenBody announces more than it sends, and then closes the connection.
func brokenBody(w http.ResponseWriter, r *http.Request, _ int) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "1000")
	if r.Method == http.MethodPost {
		w.WriteHeader(http.StatusCreated)
	}
	_, _ = w.Write([]byte(`[{"id":"` + canary))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(http.StatusOK, "application/json", "[]")(w, r, 0)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
	for range 5 {
		if _, err := client.ListAccessTokens(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := client.WithToken(canary).ListAccessTokens(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if opened.Load() != 1 {
		t.Errorf("%d connections were opened", opened.Load())
	}
}

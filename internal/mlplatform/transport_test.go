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
			server, seen := serve(t, respond(http.StatusTeapot, "text/plain", ""))
			client := newClient(t, mlplatform.Config{
				Endpoint: server.URL + "/infra/mlplatform/", Token: canary, UserAgent: "test-agent/1.2.3",
			})
			if err := op.call(t.Context(), client); err == nil {
				t.Fatal("status 418 counts as success")
			}
			seen.want(t, 1)
			got := seen.all()[0]
			if want := "/infra/mlplatform" + op.path; got.Method != op.method || got.URL.Path != want {
				t.Errorf("got %s %s, want %s %s", got.Method, got.URL.Path, op.method, want)
			}
			want := http.Header{"User-Agent": {"test-agent/1.2.3"}}
			if name != "redeem" { // the register token is the only credential
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
				second, followed := serve(t, respond(http.StatusOK, "application/json", "[]"))
				first, seen := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
					http.Redirect(w, r, second.URL+r.URL.RequestURI(), status)
				})
				client := newClient(t, mlplatform.Config{Endpoint: first.URL, Token: canary, MaxRetries: 2})
				err := op.call(t.Context(), client)
				want := "; redirects are not followed, and this one points to the host " + strings.TrimPrefix(second.URL, "http://")
				if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("status %d", status)) || !strings.HasSuffix(err.Error(), want) {
					t.Errorf("got error %v, want: %s", err, want)
				}
				seen.want(t, 1)
				followed.want(t, 0)
			})
		}
	}
}

// An error names the host that a redirect points to, and nothing else of it.
func TestRedirectLocation(t *testing.T) {
	t.Parallel()
	const notFollowed = "status 302 (Found); redirects are not followed"
	tests := map[string]struct{ location, want string }{
		"host":           {"https://example.com/" + canary, notFollowed + ", and this one points to the host example.com"},
		"host and port":  {"https://example.com:8443/?token=" + canary, notFollowed + ", and this one points to the host example.com:8443"},
		"credentials":    {"https://" + canary + "@example.com/", notFollowed + ", and this one points to the host example.com"},
		"no URL":         {"http://" + canary + "/%zz", notFollowed},
		"strange host":   {"http://" + canary + "_<b>/", notFollowed},
		"scheme only":    {"mailto:" + canary, notFollowed},
		"empty location": {"", notFollowed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _ := serve(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
				w.Header().Set("Location", test.location)
				w.WriteHeader(http.StatusFound)
			})
			client := newClient(t, mlplatform.Config{Endpoint: server.URL, Token: canary})
			_, err := client.ListAccessTokens(t.Context())
			wantErrorWithoutCanary(t, err)
			if !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("got error %v, want: %s", err, test.want)
			}
		})
	}
}

// wantErrorWithoutCanary fails if the error is nil or its text contains the canary.
func wantErrorWithoutCanary(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("got no error")
	}
	if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "canary") {
		t.Errorf("the value leaked: %s", text)
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
			// The sockets buffer some more.
			if len(seen.all()) != 1 || sent.Load() > 2*bound {
				t.Errorf("the server received %d requests and sent %d MiB", len(seen.all()), sent.Load()>>20)
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

// net/http's errors quote what it could not read, which may be a value.
func TestResponsesThatAreNotHTTP(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"only a body":        `{"refresh_token":"` + canary + `"}`,
		"body and line end":  `{"refresh_token":"` + canary + `"}` + "\r\n\r\n",
		"body as a status":   "HTTP/1.1 " + canary + " OK\r\n\r\n",
		"body as a version":  canary + " 201 Created\r\n\r\n",
		"body in the header": "HTTP/1.1 201 Created\r\n" + `{"refresh_token":"` + canary + `"}` + "\r\n\r\n",
		"body as a length":   "HTTP/1.1 201 Created\r\nContent-Length: " + canary + "\r\n\r\n",
		"body as encoding":   "HTTP/1.1 201 Created\r\nTransfer-Encoding: " + canary + "\r\n\r\n",
		"body as a chunk":    "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n" + canary + "\r\n\r\n",
		"two lengths":        "HTTP/1.1 201 Created\r\nContent-Length: 1\r\nContent-Length: 1" + canary + "\r\n\r\n",
		"body as a trailer":  "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n{" + canary + "}\r\n\r\n",
		"empty":              "",
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
				Log: func(_ context.Context, attempt mlplatform.Attempt) { logged <- attempt.Err },
			})
			_, err = client.RedeemRegisterToken(t.Context(), "made-up")
			wantErrorWithoutCanary(t, err)
			wantErrorWithoutCanary(t, <-logged)
			if requests.Load() != 1 {
				t.Errorf("the server received %d requests", requests.Load())
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
			var got []mlplatform.Attempt
			client := newClient(t, mlplatform.Config{
				Endpoint: server.URL + "/infra", Token: canary, MaxRetries: 2,
				Log: func(ctx context.Context, attempt mlplatform.Attempt) {
					mu.Lock()
					defer mu.Unlock()
					if ctx.Value(key{}) != "the value" {
						t.Error("the log did not receive the caller's context")
					}
					got = append(got, attempt)
				},
			})
			err := op.call(context.WithValue(t.Context(), key{}, "the value"), client)
			wantErrorWithoutCanary(t, err)
			mu.Lock()
			defer mu.Unlock()
			path := "/infra" + op.path
			want := []mlplatform.Attempt{
				{Method: op.method, Path: path, Status: 429}, {Method: op.method, Path: path, Status: 429},
				{Method: op.method, Path: path, Err: io.EOF},
			}
			ignored := cmpopts.IgnoreFields(mlplatform.Attempt{}, "Duration")
			if diff := cmp.Diff(want, got, ignored, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if text := fmt.Sprintf("%+v", got); strings.Contains(text, "canary") || strings.Contains(text, "token_name") {
				t.Errorf("the log contains a value or a query: %s", text)
			}
			for _, attempt := range got {
				if attempt.Duration <= 0 {
					t.Error("an attempt has no duration")
				}
			}
		})
	}
}

// The log has the status of an incomplete response.
func TestLogOfABrokenBody(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, brokenBody)
	var logged atomic.Value
	client := newClient(t, mlplatform.Config{
		Endpoint: server.URL, Token: canary,
		Log: func(_ context.Context, attempt mlplatform.Attempt) { logged.Store(attempt) },
	})
	_, err := client.ListAccessTokens(t.Context())
	wantErrorWithoutCanary(t, err)
	got, _ := logged.Load().(mlplatform.Attempt)
	if got.Status != http.StatusOK || got.Err == nil {
		t.Errorf("got status %d, error %v", got.Status, got.Err)
	}
}

// brokenBody closes the connection before the announced length.
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
		respond(http.StatusOK, "application/json", "[]")(w, r, 0)
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

// SPDX-License-Identifier: MPL-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// TestMain lets the test binary be a program that is observed: with "client", a method, a URL and headers, it makes
// that request.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "client" {
		req, err := http.NewRequestWithContext(context.Background(), os.Args[2], os.Args[3], nil)
		if err != nil {
			panic(err)
		}
		for _, header := range os.Args[4:] {
			name, value, _ := strings.Cut(header, ": ")
			req.Header.Set(name, value)
		}
		// Not every system takes the file for Go's own roots.
		roots := x509.NewCertPool()
		if pem, err := os.ReadFile(os.Getenv("SSL_CERT_FILE")); err == nil {
			roots.AppendCertsFromPEM(pem)
		}
		client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots}}}
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// archive packs a stand-in library as the vendor's is packed.
func archive(t *testing.T, name string) string {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 not found")
	}
	var packed bytes.Buffer
	compressor := gzip.NewWriter(&packed)
	writer := tar.NewWriter(compressor)
	for _, dir := range []string{"build", name} {
		root := os.DirFS(filepath.Join("testdata", dir))
		err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := fs.ReadFile(root, path)
			if err != nil {
				return err
			}
			if err := writer.WriteHeader(&tar.Header{Name: "mlplatform_client-0.1/" + path, Mode: 0o600, Size: int64(len(data))}); err != nil {
				return err
			}
			_, err = writer.Write(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressor.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "mlplatform_client.tar.gz")
	if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// observeLibrary observes a stand-in and returns the rows, and what the report says.
func observeLibrary(t *testing.T, name string, upstream http.RoundTripper, token string) (*observer, []row, string) {
	t.Helper()
	if testing.Short() {
		t.Skip("creates a virtual environment: not with -short")
	}
	path := archive(t, name)
	o := startObserver(t, upstream, token)
	about, err := o.runLibrary(t.Context(), "python3", path)
	if err != nil {
		t.Fatal(err)
	}
	rows := o.compare()
	return o, rows, writeReport(t, rows, about)
}

func startObserver(t *testing.T, upstream http.RoundTripper, token string) *observer {
	t.Helper()
	o, err := start(upstream, token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.close)
	return o
}

// writeReport returns the table and the file.
func writeReport(t *testing.T, rows []row, about string) string {
	t.Helper()
	var text bytes.Buffer
	path := filepath.Join(t.TempDir(), "report.md")
	if _, err := report(rows, about, path, &text); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text.String() + string(file)
}

// wantDifferences compares the rows that differ, each as "call: part: result".
func wantDifferences(t *testing.T, rows []row, want ...string) {
	t.Helper()
	var got []string
	for _, row := range rows {
		if reason, ok := strings.CutPrefix(row.result, different); ok {
			got = append(got, row.call+": "+row.part+": "+reason)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got differences\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// wantNoValues fails if the report contains a value or a name of the service.
func wantNoValues(t *testing.T, text string, service *emulator.Server) {
	t.Helper()
	secrets := service.IssuedValues()
	for _, token := range service.Tokens() {
		secrets = append(secrets, token.ID, token.Name)
	}
	for _, row := range service.RegisterTokens() {
		secrets = append(secrets, row.ClientName)
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) || strings.Contains(text, url.PathEscape(secret)) {
			t.Errorf("the report contains a value of %d characters:\n%s", len(secret), text)
		}
	}
}

func TestLibraryThatFollowsTheContract(t *testing.T) {
	t.Parallel()
	o, rows, text := observeLibrary(t, "contract", nil, "")
	wantDifferences(t, rows)
	wantNoValues(t, text, o.service)
	for _, want := range []string{
		"POST msk.cloud.vk.ru/infra/mlplatform/v1_0/auth/register_tokens", "body access_ttl", "string 99m99s",
		"string(53), the register token", "Bearer, the access token", "query token_name", "mlplatform_client 0.1 on Python 3",
		"Everything is as the contract says.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
	if len(o.service.LiveTokens()) != 2 {
		t.Errorf("left behind: %v", o.service.LiveTokens())
	}
}

func TestLibraryWithAnotherDialect(t *testing.T) {
	t.Parallel()
	o, rows, text := observeLibrary(t, "exchange", nil, "")
	const (
		exchange = ": request: the contract has no such request in this call"
		path     = ": request: another method or path"
		scheme   = ": authorization: another credential"
		header   = ": header X-Auth-Token: not in the contract"
	)
	wantDifferences(t, rows,
		"create_register_token"+exchange,
		"create_register_token"+scheme,
		"create_register_token"+header,
		"create_register_token: body access_ttl: another type or form",
		"create_register_token: body client_name: missing",
		"create_register_token: body name: not in the contract",
		"create_register_token: body token_type: another type or form",
		"create_refresh_token"+path,
		"create_refresh_token"+scheme,
		"create_refresh_token: body: another kind of body",
		"get_project_tokens_info"+exchange,
		"get_project_tokens_info"+path,
		"get_project_tokens_info"+scheme,
		"get_project_tokens_info"+header,
		"get_project_tokens_info: query limit: not in the contract",
		"who_am_i"+exchange,
		"who_am_i"+scheme,
		"who_am_i"+header,
		"delete_token"+exchange,
		"delete_token"+path,
		"delete_token"+scheme,
		"delete_token"+header,
		"delete_token: query token_name: missing",
	)
	wantNoValues(t, text, o.service)
	for _, want := range []string{
		"POST msk.cloud.vk.ru/infra/mlplatform/v1_0/auth/token ", "string(51), the access token",
		"string(51), a value from an earlier response", "Register, the register token", "integer(3 digits)",
		"DELETE msk.cloud.vk.ru/infra/mlplatform/v1_0/auth/tokens/{23 characters}", "raises KeyError items",
		"raises HTTPError after status 401", "Differences from the contract: 23.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}

// liveService passes requests for the service's hosts to an emulator that stands for the live service.
type liveService struct{ *emulator.Server }

func (live liveService) RoundTrip(r *http.Request) (*http.Response, error) {
	endpoint, err := url.Parse(live.Endpoint())
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = endpoint.Scheme, endpoint.Host, ""
	return http.DefaultTransport.RoundTrip(r)
}

func startLive(t *testing.T, dialect emulator.Dialect) liveService {
	t.Helper()
	live, err := emulator.Start(emulator.Options{Dialect: dialect})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(live.Close)
	if _, _, err := live.Seed(emulator.SeedToken{Name: "secretname", TTL: 1e12}); err != nil {
		t.Fatal(err)
	}
	return liveService{live}
}

func TestForward(t *testing.T) {
	t.Parallel()
	live := startLive(t, emulator.Created200|emulator.Delete200Body|emulator.ExpSpace|emulator.ExtraKeys|emulator.IssuerNull)
	_, rows, text := observeLibrary(t, "contract", live, live.AdminToken())
	extra := func(call, prefix string) []string {
		var all []string
		for _, key := range []string{"created_dt", "extra.id", "scopes[]"} {
			all = append(all, call+": response body "+prefix+key+": not in the contract")
		}
		return all
	}
	var want []string
	for _, call := range []string{"create_register_token", "create_refresh_token"} {
		want = append(append(want, call+": response status: another status"), extra(call, "")...)
	}
	for call, prefix := range map[string]string{"get_project_tokens_info": "[].", "who_am_i": ""} {
		want = append(want, extra(call, prefix)...)
		want = append(want, call+": response body "+prefix+"issuer_name: another type or form")
	}
	want = append(want, "get_project_tokens_info: response body [].exp: another type or form")
	want = append(want, "delete_token: response status: another status", "delete_token: response body deleted: the contract has no body")
	slices.Sort(want)
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.call+": "+a.part+": ", b.call+": "+b.part+": ") })
	wantDifferences(t, rows, want...)
	wantNoValues(t, text, live.Server)
	if !strings.Contains(text, "string 9999-99-99 99:99:99Z") {
		t.Errorf("the report lacks the form of exp:\n%s", text)
	}
	if len(live.LiveTokens()) != 2 || len(live.RegisterTokens()) != 1 {
		t.Errorf("left behind: %v", live.LiveTokens())
	}
}

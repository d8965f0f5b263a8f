// SPDX-License-Identifier: MPL-2.0

package provider_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// trouble is what lies between the provider and the service and gives each resource a fault of its own. The emulator's
// faults know operations; which resource a request is for shows only in what it carries.
type trouble struct {
	operation string
	skip      int

	mu sync.Mutex
	// names are the names of access tokens, by the values of their register tokens and their own.
	names map[string]string
	// faults are by the beginning of the name; one that was met is removed.
	faults map[string]emulator.Fault
	passed map[string]int
}

// start sets faults for the requests to come, and returns those that no request has met before.
func (tr *trouble) start(faults map[string]emulator.Fault) map[string]emulator.Fault {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	rest := tr.faults
	tr.faults, tr.passed = faults, map[string]int{}
	return rest
}

func (tr *trouble) learn(value, name string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.names[value] = name
}

// exchanged is what bodies of either direction hold that is of use here.
type exchanged struct {
	ClientName    string `json:"client_name"`
	RegisterToken string `json:"register_token"`
	RefreshToken  string `json:"refresh_token"`
}

func bodyOf(body io.Reader) exchanged {
	var out exchanged
	// A body of another kind holds nothing of use.
	_ = json.NewDecoder(body).Decode(&out)
	return out
}

// about tells what a request does, and to the token of which name; no name where it does not tell.
func (tr *trouble) about(r *http.Request) (operation, name string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	body := bodyOf(r.Body)
	switch {
	case r.Method == http.MethodDelete:
		return emulator.OpDeleteAccessToken, r.URL.Query().Get("token_name")
	case body.ClientName != "":
		return emulator.OpCreateRegisterToken, body.ClientName
	case body.RegisterToken != "":
		return emulator.OpRedeemRegisterToken, tr.names[body.RegisterToken]
	}
	return emulator.OpWhoAmI, tr.names[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
}

// due takes the fault that a request meets, if there is one.
func (tr *trouble) due(operation, name string) (emulator.Fault, bool) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for key, fault := range tr.faults {
		if operation != tr.operation || !strings.HasPrefix(name, key) {
			continue
		}
		if tr.passed[key]++; tr.passed[key] > tr.skip {
			delete(tr.faults, key)
			return fault, true
		}
	}
	return emulator.Fault{}, false
}

func (tr *trouble) handle(_ int, r *http.Request, act serving) *httptest.ResponseRecorder {
	operation, name := tr.about(r)
	serve := func() *httptest.ResponseRecorder {
		answer := act()
		made := bodyOf(strings.NewReader(answer.Body.String()))
		for _, value := range []string{made.RegisterToken, made.RefreshToken} {
			if value != "" {
				tr.learn(value, name)
			}
		}
		return answer
	}
	fault, ok := tr.due(operation, name)
	if !ok {
		return serve()
	}
	if fault.After || fault.Kind == emulator.Truncate {
		return spoil(fault, r, serve())
	}
	return spoil(fault, r, httptest.NewRecorder())
}

// spoil makes of an answer what the fault makes of it.
func spoil(fault emulator.Fault, r *http.Request, answer *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	out := httptest.NewRecorder()
	switch fault.Kind {
	case emulator.Respond:
		if fault.RetryAfter != "" {
			out.Header().Set("Retry-After", fault.RetryAfter)
		}
		body := fault.Body
		if body == "" {
			body = `{"status":` + strconv.Itoa(fault.Status) + `,"errorCode":"InjectedException"}`
		}
		out.WriteHeader(fault.Status)
		_, _ = out.WriteString(body)
	case emulator.BadJSON:
		out.WriteHeader(http.StatusOK)
		if r.Method == http.MethodPost {
			out.Code = http.StatusCreated
		}
		_, _ = out.WriteString(`{"unexpected":true}`)
	case emulator.Truncate:
		whole := answer.Body.Len()
		if whole == 0 {
			return nil
		}
		answer.Header().Set("Content-Length", strconv.Itoa(whole))
		answer.Body.Truncate(whole / 2)
		return answer
	case emulator.Hang:
		<-r.Context().Done()
		return nil
	default: // a connection that is dropped
		return nil
	}
	return out
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// faultKinds are what can go wrong with a request. In each the service may have acted or not.
func faultKinds() map[string]emulator.Fault {
	kinds := map[string]emulator.Fault{
		// It comes from the service acting, so it is there only once.
		"truncate": {Kind: emulator.Truncate},
		// It says that nothing was done, so the service has not acted.
		"429 before": {Kind: emulator.Respond, Status: 429, RetryAfter: "0"},
	}
	for name, fault := range map[string]emulator.Fault{
		"drop":           {Kind: emulator.Drop},
		"wrong JSON":     {Kind: emulator.BadJSON},
		"no JSON":        {Kind: emulator.BadJSON, Body: `<html>`},
		"500":            {Kind: emulator.Respond, Status: 500},
		"500 of a proxy": {Kind: emulator.Respond, Status: 500, Body: "<html>"},
		"502 of a proxy": {Kind: emulator.Respond, Status: 502, Body: "<html>"},
		"503":            {Kind: emulator.Respond, Status: 503, RetryAfter: "0"},
		"504 of a proxy": {Kind: emulator.Respond, Status: 504, Body: "<html>"},
		"accepted":       {Kind: emulator.Respond, Status: 202, Body: "{}", ContentType: "application/json"},
		"hang":           {Kind: emulator.Hang},
	} {
		kinds[name+" before"] = fault
		fault.After = true
		kinds[name+" after"] = fault
	}
	return kinds
}

// hangTimeout is long for a service on the same machine, and short for a test that waits for it.
const hangTimeout = 2 * time.Second

// mintUnder mints under faults, checks the promise, and returns what came of it. The journal holds the requests.
func mintUnder(t *testing.T, faults ...emulator.Fault) (*emulator.Server, error) {
	t.Helper()
	cfg := mlplatform.Config{MaxRetries: 1}
	for _, fault := range faults {
		if fault.Kind == emulator.Hang {
			cfg.RequestTimeout = hangTimeout
		}
	}
	server, client := start(t, emulator.Options{}, cfg)
	for _, fault := range faults {
		server.Inject(fault)
	}
	value, err := client.MintAccessToken(t.Context(), wanted)
	wantNothingLost(t, server, client, value, err)
	// Each attempt is one redeem, which may be repeated once where the service surely did nothing.
	if redeems := strings.Count(requests(server), emulator.OpRedeemRegisterToken); redeems > 3 {
		t.Errorf("the requests were %s", requests(server))
	}
	return server, err
}

// TestMintUnderAFault is about one fault in each of the three requests.
func TestMintUnderAFault(t *testing.T) {
	t.Parallel()
	for name, fault := range faultKinds() {
		// What the transport repeats by itself: for any request, and for one that only reads.
		repeated := fault.Status == 429
		readAgain := repeated || fault.Status >= 502 ||
			fault.Kind == emulator.Drop || fault.Kind == emulator.Truncate || fault.Kind == emulator.Hang
		t.Run("list/"+name, func(t *testing.T) {
			t.Parallel()
			fault := fault
			fault.Operation = emulator.OpListAccessTokens
			server, err := mintUnder(t, fault)
			if readAgain != (err == nil) {
				t.Errorf("got error %v", err)
			}
			if err != nil && wrote(server) {
				t.Errorf("the requests were %s", requests(server))
			}
		})
		t.Run("create/"+name, func(t *testing.T) {
			t.Parallel()
			fault := fault
			fault.Operation = emulator.OpCreateRegisterToken
			server, err := mintUnder(t, fault)
			if repeated != (err == nil) {
				t.Errorf("got error %v", err)
			}
			if err != nil && strings.Contains(requests(server), emulator.OpRedeemRegisterToken) {
				t.Errorf("the requests were %s", requests(server))
			}
		})
		t.Run("redeem/"+name, func(t *testing.T) {
			t.Parallel()
			fault := fault
			fault.Operation = emulator.OpRedeemRegisterToken
			server, err := mintUnder(t, fault)
			if err != nil {
				t.Errorf("one fault is one too many: %v", err)
			}
			// The last one is this test's own look at the value.
			want := "listAccessTokens createRegisterToken redeemRegisterToken listAccessTokens redeemRegisterToken whoAmI"
			switch {
			case repeated:
				want = "listAccessTokens createRegisterToken redeemRegisterToken redeemRegisterToken whoAmI"
			case fault.After || fault.Kind == emulator.Truncate:
				want = "listAccessTokens createRegisterToken redeemRegisterToken listAccessTokens deleteAccessToken " +
					"createRegisterToken redeemRegisterToken whoAmI"
			}
			if got := requests(server); got != want {
				t.Errorf("the requests were %s, want %s", got, want)
			}
		})
	}
}

// TestMintUnderALastingFault shows that there is one more attempt and no third one.
func TestMintUnderALastingFault(t *testing.T) {
	t.Parallel()
	for name, fault := range faultKinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fault := fault
			fault.Operation, fault.Times = emulator.OpRedeemRegisterToken, -1
			server, err := mintUnder(t, fault)
			var lost *mlplatform.LostTokenError
			if err == nil || errors.As(err, &lost) {
				t.Errorf("got error %v", err)
			}
			if redeems := strings.Count(requests(server), emulator.OpRedeemRegisterToken); redeems != 2 {
				t.Errorf("the requests were %s", requests(server))
			}
		})
	}
}

// TestMintUnderASecondFault lets one of the later requests fail too.
func TestMintUnderASecondFault(t *testing.T) {
	t.Parallel()
	firsts := map[string]emulator.Fault{
		"dropped before":  {Kind: emulator.Drop},
		"dropped after":   {Kind: emulator.Drop, After: true},
		"bad gateway":     {Kind: emulator.Respond, Status: 502, Body: "<html>", After: true},
		"half the answer": {Kind: emulator.Truncate},
	}
	seconds := map[string]emulator.Fault{
		"list":   {Operation: emulator.OpListAccessTokens, Skip: 1},
		"delete": {Operation: emulator.OpDeleteAccessToken},
		"create": {Operation: emulator.OpCreateRegisterToken, Skip: 1},
		"redeem": {Operation: emulator.OpRedeemRegisterToken, Skip: 1},
	}
	for firstName, first := range firsts {
		for operation, second := range seconds {
			for kindName, kind := range faultKinds() {
				for _, times := range []int{1, -1} {
					// Waiting for time limits takes its time, and more of it would show nothing new.
					if kind.Kind == emulator.Hang && (firstName != "dropped after" || times != 1) {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%d", firstName, operation, kindName, times), func(t *testing.T) {
						t.Parallel()
						first, second, kind := first, second, kind
						first.Operation = emulator.OpRedeemRegisterToken
						kind.Operation, kind.Skip, kind.Times = second.Operation, second.Skip, times
						_, _ = mintUnder(t, first, kind)
					})
				}
			}
		}
	}
}

// TestMintNamesWhatItCannotClear shows what is left to the user where even the clearing away fails.
func TestMintNamesWhatItCannotClear(t *testing.T) {
	t.Parallel()
	for name, operation := range map[string]string{"list": emulator.OpListAccessTokens, "delete": emulator.OpDeleteAccessToken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			second := emulator.Fault{Operation: operation, Kind: emulator.Respond, Status: 500, Times: -1}
			if operation == emulator.OpListAccessTokens {
				second.Skip = 1
			}
			server, err := mintUnder(t, emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Truncate}, second)
			var lost *mlplatform.LostTokenError
			if !errors.As(err, &lost) || len(minted(server)) != 1 {
				t.Fatalf("alive are %q, error %v", minted(server), err)
			}
			var failure *mlplatform.Error
			if !errors.As(lost.Cleanup, &failure) || failure.Status != 500 || !strings.Contains(lost.Err.Error(), "redeem") {
				t.Errorf("the causes are %v and %v", lost.Err, lost.Cleanup)
			}
			for _, value := range server.IssuedValues() {
				if strings.Contains(err.Error(), value) {
					t.Error("a value is in the error")
				}
			}
		})
	}
}

// TestMintUnderCancellation cancels as soon as the service has dealt with a request.
func TestMintUnderCancellation(t *testing.T) {
	t.Parallel()
	operations := []string{
		emulator.OpListAccessTokens, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken, emulator.OpDeleteAccessToken,
	}
	for _, operation := range operations {
		for name, fault := range faultKinds() {
			// As above, waiting is for one of the requests alone.
			if fault.Kind == emulator.Hang && operation != emulator.OpRedeemRegisterToken {
				continue
			}
			t.Run(operation+"/"+name, func(t *testing.T) {
				t.Parallel()
				fault := fault
				fault.Operation = emulator.OpRedeemRegisterToken
				cfg := mlplatform.Config{MaxRetries: 1}
				if fault.Kind == emulator.Hang {
					cfg.RequestTimeout = hangTimeout
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				server, client := start(t, when(operation, cancel), cfg)
				server.Inject(fault)
				value, err := client.MintAccessToken(ctx, wanted)
				wantNothingLost(t, server, client, value, err)
				var lost *mlplatform.LostTokenError
				if errors.As(err, &lost) {
					t.Errorf("the clearing away was cancelled: %v", err)
				}
			})
		}
	}
}

// TestMintCancelledWhileRedeeming shows that the value of a token that was made is not thrown away.
func TestMintCancelledWhileRedeeming(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server, client := start(t, when(emulator.OpRedeemRegisterToken, cancel), mlplatform.Config{})
	value, err := client.MintAccessToken(ctx, wanted)
	if value == "" {
		t.Errorf("the value is lost, error %v", err)
	}
	wantNothingLost(t, server, client, value, err)
}

// TestMintCancelledWaitsForTheTimeLimit shows that a redeem which hangs ends by the time limit of the request, and that
// no more attempt follows a cancellation.
func TestMintCancelledWaitsForTheTimeLimit(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after %v", after), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			server, client := start(t, when(emulator.OpCreateRegisterToken, func() {
				// Only the redeem is left then, or nothing, if the answer did not get there first.
				time.AfterFunc(100*time.Millisecond, cancel)
			}), mlplatform.Config{RequestTimeout: hangTimeout})
			server.Inject(emulator.Fault{Operation: emulator.OpRedeemRegisterToken, Kind: emulator.Hang, After: after, Times: -1})
			value, err := client.MintAccessToken(ctx, wanted)
			if err == nil {
				t.Error("nothing hung")
			}
			wantNothingLost(t, server, client, value, err)
			if got := strings.Count(requests(server), emulator.OpRedeemRegisterToken); got > 1 {
				t.Errorf("the requests were %s", requests(server))
			}
		})
	}
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// operation is what the client needs to know of an operation to judge its response.
type operation struct {
	// name is what is attempted, as in error texts.
	name string
	// kind is the name without the name of a token.
	kind string
	// status is that of a success according to the contract.
	status int
	// any2xx is set where another 2xx status cannot be misunderstood.
	any2xx bool
}

var (
	opCreateRegisterToken = operation{"create a register token", "create a register token", http.StatusCreated, true}
	opRedeem              = operation{"redeem a register token", "redeem a register token", http.StatusCreated, true}
	// A list with another status, such as 206, may be incomplete.
	opList   = operation{"list the access tokens", "list the access tokens", http.StatusOK, false}
	opWhoAmI = operation{"describe the token in use", "describe the token in use", http.StatusOK, true}
)

func opDelete(name string) operation {
	return operation{fmt.Sprintf("delete the access token %q", name), "delete an access token", http.StatusNoContent, true}
}

// do sends a request and decodes the body of a success into out, unless out is nil.
func (c *Client) do(ctx context.Context, op operation, out any, send func(context.Context) (*http.Response, error)) error {
	ctx, sent := withDelivery(ctx)
	resp, err := send(ctx)
	if err != nil {
		return sent.failed(op, 0, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return sent.failed(op, resp.StatusCode, err)
	case resp.StatusCode >= http.StatusMultipleChoices:
		return c.refused(ctx, op, resp, body, sent)
	case resp.StatusCode != op.status && !op.any2xx:
		return sent.failed(op, resp.StatusCode, fmt.Errorf("status %d was expected", op.status))
	}
	c.learnTime(ctx, resp)
	if out == nil && len(body) > 0 {
		out = new(json.RawMessage) // a body that is not JSON, such as a proxy's web page, does not come from the service
	}
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			return sent.failed(op, resp.StatusCode, notJSON(describeBody(resp), err))
		}
	}
	if resp.StatusCode != op.status {
		c.shared.goodwill.report(ctx, fmt.Sprintf("%s: status %d where the contract says %d", op.kind, resp.StatusCode, op.status))
	}
	return nil
}

// refused returns the error of a response that is no success.
func (c *Client) refused(ctx context.Context, op operation, resp *http.Response, body []byte, sent *delivery) error {
	failure := sent.failed(op, resp.StatusCode, nil)
	failure.redirectHost = sent.redirectHost
	if IsUnauthorized(failure) {
		failure.Host = c.shared.host
		if op != opRedeem {
			failure.TokenSource = c.source
		}
	}
	if spelling := failure.readBody(body); spelling != "" {
		c.shared.goodwill.report(ctx, spelling)
	}
	if failure.FromService() {
		c.learnTime(ctx, resp)
	} else {
		c.shared.clock.learn(resp.Header.Get("Date"))
	}
	return failure
}

func (c *Client) learnTime(ctx context.Context, resp *http.Response) {
	if !c.shared.clock.learn(resp.Header.Get("Date")) {
		c.shared.goodwill.report(ctx, "the response has no Date header; expiry is judged by the clock of this machine")
	}
}

// failed returns the error of an operation, with what is known about its delivery.
func (d *delivery) failed(op operation, status int, err error) *Error {
	return &Error{
		Operation: op.name, Status: status, Err: err, Proxy: d.proxy,
		unsent: status == 0 && d.unsent(), retried: d.retried,
	}
}

// malformed returns the error of a success whose body lacks something.
func malformed(op operation, err error) *Error {
	return &Error{Operation: op.name, Status: op.status, Err: err}
}

// notJSON describes what could not be decoded by its kind and, for a key with the wrong type, by the key. The decoder's
// own text is not used, because it can quote the body.
func notJSON(what string, err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		return fmt.Errorf("the key %q has the wrong type", wrongType.Field)
	}
	return fmt.Errorf("%s is not the expected JSON", what)
}

func describeBody(resp *http.Response) string {
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		media = "of an unknown type"
	}
	return fmt.Sprintf("the body (%s)", media)
}

func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return fmt.Sprintf("status %d (%s)", status, text)
	}
	return fmt.Sprintf("status %d", status)
}

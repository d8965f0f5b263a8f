// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"
)

const (
	// gracePeriod bounds the work that goes on after a cancellation, so that no token is left behind.
	gracePeriod = 30 * time.Second
	// maxRedemptions is how often the same register token is redeemed if the outcome stays unknown.
	maxRedemptions = 3
)

// withGracePeriod returns a context that outlives a cancellation by gracePeriod: an unread response would leak a token.
func withGracePeriod(ctx context.Context) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(gracePeriod, cancel) })
	return detached, func() { stop(); cancel() }
}

// cancelledBeforeRedeem returns the error of a redemption that was cancelled before its request; nil if it was not.
func cancelledBeforeRedeem(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return &Error{Operation: opRedeem.name, Err: ctx.Err(), unsent: true}
}

// outcome is what is known of a redemption that returned no value.
type outcome int

const (
	// unsent means that the service received nothing.
	unsent outcome = iota
	// refused means that the service refused the first and only attempt.
	refused
	// unknown means that the service may have created the token.
	unknown
	// acted means that the service certainly created the token.
	acted
)

// redeemSafely redeems a register token, again and again while the outcome is unknown. A register token works once, so
// this cannot create two tokens: a success proves that the earlier attempts did nothing, and a refusal that one of them
// acted, because nobody else has the register token. The outcome goes with the error.
func (c *Client) redeemSafely(ctx context.Context, registerToken Secret) (Secret, outcome, error) {
	if err := cancelledBeforeRedeem(ctx); err != nil {
		return "", unsent, err
	}
	graced, cancel := withGracePeriod(ctx)
	defer cancel()
	var lost error // why the outcome of an earlier attempt is unknown
	for attempt := 1; ; attempt++ {
		value, err := c.redeem(graced, registerToken)
		e, _ := asError(err)
		first := lost == nil && (e == nil || !e.retried)
		switch {
		case err == nil:
			return value, 0, nil
		case e.unsent && first:
			return "", unsent, err
		case e.Refused() && first:
			return "", refused, err
		case e.Refused() && !IsConflict(err):
			return "", acted, cmp.Or(lost, err)
		case e.Refused(): // the name is taken, by the lost token or by another one
			if lost != nil {
				err = fmt.Errorf("%w (before that: %w)", err, lost)
			}
			return "", unknown, err
		}
		lost = cmp.Or(lost, err)
		// The transport has retried a 429 already.
		last := attempt == maxRedemptions || attempt > 1 && e.Status == http.StatusTooManyRequests
		if last || graced.Err() != nil || c.shared.backoff.beforeRetry(graced, attempt-1) != nil {
			return "", unknown, lost
		}
	}
}

// RedeemAccessToken creates an access token from a register token that somebody else created, and returns its value. It
// requires no token. A response that is lost for good is a LostTokenError without a name, which only the administrator
// knows; with an ADMIN token, the error has the candidates.
func (c *Client) RedeemAccessToken(ctx context.Context, registerToken Secret) (Secret, error) {
	var before *AccessTokenList // nil if the list is not available: the client need not be an administrator's
	if c.HasToken() {
		if list, err := c.FreshAccessTokens(ctx); err == nil {
			before = &list
		}
	}
	value, outcome, err := c.redeemSafely(ctx, registerToken)
	if err == nil || outcome == unsent || outcome == refused {
		return value, err
	}
	lost := &LostTokenError{Proven: outcome == acted, Err: err}
	if before != nil {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), gracePeriod)
		defer cancel()
		lost.Candidates = c.createdSince(grace, *before)
	}
	if e, ok := asError(err); ok && outcome == unknown && len(lost.Candidates) == 0 && e.Status == http.StatusTooManyRequests {
		return "", err // by the contract, nothing was created
	}
	return "", lost
}

// createdSince names the live tokens that are not in a list and that this client did not create; none if the current list
// is not available.
func (c *Client) createdSince(ctx context.Context, before AccessTokenList) []string {
	now, err := c.FreshAccessTokens(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, token := range now.Tokens {
		_, known := before.ByID(token.ID)
		if !known && !token.Expired(now.AsOf) && !c.CreatedHere(token.ID) {
			names = append(names, token.Name)
		}
	}
	return names
}

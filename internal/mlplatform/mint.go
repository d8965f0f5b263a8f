// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"fmt"
	"time"
)

// mintRegisterLifetime is how long the register token lives that MintAccessToken redeems at once. It is short because
// a register token cannot be revoked.
const mintRegisterLifetime = 5 * time.Minute

// cleanupTimeout bounds the work that goes on after a cancellation so that no token is left behind.
const cleanupTimeout = 30 * time.Second

// linger returns a context that outlives a cancellation by cleanupTimeout: an answer that nobody reads would leave a
// token behind.
func linger(ctx context.Context) (context.Context, context.CancelFunc) {
	detached, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(cleanupTimeout, cancel) })
	return detached, func() { stop(); cancel() }
}

// notRedeemed is the error of a redemption that was cancelled before its request; nil if it was not cancelled.
func notRedeemed(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return &Error{Operation: opRedeem, Err: ctx.Err(), unsent: true}
}

// MintRequest says what access token to make.
type MintRequest struct {
	// Name is any text; no live token of the project may have it.
	Name string
	// Role is what the token may do.
	Role Role
	// Lifetime is in whole seconds; 0 means the token never expires.
	Lifetime time.Duration
}

// describes tells whether a token could be the one that was just asked for, by all that the list shows of it.
func (in MintRequest) describes(token AccessToken, now time.Time) bool {
	if token.Name != in.Name || token.Role != in.Role || token.ExpiresAt.IsZero() != (in.Lifetime == 0) {
		return false
	}
	return in.Lifetime == 0 || token.ExpiresAt.Sub(now.Add(in.Lifetime)).Abs() < mintRegisterLifetime
}

// LostTokenError tells that an access token may exist whose value nobody has.
type LostTokenError struct {
	// Name is the token's name; empty where only its register token is known.
	Name string
	// Candidates are the names of the live tokens that have come since, one of which it is if it exists. They are known
	// only where Name is not and the client may list.
	Candidates []string
	// Err is what kept the value from arriving.
	Err error
	// Cleanup is what kept the token from being deleted; nil where that was not possible at all.
	Cleanup error
}

// Error names the token, as far as its name is known.
func (e *LostTokenError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("the access token of the register token may exist, but its value was lost on the way (%v)", e.Err)
	}
	return fmt.Sprintf("an access token named %q may exist whose value was lost on the way (%v), and it could not be "+
		"cleared away (%v)", e.Name, e.Err, e.Cleanup)
}

// Unwrap returns the causes.
func (e *LostTokenError) Unwrap() []error { return []error{e.Err, e.Cleanup} }

// MintAccessToken makes an access token as an administrator does without the console: it creates a register token and
// redeems it. It needs an ADMIN token. It returns the value, which the service shows only once; Describe returns the rest.
//
// A name that is taken is a NameTakenError before anything is created. Where the answer to the redeem is lost, the
// list tells whether the token came to be: then it is deleted, for its value is lost, and one more attempt is made.
// What cannot be cleared away is a LostTokenError.
func (c *Client) MintAccessToken(ctx context.Context, in MintRequest) (Secret, error) {
	before, err := c.inventory.get(ctx, createAge)
	if err != nil {
		return "", err
	}
	if token, taken := before.ByName(in.Name); taken && !token.Expired(before.AsOf) {
		return "", &NameTakenError{Token: token}
	}
	return c.mint(ctx, in, before)
}

// RedeemAccessToken creates an access token from a register token that somebody else created, and returns its value. It
// needs no token. A response that is lost for good is a LostTokenError without a name, which only the administrator
// knows; with an ADMIN token, the error has the candidates.
func (c *Client) RedeemAccessToken(ctx context.Context, registerToken Secret) (Secret, error) {
	var before *AccessTokenList // nil where the list cannot be had: this client need not be an administrator's
	if c.HasToken() {
		if list, err := c.inventory.get(ctx, createAge); err == nil {
			before = &list
		}
	}
	if err := notRedeemed(ctx); err != nil {
		return "", err
	}
	lingering, cancel := linger(ctx)
	defer cancel()
	value, err := c.redeem(lingering, registerToken)
	if IsOutcomeUnknown(err) {
		// A register token works once, so a second attempt cannot make a second token. It tells whether the first acted.
		lost := err
		value, err = c.redeem(lingering, registerToken)
		if err != nil {
			failure := &LostTokenError{Err: lost}
			if before != nil {
				failure.Candidates = c.arrivedSince(lingering, *before)
			}
			return "", failure
		}
	}
	return value, err
}

// arrivedSince names the live tokens that were not there before and that this client has not made knowingly; none if the
// list cannot be had.
func (c *Client) arrivedSince(ctx context.Context, before AccessTokenList) []string {
	now, err := c.ListAccessTokens(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, token := range now.Tokens {
		_, known := before.ByID(token.ID)
		if !known && !token.Expired(now.AsOf) && !c.inventory.made(token.ID) {
			names = append(names, token.Name)
		}
	}
	return names
}

// Describe returns what the service knows of the token with this value, and adds the token to the cached list, so that a
// run that creates a thousand tokens does not list them a thousand times.
func (c *Client) Describe(ctx context.Context, value Secret) (AccessToken, error) {
	token, err := c.WithToken(value).WhoAmI(ctx)
	if err != nil {
		c.inventory.forget() // the new token's ID is unknown, so the cached list is stale
		return AccessToken{}, err
	}
	c.inventory.follow(change{added: token})
	return token, nil
}

// mint creates and redeems register tokens until a value arrives, twice at the most.
func (c *Client) mint(ctx context.Context, in MintRequest, before AccessTokenList) (Secret, error) {
	lingering, cancel := linger(ctx)
	defer cancel()
	var register RegisterToken
	sent := false // whether this register token was sent before, with an unknown outcome
	for attempt := 1; ; attempt++ {
		if register.Value == "" {
			var err error
			register, err = c.CreateRegisterToken(ctx, RegisterTokenRequest{
				AccessTokenName: in.Name, Role: in.Role, AccessTokenLifetime: in.Lifetime, Lifetime: mintRegisterLifetime,
			})
			if err != nil {
				return "", err
			}
		}
		if err := notRedeemed(ctx); err != nil {
			return "", err
		}
		value, err := c.redeem(lingering, register.Value)
		switch {
		case err == nil:
			return value, nil
		case !sent && IsConflict(err):
			return "", &NameTakenError{Token: AccessToken{Name: in.Name}}
		// A register token works once. If one that was sent before is refused, the first attempt did act.
		case !sent && !IsOutcomeUnknown(err):
			return "", err
		}
		removed, cleanup := c.removeLost(ctx, in, before)
		switch {
		case cleanup != nil:
			return "", &LostTokenError{Name: in.Name, Err: err, Cleanup: cleanup}
		case attempt == 2 || ctx.Err() != nil:
			return "", err
		case removed:
			register = RegisterToken{} // it is spent
		}
		// Otherwise the same register token is redeemed again: being single-use, it cannot make two tokens.
		sent = !removed
	}
}

// removeLost deletes the token that a lost redeem made, if it made one: a live token of the wanted name and kind that
// was not there before.
func (c *Client) removeLost(ctx context.Context, in MintRequest, before AccessTokenList) (removed bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	now, err := c.ListAccessTokens(ctx)
	if err != nil {
		return false, err
	}
	token, there := now.ByName(in.Name)
	_, known := before.ByID(token.ID)
	if !there || known || !in.describes(token, now.AsOf) {
		return false, nil
	}
	err = c.DeleteAccessToken(ctx, in.Name)
	if err != nil && !IsNotFound(err) {
		return false, err
	}
	return true, nil
}

// DeleteAccessTokenWithID deletes the token of an id and no other. The service deletes by name, so the list must say
// that the name still belongs to the id; it may be two seconds old, which is the time in which a token that somebody else
// makes of the same name could be mistaken for it. A token that is gone is no error. If the name belongs to another
// token by now, nothing is deleted, and that token is returned.
func (c *Client) DeleteAccessTokenWithID(ctx context.Context, id, name string) (foreign *AccessToken, err error) {
	list, err := c.inventory.get(ctx, deleteAge)
	if err != nil {
		return nil, err
	}
	if named, taken := list.ByName(name); taken && named.ID != id {
		return &named, nil
	}
	if _, there := list.ByID(id); !there {
		return nil, nil
	}
	if err := c.DeleteAccessToken(ctx, name); err != nil && !IsNotFound(err) {
		return nil, err
	}
	return nil, nil
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// mintRegisterLifetime is how long the register token lives that MintAccessToken redeems at once. It is short because
// a register token cannot be revoked.
const mintRegisterLifetime = 5 * time.Minute

// cleanupTimeout bounds the work that goes on after a cancellation so that no token is left behind.
const cleanupTimeout = 30 * time.Second

// MintRequest says what access token to make.
type MintRequest struct {
	// Name is any text; no live token of the project may have it.
	Name string
	// Role is what the token may do.
	Role Role
	// Lifetime is in whole seconds; 0 means the token never expires.
	Lifetime time.Duration
}

// LostTokenError tells that an access token may exist whose value nobody has.
type LostTokenError struct {
	// Name is the token's name; empty where only its register token is known.
	Name string
	// Err is what kept the value from arriving.
	Err error
	// Cleanup is what kept the token from being deleted.
	Cleanup error
}

// Error names the token.
func (e *LostTokenError) Error() string {
	return fmt.Sprintf("an access token named %q may exist whose value was lost on the way (%v), and it could not be "+
		"cleared away (%v)", e.Name, e.Err, e.Cleanup)
}

// Unwrap returns both causes.
func (e *LostTokenError) Unwrap() []error { return []error{e.Err, e.Cleanup} }

// MintAccessToken makes an access token as an administrator does without the console: it creates a register token and
// redeems it. It needs an ADMIN token and returns the value, which the service shows this once.
//
// A name that is taken is a NameTakenError before anything is created. Where the answer to the redeem is lost, the
// list tells whether the token came to be: then it is deleted, for its value is lost, and one more attempt is made.
// What cannot be cleared away is a LostTokenError.
func (c *Client) MintAccessToken(ctx context.Context, in MintRequest) (Secret, error) {
	before, err := c.AccessTokens(ctx)
	if err != nil {
		return "", err
	}
	if token, taken := before.ByName(in.Name); taken && !token.Expired(before.AsOf) {
		return "", &NameTakenError{Token: token}
	}
	var register RegisterToken
	sent := false // whether this register token was sent before, with an unknown outcome
	for attempt := 1; ; attempt++ {
		if register.Value == "" {
			register, err = c.CreateRegisterToken(ctx, RegisterTokenRequest{
				AccessTokenName: in.Name, Role: in.Role, AccessTokenLifetime: in.Lifetime, Lifetime: mintRegisterLifetime,
			})
			if err != nil {
				return "", err
			}
		}
		// From here on a cancellation must wait: an answer that nobody reads would leave a token behind.
		value, err := c.RedeemRegisterToken(context.WithoutCancel(ctx), register.Value)
		if err == nil {
			return value, nil
		}
		if IsConflict(err) {
			return "", &NameTakenError{Token: AccessToken{Name: in.Name}}
		}
		// A register token works once. If one that was sent before is refused, the first attempt did act.
		if !outcomeUnknown(err) && !sent {
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
	ours := there && !known && token.Role == in.Role && token.ExpiresAt.IsZero() == (in.Lifetime == 0)
	if !ours {
		return false, nil
	}
	err = c.DeleteAccessToken(ctx, in.Name)
	if err != nil && !IsNotFound(err) {
		return false, err
	}
	return true, nil
}

func outcomeUnknown(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.OutcomeUnknown()
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// mintRegisterLifetime is the lifetime of the register tokens of MintAccessToken. It is short because a register token
// cannot be revoked.
const mintRegisterLifetime = 5 * time.Minute

// nameWaits are the waits between looks at a taken name, ten seconds in total: a deletion in the same run may free it.
var nameWaits = []time.Duration{
	500 * time.Millisecond, time.Second, 1500 * time.Millisecond, 2 * time.Second, 2500 * time.Millisecond, 2500 * time.Millisecond,
}

// MintRequest describes the access token to create.
type MintRequest struct {
	// Name is any text; no live token of the project may have it.
	Name string
	// Role is what the token may do.
	Role Role
	// Lifetime is in whole seconds; 0 means the token never expires.
	Lifetime time.Duration
}

// MintAccessToken creates an access token as an administrator does without the console: it creates a register token and
// redeems it. It requires an ADMIN token. It returns the value, which the service shows only once; Describe returns the
// rest.
//
// A name that is still taken after ten seconds is a NameTakenError. If the response to the redemption is lost, the same
// register token is redeemed again. If that shows that the token was created, the token is deleted, because its value is
// lost, and created once more. A token that may be left behind is a LostTokenError.
func (c *Client) MintAccessToken(ctx context.Context, in MintRequest) (Secret, error) {
	var before error
	for attempt := 0; ; attempt++ {
		value, err := c.mintOnce(ctx, in)
		var taken *NameTakenError
		var lost *LostTokenError
		var failed *Error
		if before != nil && errors.As(err, &failed) && failed.Operation == opList.name && !errors.As(err, &lost) {
			return "", before // it names the token, which this attempt could not look up
		}
		if !errors.As(err, &taken) || c.CreatedHere(taken.Token.ID) || attempt == len(nameWaits) {
			return value, err
		}
		before = err
		if errors.As(err, &lost) || c.shared.backoff.exactly(ctx, nameWaits[attempt], attempt) != nil {
			return value, err
		}
	}
}

// mintOnce is MintAccessToken without waiting for the name.
func (c *Client) mintOnce(ctx context.Context, in MintRequest) (Secret, error) {
	before, err := c.FreshAccessTokens(ctx)
	if err != nil {
		return "", err
	}
	if token, taken := before.ByName(in.Name); taken && !token.Expired(before.AsOf) {
		return "", &NameTakenError{Token: token}
	}
	value, removed, err := c.createAndRedeem(ctx, in, before)
	if removed && ctx.Err() == nil {
		value, _, err = c.createAndRedeem(ctx, in, before)
	}
	return value, err
}

// createAndRedeem creates a register token and redeems it. It reports whether it removed the token because its value was
// lost; the error is then why.
func (c *Client) createAndRedeem(ctx context.Context, in MintRequest, before AccessTokenList) (value Secret, removed bool, err error) {
	register, err := c.CreateRegisterToken(ctx, RegisterTokenRequest{
		AccessTokenName: in.Name, Role: in.Role, AccessTokenLifetime: in.Lifetime, Lifetime: mintRegisterLifetime,
	})
	if err != nil {
		return "", false, err
	}
	value, outcome, err := c.redeemSafely(ctx, register.Value)
	switch {
	case err == nil || outcome == unsent:
		return value, false, err
	case outcome == refused && IsConflict(err):
		return "", false, &NameTakenError{Token: AccessToken{Name: in.Name}}
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), gracePeriod)
	defer cancel()
	token, findErr := c.findLost(grace, in.Name, before)
	lost := &LostTokenError{Name: in.Name, Proven: outcome == acted, Err: err}
	switch {
	case findErr != nil:
		lost.Cleanup = findErr
	case outcome == refused && token == nil:
		return "", false, err
	case outcome == unknown && token == nil && IsConflict(err):
		return "", false, &NameTakenError{Token: AccessToken{Name: in.Name}}
	case outcome == unknown && token == nil:
		return "", false, err
	case token == nil:
		lost.Cleanup = errNotListed
	case outcome != acted:
		lost.Cleanup = errNotProven
	default:
		lost.Cleanup = c.DeleteAccessToken(grace, in.Name)
		if lost.Cleanup == nil || IsNotFound(lost.Cleanup) {
			return "", true, err
		}
	}
	return "", false, lost
}

var (
	errNotListed = errors.New("the list of access tokens does not show it")
	errNotProven = errors.New("the one with this name may be another one")
)

// findLost returns the live token with a name if it was created since a list was read, with the issuer of the client's
// own token; nil if there is none.
func (c *Client) findLost(ctx context.Context, name string, before AccessTokenList) (*AccessToken, error) {
	now, err := c.FreshAccessTokens(ctx)
	if err != nil {
		return nil, err
	}
	token, found := now.ByName(name)
	_, known := before.ByID(token.ID)
	if !found || known {
		if now.CouldBeUnreadable("", name) {
			return nil, ErrUnreadableRow
		}
		return nil, nil
	}
	self, err := c.Self(ctx)
	if err != nil {
		return nil, err
	}
	// An issuer that the service does not name rules nothing out.
	if token.IssuerName != self.IssuerName && token.IssuerName != "" && self.IssuerName != "" {
		return nil, nil
	}
	return &token, nil
}

// Describe returns what the service says about the token with this value, and adds the token to the cached list, so that a
// run that creates a thousand tokens does not list them a thousand times.
func (c *Client) Describe(ctx context.Context, value Secret) (AccessToken, error) {
	token, err := c.WithToken(value).WhoAmI(ctx)
	if err != nil {
		c.inventory.invalidate() // the new token's ID is unknown, so the cached list is stale
		return AccessToken{}, err
	}
	c.shared.created.add(token.ID)
	c.inventory.record(change{added: token})
	return token, nil
}

// DeleteAccessTokenWithID deletes the token with an ID and no other. The service deletes by name, so the list must show
// that the name still belongs to the ID. Deleting a token that is already gone is not an error. If the name belongs to
// another token, nothing is deleted and that token is returned.
func (c *Client) DeleteAccessTokenWithID(ctx context.Context, id, name string) (foreign *AccessToken, err error) {
	list, err := c.FreshAccessTokens(ctx)
	if err != nil {
		return nil, err
	}
	token, found := list.ByID(id)
	if found {
		name = token.Name // the service can have changed it
	}
	if named, taken := list.ByName(name); taken && named.ID != id {
		return &named, nil
	}
	if !found {
		if list.CouldBeUnreadable(id, name) {
			err := fmt.Errorf("%w, and it could be this token: %w", ErrUnreadableRow, list.Unreadable[0].Err)
			return nil, &Error{Operation: opDelete(name).name, Status: opList.status, Err: err, unsent: true}
		}
		return nil, nil
	}
	if err := c.DeleteAccessToken(ctx, name); err != nil && !IsNotFound(err) {
		return nil, err
	}
	return nil, nil
}

// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"sync"
)

// selfCache holds the description of a client's own token.
type selfCache struct {
	mu    sync.Mutex
	token *AccessToken
}

// Self is WhoAmI with one request for the life of the client: nothing about a token changes.
func (c *Client) Self(ctx context.Context) (AccessToken, error) {
	c.self.mu.Lock()
	defer c.self.mu.Unlock()
	if c.self.token == nil {
		token, err := c.WhoAmI(ctx)
		if err != nil {
			return AccessToken{}, err
		}
		c.self.token = &token
	}
	return *c.self.token, nil
}

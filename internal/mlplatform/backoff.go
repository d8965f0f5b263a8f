// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"context"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	retryWaitMin = time.Second
	retryWaitMax = 30 * time.Second
)

// backoff is Config.Backoff; nil means the default.
type backoff func(shortest, longest time.Duration, attempt int, resp *http.Response) time.Duration

// beforeRetry waits before another attempt of an operation that the transport does not retry.
func (b backoff) beforeRetry(ctx context.Context, attempt int) error {
	if b == nil {
		b = retryablehttp.DefaultBackoff
	}
	return sleep(ctx, b(retryWaitMin, retryWaitMax, attempt, nil))
}

// exactly waits for a fixed time.
func (b backoff) exactly(ctx context.Context, wait time.Duration, attempt int) error {
	if b != nil {
		wait = b(wait, wait, attempt, nil)
	}
	return sleep(ctx, wait)
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

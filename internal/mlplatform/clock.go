// SPDX-License-Identifier: MPL-2.0

package mlplatform

import (
	"net/http"
	"sync/atomic"
	"time"
)

// serverClock estimates the service's time from the Date header of its responses.
type serverClock struct{ offset atomic.Int64 }

// learn reports whether it could read the date. If not, the estimate stays as it is.
func (s *serverClock) learn(date string) bool {
	at, err := http.ParseTime(date)
	if err != nil {
		return false
	}
	s.offset.Store(int64(time.Until(at)))
	return true
}

func (s *serverClock) now() time.Time {
	return time.Now().Add(time.Duration(s.offset.Load())).UTC().Truncate(time.Second)
}

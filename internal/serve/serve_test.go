// SPDX-License-Identifier: MPL-2.0

package serve

import "testing"

func TestLogRequested(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environ []string
		want    bool
	}{
		"nothing set":           {nil, false},
		"other variables":       {[]string{"PATH=/bin", "TF_LOGS=x", "TF_INPUT=0"}, false},
		"the log of the CLI":    {[]string{"TF_LOG_CORE=TRACE", "TF_LOG_PATH=x.log"}, false},
		"set but empty":         {[]string{"TF_LOG=", "TF_LOG_PROVIDER="}, false},
		"TF_LOG":                {[]string{"TF_LOG=TRACE"}, true},
		"TF_LOG as JSON":        {[]string{"TF_LOG=JSON"}, true},
		"TF_LOG_PROVIDER":       {[]string{"TF_LOG_PROVIDER=DEBUG"}, true},
		"this provider's log":   {[]string{"TF_LOG_PROVIDER_MLPLATFORM=DEBUG"}, true},
		"TF_LOG_SDK":            {[]string{"TF_LOG_SDK=TRACE"}, true},
		"a part of the SDK's":   {[]string{"TF_LOG_SDK_PROTO=TRACE"}, true},
		"the SDK's data folder": {[]string{"TF_LOG_SDK_PROTO_DATA_DIR=/tmp"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := logRequested(test.environ); got != test.want {
				t.Errorf("logRequested = %v, want %v", got, test.want)
			}
		})
	}
}

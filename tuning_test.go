// SPDX-License-Identifier: MPL-2.0

package main

import "testing"

func TestQuietSettings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environ []string
		quiet   bool
	}{
		"nothing set":           {nil, true},
		"other variables":       {[]string{"PATH=/bin", "TF_LOGS=x", "TF_INPUT=0"}, true},
		"the log of the CLI":    {[]string{"TF_LOG_CORE=TRACE", "TF_LOG_PATH=x.log"}, true},
		"set but empty":         {[]string{"TF_LOG=", "TF_LOG_PROVIDER="}, true},
		"TF_LOG":                {[]string{"TF_LOG=TRACE"}, false},
		"TF_LOG as JSON":        {[]string{"TF_LOG=JSON"}, false},
		"TF_LOG_PROVIDER":       {[]string{"TF_LOG_PROVIDER=DEBUG"}, false},
		"this provider's log":   {[]string{"TF_LOG_PROVIDER_MLPLATFORM=DEBUG"}, false},
		"TF_LOG_SDK":            {[]string{"TF_LOG_SDK=TRACE"}, false},
		"a part of the SDK's":   {[]string{"TF_LOG_SDK_PROTO=TRACE"}, false},
		"the SDK's data folder": {[]string{"TF_LOG_SDK_PROTO_DATA_DIR=/tmp"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if quiet := len(quietSettings(test.environ)) > 0; quiet != test.quiet {
				t.Errorf("logging is off: %v instead of %v", quiet, test.quiet)
			}
		})
	}
}

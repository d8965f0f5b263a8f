// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestRecording(t *testing.T) {
	t.Parallel()
	typescript := "Script started on 2026-01-01\n" +
		"\x1b[1m\r\n1. Plan <a> & b\x1b[0m\r\n\x1b[36mdir$ terraform plan\x1b[0m\r\n    plain\r\n" +
		"Script done on 2026-01-01\n"
	lines, err := read(strings.NewReader(typescript))
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 4 {
		t.Errorf("read %d lines: %q", len(lines), lines)
	}
	var out strings.Builder
	if err := render(&out, lines); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<text y="36"><tspan class="b">1. Plan &lt;a&gt; &amp; b</tspan></text>`, // the color began on the line before
		`<text y="54"><tspan class="c">dir$ terraform plan</tspan></text>`,
		`<text y="72">    plain</text>`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is missing in\n%s", want, out.String())
		}
	}
	for decoder := xml.NewDecoder(strings.NewReader(out.String())); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

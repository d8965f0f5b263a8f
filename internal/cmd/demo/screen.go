// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/mattn/go-isatty"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/leakcheck"
)

// screen prints for people. It replaces a token's value, if one is about to be printed, and remembers that as an error.
type screen struct {
	out     io.Writer
	colored bool
	values  func() []string
	err     error // the first one
}

const (
	bold  = "1"
	red   = "31"
	green = "32"
	cyan  = "36"
)

// isColored reports whether a file is a terminal that shows colors, which NO_COLOR turns off.
func isColored(file *os.File) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isatty.IsTerminal(file.Fd())
}

func (s *screen) print(color, text string) {
	if s.values != nil {
		var leaked bool
		if text, leaked = leakcheck.New(s.values()...).Redact(text, "(a token's value)"); leaked {
			s.err = errors.Join(s.err, errors.New("a token's value was about to be printed"))
		}
	}
	if s.colored && color != "" {
		text = "\x1b[" + color + "m" + text + "\x1b[0m"
	}
	if _, err := fmt.Fprintln(s.out, text); err != nil && s.err == nil {
		s.err = err
	}
}

func (s *screen) heading(title string)    { s.print(bold, "\n"+title) }
func (s *screen) text(lines ...string)    { s.print("", strings.Join(lines, "\n")) }
func (s *screen) success(sentence string) { s.print(green, sentence) }
func (s *screen) failure(sentence string) { s.print(red, sentence) }

// quote prints indented lines.
func (s *screen) quote(text string) {
	if text = strings.Trim(text, "\n"); text != "" {
		s.print("", "    "+strings.ReplaceAll(text, "\n", "\n    "))
	}
}

func (s *screen) table(tokens []token) {
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "TOKEN\tROLE\tEXPIRES")
	for _, t := range tokens {
		fmt.Fprintf(table, "%s\t%s\t%s\n", t.name, t.role, t.expires)
	}
	_ = table.Flush() // a builder accepts everything
	s.quote(out.String())
}

// summary matches the lines of a CLI that say in one line what it did or is about to do.
var summary = regexp.MustCompile(`^- Installed |successfully initialized|^  # \S+ (will|must) be (created|updated|replaced|destroyed)|^Plan: ` +
	`|: (Creation|Destruction) complete |^(Apply|Destroy) complete!|^No changes\.|^Import successful!`)

// condense shortens the output of a successful command to summaries, outputs and warnings.
func condense(output string) string {
	var kept []string
	block := false
	for line := range strings.SplitSeq(output, "\n") {
		summarized := summary.MatchString(line)
		switch {
		case summarized:
			block = false
		case line == "Outputs:":
			block = true
		case strings.HasPrefix(line, "Warning:"):
			block = !strings.Contains(line, "Incomplete lock file") // of an installation from a folder
		}
		if summarized || block && strings.TrimSpace(line) != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

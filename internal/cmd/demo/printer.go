// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/emulator"
)

// printer writes lines for people. No value of a token passes it.
type printer struct {
	w      io.Writer
	values func() []string // nil: there are none yet
	leaked bool
	err    error
}

var errLeak = errors.New("a token's value was about to be printed; it was replaced")

// trouble tells what went wrong with the printing so far.
func (p *printer) trouble() error {
	if p.leaked {
		return errLeak
	}

	return p.err
}

// text writes lines. Everything that is printed comes through here.
func (p *printer) text(text string) {
	p.indented("", text)
}

func (p *printer) indented(prefix, text string) {
	var values []string
	if p.values != nil {
		values = p.values()
	}

	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		line, found := clean(strings.TrimRight(prefix+line, " "), values)
		p.leaked = p.leaked || found

		if p.err == nil {
			_, p.err = fmt.Fprintln(p.w, line)
		}
	}
}

func (p *printer) heading(number int, title string) {
	p.text(fmt.Sprintf("\n%d. %s", number, title))
}

func (p *printer) command(folder, command string) {
	p.text(folder + "$ " + command)
}

func (p *printer) quote(text string) {
	p.indented("    ", text)
}

// table shows access tokens.
func (p *printer) table(tokens []emulator.Token) {
	var out strings.Builder

	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tROLE\tISSUER\tEXPIRES")

	for _, token := range tokens {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", token.Name, token.Role, token.IssuerName, expiry(token.ExpiresAt))
	}

	_ = table.Flush() // a builder takes everything

	p.quote(out.String())
}

// pending shows the register tokens that nobody has redeemed.
func (p *printer) pending(rows []emulator.RegisterTokenRow) {
	for _, row := range rows {
		if !row.Used {
			p.quote(fmt.Sprintf("pending: a register token for %q (%s), until %s", row.ClientName, row.Role, expiry(&row.ExpiresAt)))
		}
	}
}

var (
	// telling matches the lines of a CLI that say what it did, or is about to do, in one line each.
	telling = regexp.MustCompile(`^- Installed |successfully initialized|^  # \S+ (will|must) be (created|updated|replaced|destroyed)|^Plan: ` +
		`|: (Creation|Destruction) complete |^(Apply|Destroy) complete!|^No changes\.|^Import successful!`)
	// Installing from a folder brings on a warning about the lock file, which nobody keeps here.
	lockFile = regexp.MustCompile(`^Warning: Incomplete lock file`)
)

// condense keeps of a CLI's output what tells something: single lines, the outputs, and warnings and errors with their
// text.
func condense(output string) string {
	var kept []string

	block := false

	for line := range strings.SplitSeq(output, "\n") {
		switch {
		case strings.TrimSpace(line) == "":
			continue
		case line == "Outputs:", strings.HasPrefix(line, "Error:"):
			block = true
		case strings.HasPrefix(line, "Warning:"):
			block = !lockFile.MatchString(line)
		case telling.MatchString(line):
			// Outputs have no such lines, so a block of them goes on to the end.
			block = false

			kept = append(kept, line)
		}

		if block {
			kept = append(kept, line)
		}
	}

	return strings.Join(kept, "\n")
}

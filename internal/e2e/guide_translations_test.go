// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Both languages of a guide have the same headings by level, the same tables by size, and the same code but for its
// comments and descriptions, which are translated.
func TestGuidesAreTheSameInBothLanguages(t *testing.T) {
	t.Parallel()
	guides, err := filepath.Glob("../../docs/guides/*.md")
	if err != nil || len(guides) < 2 {
		t.Fatalf("no guides: %q, %v", guides, err)
	}
	for _, english := range guides {
		if strings.HasSuffix(english, ".ru.md") {
			continue
		}
		russian := strings.TrimSuffix(english, ".md") + ".ru.md"
		t.Run(filepath.Base(english), func(t *testing.T) {
			t.Parallel()
			en, ru := readGuide(t, english), readGuide(t, russian)
			if diff := cmp.Diff(en.outline, ru.outline); diff != "" {
				t.Errorf("headings and tables (-English +Russian):\n%s", diff)
			}
			if diff := cmp.Diff(en.code, ru.code); diff != "" {
				t.Errorf("code (-English +Russian):\n%s", diff)
			}
			for _, comment := range ru.comments {
				if !cyrillic.MatchString(comment) && plainWords.MatchString(comment) {
					t.Errorf("the comment %q is not in Russian", comment)
				}
			}
		})
	}
}

var (
	cyrillic     = regexp.MustCompile(`\p{Cyrillic}`)
	plainWords   = regexp.MustCompile(`[a-z]+ [a-z]+`)
	codeComment  = regexp.MustCompile(`(?m)(^|\s)#\s?(.*)$`)
	description  = regexp.MustCompile(`((?:description|error_message)\s*= )"(.*)"`)
	runsOfSpaces = regexp.MustCompile(`\s+`)
)

// guide is what both languages of a guide have in common.
type guide struct{ outline, code, comments []string }

func readGuide(t *testing.T, name string) guide {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out guide
	rows := 0
	var block []string
	inCode, language := false, ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			if inCode {
				out.addCode(language, strings.Join(block, "\n"))
			}
			inCode, language, block = !inCode, strings.TrimPrefix(line, "```"), nil
		case inCode:
			block = append(block, line)
		case strings.HasPrefix(line, "|"):
			rows++
			continue
		case strings.HasPrefix(line, "#"):
			level, _, _ := strings.Cut(line, " ")
			out.outline = append(out.outline, level)
		}
		if rows > 0 {
			out.outline = append(out.outline, "table with lines: "+strings.Repeat("|", rows))
			rows = 0
		}
	}
	return out
}

// addCode adds a block. The output of a command is the same in every language; diagrams have translated labels, but as
// many lines.
func (g *guide) addCode(language, text string) {
	switch language {
	case "text":
		g.code = append(g.code, text)
		return
	case "mermaid":
		kind, rest, _ := strings.Cut(text, "\n")
		g.code = append(g.code, fmt.Sprintf("%s of %d lines", kind, strings.Count(rest, "\n")+1))
		return
	}
	for _, match := range codeComment.FindAllStringSubmatch(text, -1) {
		g.comments = append(g.comments, match[2])
	}
	text = codeComment.ReplaceAllString(text, "")
	text = description.ReplaceAllString(text, `$1""`)
	g.code = append(g.code, strings.TrimSpace(runsOfSpaces.ReplaceAllString(text, " ")))
}

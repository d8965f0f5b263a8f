// SPDX-License-Identifier: MPL-2.0

// Command recording renders what a program printed on a terminal, from standard input, as an animated SVG.
//
// `make recording` renders the demo for README.md with it.
package main

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"log"
	"os"
	"regexp"
	"strings"
	"time"
)

const (
	rows, columns = 30, 112
	lineHeight    = 18
	charWidth     = 7.9
	margin        = 16
)

// classes are the CSS classes for the colors that the demo uses.
var classes = map[string]string{"1": "b", "31": "r", "32": "g", "36": "c"}

func main() {
	lines, err := read(os.Stdin)
	if err == nil {
		err = render(os.Stdout, lines)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// read returns the lines of a typescript, without the two that script(1) adds to a file.
func read(in io.Reader) ([]string, error) {
	var lines []string
	scanner := bufio.NewScanner(in)
	for scanner.Scan() {
		line := strings.TrimRight(scanner.Text(), "\r")
		if !strings.HasPrefix(line, "Script started on ") && !strings.HasPrefix(line, "Script done on ") {
			lines = append(lines, line)
		}
	}
	return lines, scanner.Err()
}

var escape = regexp.MustCompile("\x1b\\[(\\d*)m")

// spans turns a line into SVG. color is the one that the previous line ended with, and is returned for the next.
func spans(line, color string) (svg, next string) {
	var out strings.Builder
	add := func(text string) {
		if class := classes[color]; text != "" && class != "" {
			fmt.Fprintf(&out, `<tspan class="%s">%s</tspan>`, class, html.EscapeString(text))
		} else {
			out.WriteString(html.EscapeString(text))
		}
	}
	end := 0
	for _, found := range escape.FindAllStringSubmatchIndex(line, -1) {
		add(line[end:found[0]])
		color, end = line[found[2]:found[3]], found[1]
	}
	add(line[end:])
	return out.String(), color
}

// pause is how long a line stays the last one: time to read a heading or a command, little for the rest.
func pause(line string) time.Duration {
	switch {
	case strings.TrimSpace(escape.ReplaceAllString(line, "")) == "":
		return 1500 * time.Millisecond
	case strings.HasPrefix(line, "\x1b[36m"):
		return 900 * time.Millisecond
	}
	return 180 * time.Millisecond
}

// render writes all lines below each other and scrolls them up behind a window, as a terminal does.
func render(out io.Writer, lines []string) error {
	var text, steps strings.Builder
	const end = 6 * time.Second
	total := end
	for _, line := range lines {
		total += pause(line)
	}
	shown, color := time.Duration(0), ""
	for i, line := range lines {
		var svg string
		svg, color = spans(line, color)
		fmt.Fprintf(&text, "<text y=\"%d\">%s</text>\n", (i+1)*lineHeight, svg)
		fmt.Fprintf(&steps, "%.3f%%{transform:translateY(%dpx)}\n", 100*float64(shown)/float64(total), (rows-i-1)*lineHeight)
		shown += pause(line)
	}
	fmt.Fprintf(&steps, "100%%{transform:translateY(%dpx)}\n", (rows-len(lines))*lineHeight)
	width, height := columns*charWidth+2*margin, rows*lineHeight+2*margin
	_, err := fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]g %[2]d" width="%[1]g" height="%[2]d" role="img">
<title>make demo in a terminal</title>
<style>
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d0d7de;white-space:pre}
.b{font-weight:bold;fill:#fff}.r{fill:#ff7b72}.g{fill:#7ee787}.c{fill:#79c0ff}
.s{animation:s %.1[3]fs step-end infinite}
@media (prefers-reduced-motion:reduce){.s{animation:none}}
@keyframes s{
%[4]s}
</style>
<rect width="100%%" height="100%%" rx="8" fill="#0d1117"/>
<svg x="%[5]d" y="%[5]d" width="%[6]g" height="%[7]d"><g class="s" xml:space="preserve">
%[8]s</g></svg>
</svg>
`, width, height, total.Seconds(), steps.String(), margin, width-2*margin, rows*lineHeight+4, text.String())
	return err
}

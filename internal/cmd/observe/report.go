// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
)

const newIssue = "https://github.com/mlplatform/terraform-provider-mlplatform/issues/new?template=contract.yml"

// report prints the rows as a table, writes them to a file as Markdown and returns the number of differences.
func report(rows []row, about, path string, stdout io.Writer) (int, error) {
	var text, markdown strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PART\tOBSERVED\tCONTRACT\tRESULT")
	fmt.Fprintf(&markdown, "# Contract report\n\n%s\n\n| call | part | observed | contract | result |\n|---|---|---|---|---|\n", about)
	count, call := 0, ""
	for _, row := range rows {
		if strings.HasPrefix(row.result, different) {
			count++
		}
		if row.call != call || row.call == "" && row.part == "request" {
			call = row.call
			fmt.Fprintf(table, "%s\t\t\t\n", call)
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", row.part, row.observed, row.contract, row.result)
		markdown.WriteString("|")
		for _, cell := range []string{row.call, row.part, row.observed, row.contract, row.result} {
			markdown.WriteString(" " + strings.ReplaceAll(cell, "|", `\|`) + " |")
		}
		markdown.WriteString("\n")
	}
	_ = table.Flush() // to memory
	summary := "Everything is as the contract says."
	if count > 0 {
		summary = fmt.Sprintf("Differences from the contract: %d.", count)
	}
	fmt.Fprintf(&markdown, "\n%s\n", summary)
	if err := os.WriteFile(path, []byte(markdown.String()), 0o600); err != nil {
		return 0, fmt.Errorf("writing the report: %w", err)
	}
	for line := range strings.Lines(text.String()) {
		if _, err := fmt.Fprintln(stdout, strings.TrimRight(line, " \n")); err != nil {
			return 0, err
		}
	}
	_, err := fmt.Fprintf(stdout, "\n%s Attach %s to %s\n", summary, path, newIssue)
	return count, err
}

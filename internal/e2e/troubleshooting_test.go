// SPDX-License-Identifier: MPL-2.0

package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// wildcard stands for the part of a summary that is not constant.
const wildcard = "…"

// The troubleshooting guide has a heading for every title of an error or warning, in both languages, and no other.
func TestTroubleshootingGuideIsComplete(t *testing.T) {
	t.Parallel()
	summaries := diagnosticSummaries(t, filepath.Join("..", "provider"))
	if len(summaries) < 20 {
		t.Fatalf("only %d summaries were found: %q", len(summaries), summaries)
	}
	for _, guide := range []string{"troubleshooting.md.tmpl", "troubleshooting.ru.md.tmpl"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", guide))
		if err != nil {
			t.Fatal(err)
		}
		known := make([]*regexp.Regexp, len(summaries))
		for i, summary := range summaries {
			known[i] = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(summary), wildcard, ".+") + "$")
		}
		var headings []string
		for _, match := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllStringSubmatch(string(text), -1) {
			headings = append(headings, match[1])
			if !slices.ContainsFunc(known, func(k *regexp.Regexp) bool { return k.MatchString(match[1]) }) {
				t.Errorf("%s has the heading %q, which is the title of no error or warning", guide, match[1])
			}
		}
		for i, summary := range summaries {
			if !slices.ContainsFunc(headings, known[i].MatchString) {
				t.Errorf("%s lacks the heading %q", guide, "### "+summary)
			}
		}
		if unique := slices.Compact(slices.Sorted(slices.Values(headings))); len(unique) != len(headings) {
			t.Errorf("%s has the same heading twice", guide)
		}
	}
}

// summaryArgument is the position of the summary in the calls that make a diagnostic.
var summaryArgument = map[string]int{
	"AddError": 0, "AddWarning": 0, "AddAttributeError": 1, "AddAttributeWarning": 1,
	"NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1,
}

// diagnosticSummaries returns the summaries of all diagnostics that the Go files of a folder create.
func diagnosticSummaries(t *testing.T, folder string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	source := summarySource{t: t, fset: token.NewFileSet(), seen: map[ast.Expr]bool{}}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(source.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		source.files = append(source.files, file)
	}
	var out []string
	source.calls(func(name string, call *ast.CallExpr, in *ast.FuncDecl) {
		if at, ok := summaryArgument[name]; ok && len(call.Args) > at {
			out = append(out, source.values(call.Args[at], in)...)
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// summarySource finds the values that an expression can have, by the names of constants, variables, fields and functions
// in one package. It fails the test where it cannot tell.
type summarySource struct {
	t     *testing.T
	fset  *token.FileSet
	files []*ast.File
	seen  map[ast.Expr]bool
}

func (s *summarySource) inspect(visit func(node ast.Node, in *ast.FuncDecl)) {
	for _, file := range s.files {
		for _, decl := range file.Decls {
			in, _ := decl.(*ast.FuncDecl)
			ast.Inspect(decl, func(node ast.Node) bool {
				if node != nil {
					visit(node, in)
				}
				return true
			})
		}
	}
}

func (s *summarySource) calls(visit func(name string, call *ast.CallExpr, in *ast.FuncDecl)) {
	s.inspect(func(node ast.Node, in *ast.FuncDecl) {
		if call, ok := node.(*ast.CallExpr); ok {
			switch called := call.Fun.(type) {
			case *ast.Ident:
				visit(called.Name, call, in)
			case *ast.SelectorExpr:
				visit(called.Sel.Name, call, in)
			}
		}
	})
}

// values returns the texts that an expression can have in a function.
func (s *summarySource) values(expr ast.Expr, in *ast.FuncDecl) []string {
	var out []string
	switch e := expr.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		if err != nil {
			s.t.Fatal(err)
		}
		return []string{text}
	case *ast.BinaryExpr:
		for _, left := range s.values(e.X, in) {
			right := []string{wildcard}
			if _, literal := e.Y.(*ast.BasicLit); literal {
				right = s.values(e.Y, in)
			}
			for _, text := range right {
				out = append(out, left+text)
			}
		}
	case *ast.Ident:
		out = s.named(e.Name, in)
	case *ast.SelectorExpr:
		out = s.field(e.Sel.Name)
	}
	if len(out) == 0 {
		s.t.Errorf("%s: the summary of this diagnostic cannot be determined", s.fset.Position(expr.Pos()))
	}
	return out
}

// named returns the values of a parameter, variable or constant.
func (s *summarySource) named(name string, in *ast.FuncDecl) []string {
	if at, ok := parameter(in, name); ok {
		return s.passed(in, at)
	}
	var out []string
	assigned := func(names []ast.Expr, values []ast.Expr, scope *ast.FuncDecl) {
		for i, left := range names {
			if ident, ok := left.(*ast.Ident); ok && ident.Name == name && len(names) == len(values) {
				out = append(out, s.values(values[i], scope)...)
			}
		}
	}
	s.inspect(func(node ast.Node, scope *ast.FuncDecl) {
		if scope != nil && scope != in {
			return
		}
		switch n := node.(type) {
		case *ast.AssignStmt:
			assigned(n.Lhs, n.Rhs, scope)
		case *ast.ValueSpec:
			names := make([]ast.Expr, len(n.Names))
			for i, ident := range n.Names {
				names[i] = ident
			}
			assigned(names, n.Values, scope)
		}
	})
	return out
}

// field returns the values that composite literals give a field.
func (s *summarySource) field(name string) []string {
	var out []string
	resolve := func(value ast.Expr, in *ast.FuncDecl) {
		if !s.seen[value] {
			s.seen[value] = true
			out = append(out, s.values(value, in)...)
			s.seen[value] = false
		}
	}
	s.inspect(func(node ast.Node, in *ast.FuncDecl) {
		literal, ok := node.(*ast.CompositeLit)
		if !ok {
			return
		}
		typ, _ := literal.Type.(*ast.Ident)
		for i, element := range literal.Elts {
			if pair, keyed := element.(*ast.KeyValueExpr); keyed {
				if key, ok := pair.Key.(*ast.Ident); ok && key.Name == name {
					resolve(pair.Value, in)
				}
			} else if typ != nil && slices.Index(s.fieldsOf(typ.Name), name) == i {
				resolve(element, in)
			}
		}
	})
	return out
}

// fieldsOf returns the names of a struct's fields.
func (s *summarySource) fieldsOf(typ string) []string {
	var out []string
	s.inspect(func(node ast.Node, _ *ast.FuncDecl) {
		spec, ok := node.(*ast.TypeSpec)
		if !ok || spec.Name.Name != typ {
			return
		}
		if fields, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range fields.Fields.List {
				for _, ident := range field.Names {
					out = append(out, ident.Name)
				}
			}
		}
	})
	return out
}

// passed returns the values of an argument in all calls of a function or method.
func (s *summarySource) passed(function *ast.FuncDecl, at int) []string {
	var out []string
	s.calls(func(name string, call *ast.CallExpr, in *ast.FuncDecl) {
		// A local function can have the name of a method.
		_, ofMethod := call.Fun.(*ast.SelectorExpr)
		if name == function.Name.Name && ofMethod == (function.Recv != nil) && len(call.Args) > at && !s.seen[call.Args[at]] {
			s.seen[call.Args[at]] = true
			out = append(out, s.values(call.Args[at], in)...)
			s.seen[call.Args[at]] = false
		}
	})
	return out
}

// parameter returns the position of a function's parameter.
func parameter(in *ast.FuncDecl, name string) (int, bool) {
	if in == nil {
		return 0, false
	}
	at := 0
	for _, field := range in.Type.Params.List {
		for _, ident := range field.Names {
			if ident.Name == name {
				return at, true
			}
			at++
		}
	}
	return 0, false
}

// SPDX-License-Identifier: MPL-2.0

// Command sbom writes which modules a Go program was built from, as a CycloneDX document: sbom VERSION PROGRAM DOCUMENT
//
// All of it comes from what the Go linker left in the program. The usual generators add the time and a random serial
// number; without those, whoever builds the same commit again gets the same document.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path"
	"runtime/debug"
	"strings"
)

type document struct {
	Schema      string      `json:"$schema"`
	BOMFormat   string      `json:"bomFormat"`
	SpecVersion string      `json:"specVersion"`
	Version     int         `json:"version"`
	Metadata    metadata    `json:"metadata"`
	Components  []component `json:"components"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	Hashes     []hash     `json:"hashes,omitempty"`
	PackageURL string     `json:"purl"`
	Properties []property `json:"properties,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: sbom VERSION PROGRAM DOCUMENT")
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func write(version, program, target string) error {
	content, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(describe(version, info, sha256.Sum256(content)), "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(target, append(text, '\n'), 0o644)
}

func describe(version string, info *debug.BuildInfo, sum [sha256.Size]byte) document {
	program := module("application", info.Main.Path, "v"+version)
	program.Name = path.Base(info.Main.Path)
	program.Hashes = []hash{{"SHA-256", hex.EncodeToString(sum[:])}}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "GOOS", "GOARCH", "CGO_ENABLED", "vcs.revision", "vcs.time", "vcs.modified":
			program.Properties = append(program.Properties, property{"go:build:" + setting.Key, setting.Value})
		}
	}
	// Weaknesses of the standard library are as likely as those of a module, and are known by Go's version.
	components := []component{module("library", "std", strings.TrimPrefix(info.GoVersion, "go"))}
	for _, dependency := range info.Deps {
		if dependency.Replace != nil {
			dependency = dependency.Replace
		}
		components = append(components, module("library", dependency.Path, dependency.Version))
	}
	return document{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", BOMFormat: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata: metadata{program}, Components: components,
	}
}

// module is a component with the URL that databases of weaknesses know it by.
func module(kind, name, version string) component {
	url := fmt.Sprintf("pkg:golang/%s@%s", strings.ToLower(name), strings.ReplaceAll(version, "+", "%2B"))
	return component{Type: kind, Ref: url, Name: name, Version: version, PackageURL: url}
}

// SPDX-License-Identifier: MPL-2.0

package acctest

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// stateFile is the name of the state file in a workspace.
const stateFile = "terraform.tfstate"

// Resource is a resource as `show -json` prints it.
type Resource struct {
	Address string         `json:"address"`
	Tainted bool           `json:"tainted"`
	Values  map[string]any `json:"values"`
}

// Resource returns a resource of the state, and ends the test if there is none.
func (w *Workspace) Resource(address string) Resource {
	w.T.Helper()
	var state struct {
		Values struct {
			Root struct {
				Resources []Resource `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	if err := json.Unmarshal([]byte(w.MustRun("show", "-json").Stdout), &state); err != nil {
		w.T.Fatal(err)
	}
	for _, found := range state.Values.Root.Resources {
		if found.Address == address {
			return found
		}
	}
	w.T.Fatalf("the state does not hold %s", address)
	return Resource{}
}

// Attribute returns a string attribute of a resource of the state, and ends the test if there is none.
func (w *Workspace) Attribute(address, name string) string {
	w.T.Helper()
	text, ok := w.Resource(address).Values[name].(string)
	if !ok {
		w.T.Fatalf("%s has no string %s in the state", address, name)
	}
	return text
}

// StateResources returns the resources in the state file, for a comparison: the rest changes with every command.
func (w *Workspace) StateResources() string {
	w.T.Helper()
	var state struct {
		Resources json.RawMessage `json:"resources"`
	}
	if err := json.Unmarshal([]byte(w.Read(stateFile)), &state); err != nil {
		w.T.Fatal(err)
	}
	return string(state.Resources)
}

// StateObject is one object in the state file. A resource that is replaced may have a deposed one, too.
type StateObject struct {
	Address    string `json:"-"`
	Status     string // "tainted" or empty
	Deposed    string // the key of a deposed object
	Attributes struct {
		ID              string
		Name            string
		AccessTokenName string `json:"access_token_name"`
		AccessTokenID   string `json:"access_token_id"`
		Status          string
		// Token is the value, whether the state holds it as text or encrypted to Recipient.
		Token          string
		EncryptedToken string `json:"encrypted_token"`
	}
}

// IsAccessToken reports whether the object is of the type mlplatform_access_token.
func (o StateObject) IsAccessToken() bool {
	return strings.HasPrefix(o.Address, "mlplatform_access_token.")
}

// IsEncrypted reports whether the object holds its value encrypted.
func (o StateObject) IsEncrypted() bool { return o.Attributes.EncryptedToken != "" }

// StateObjects reads the objects from the state file, which is faster than to run the CLI and has deposed ones, too.
// Without a file there are none.
func (w *Workspace) StateObjects() []StateObject {
	w.T.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, stateFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		w.T.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Type, Name string
			Instances  []StateObject
		}
	}
	if err := json.Unmarshal(text, &state); err != nil {
		w.T.Fatal(err)
	}
	var objects []StateObject
	for _, found := range state.Resources {
		for _, object := range found.Instances {
			object.Address = found.Type + "." + found.Name
			if object.IsEncrypted() {
				object.Attributes.Token = Decrypt(w.T, object.Attributes.EncryptedToken)
			}
			objects = append(objects, object)
		}
	}
	return objects
}

// Snapshot returns the objects of the state and the tokens of the service as a text, for a comparison.
func (w *Workspace) Snapshot() string {
	w.T.Helper()
	text, err := json.Marshal([]any{w.StateObjects(), w.Service.Emulator.Tokens()})
	if err != nil {
		w.T.Fatal(err)
	}
	return string(text)
}

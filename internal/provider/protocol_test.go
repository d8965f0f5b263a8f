// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// protocolServer calls the provider as Terraform does, without a CLI.
type protocolServer struct {
	tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

// newProtocolServer returns a server of a provider whose environment holds only the given variables.
func newProtocolServer(t *testing.T, variables map[string]string) *protocolServer {
	t.Helper()
	isolated := func(p *mlplatformProvider) { p.getenv = environment(variables) }
	server := providerserver.NewProtocol6(New("test", isolated)())()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return &protocolServer{ProviderServer: server, schemas: schemas}
}

// dynamic encodes an object of a schema; attributes that are not given are null.
func dynamic(t *testing.T, schema *tfprotov6.Schema, values map[string]any) *tfprotov6.DynamicValue {
	t.Helper()
	object, ok := schema.ValueType().(tftypes.Object)
	if !ok {
		t.Fatalf("the schema is of the type %s", schema.ValueType())
	}
	attributes := map[string]tftypes.Value{}
	for name, of := range object.AttributeTypes {
		attributes[name] = tftypes.NewValue(of, values[name])
	}
	value, err := tfprotov6.NewDynamicValue(object, tftypes.NewValue(object, attributes))
	if err != nil {
		t.Fatal(err)
	}
	return &value
}

// configure configures the provider and returns what it reports.
func (s *protocolServer) configure(t *testing.T, block map[string]any) []*tfprotov6.Diagnostic {
	t.Helper()
	config := dynamic(t, s.schemas.Provider, block)
	validated, err := s.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	configured, err := s.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	return append(validated.Diagnostics, configured.Diagnostics...)
}

// readData reads a data source and returns its attributes.
func (s *protocolServer) readData(t *testing.T, kind string, config map[string]any) (map[string]tftypes.Value, []*tfprotov6.Diagnostic) {
	t.Helper()
	schema := s.schemas.DataSourceSchemas[kind]
	read, err := s.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: kind, Config: dynamic(t, schema, config)})
	if err != nil {
		t.Fatal(err)
	}
	attributes := map[string]tftypes.Value{}
	if read.State != nil {
		state, err := read.State.Unmarshal(schema.ValueType())
		if err == nil && !state.IsNull() {
			err = state.As(&attributes)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return attributes, read.Diagnostics
}

// respond writes a JSON response.
func respond(rw http.ResponseWriter, status int, body string) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_, _ = rw.Write([]byte(body))
}

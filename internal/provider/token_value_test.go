// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

func recipientList(keys ...string) types.List {
	var elements []attr.Value
	for _, key := range keys {
		elements = append(elements, types.StringValue(key))
	}
	return types.ListValueMust(types.StringType, elements)
}

// The value is encrypted in place while the state holds it as text. After that, other keys force a replacement.
func TestRecipientsOfAnExistingToken(t *testing.T) {
	t.Parallel()
	const ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"
	const age = "age1qqq"
	unknownElement := types.ListValueMust(types.StringType, []attr.Value{types.StringUnknown()})
	none := types.ListNull(types.StringType)
	asText := tokenValue{Recipients: none, Token: types.StringValue("text"), EncryptedToken: types.StringNull(), TokenVersion: types.Int64Value(7)}
	encrypted := tokenValue{Recipients: recipientList(ssh, age), Token: types.StringNull(), EncryptedToken: types.StringValue("armor"), TokenVersion: types.Int64Value(7)}
	imported := tokenValue{Recipients: none, Token: types.StringNull(), EncryptedToken: types.StringNull(), TokenVersion: types.Int64Value(0)}
	importedWithKeys := imported
	importedWithKeys.Recipients = recipientList(age)
	for name, test := range map[string]struct {
		prior      tokenValue
		recipients types.List
		replace    bool
		plan       string // the words for token and encrypted_token
	}{
		"text, none":                        {asText, none, false, "kept kept"},
		"text, keys":                        {asText, recipientList(age), false, "null unknown"},
		"text, unknown":                     {asText, types.ListUnknown(types.StringType), false, "unknown unknown"},
		"text, unknown element":             {asText, unknownElement, false, "null unknown"},
		"encrypted, same":                   {encrypted, recipientList(ssh, age), false, "kept kept"},
		"encrypted, another order":          {encrypted, recipientList(age, ssh), false, "kept kept"},
		"encrypted, comment and line break": {encrypted, recipientList(ssh+" anna@example.com\n", age+"\n"), false, "kept kept"},
		"encrypted, twice":                  {encrypted, recipientList(ssh, age, age), false, "kept kept"},
		"encrypted, another key":            {encrypted, recipientList(ssh, "age1qqp"), true, ""},
		"encrypted, one more":               {encrypted, recipientList(ssh, age, "age1qqp"), true, ""},
		"encrypted, one less":               {encrypted, recipientList(ssh), true, ""},
		"encrypted, none":                   {encrypted, none, true, ""},
		"encrypted, unknown":                {encrypted, types.ListUnknown(types.StringType), true, ""},
		"encrypted, unknown element":        {encrypted, unknownElement, true, ""},
		"imported, keys":                    {imported, recipientList(age), false, "kept kept"},
		"imported, other keys":              {importedWithKeys, recipientList(ssh), false, "kept kept"},
		"imported, no keys":                 {importedWithKeys, none, false, "kept kept"},
	} {
		got := tokenValue{Recipients: test.recipients}
		if replace := got.planValue(test.prior); replace != test.replace {
			t.Errorf("%s: replaced: %v", name, replace)
		}
		words := planWord(got.Token, test.prior.Token) + " " + planWord(got.EncryptedToken, test.prior.EncryptedToken)
		if !test.replace && (words != test.plan || got.TokenVersion != test.prior.TokenVersion) {
			t.Errorf("%s: token and encrypted_token are %s, want %s; version %s", name, words, test.plan, got.TokenVersion)
		}
	}
}

func planWord(planned, prior types.String) string {
	switch {
	case planned == prior:
		return "kept"
	case planned.IsUnknown():
		return "unknown"
	case planned.IsNull():
		return "null"
	}
	return "changed"
}

// Whatever is known only during the apply, the value ends up in exactly one place.
func TestValueIsHeldOnce(t *testing.T) {
	t.Parallel()
	key := classicKey(t)
	for name, recipients := range map[string]types.List{"none": types.ListNull(types.StringType), "a key": recipientList(key.public + "\n")} {
		value := tokenValue{Recipients: recipients}
		var diags diag.Diagnostics
		value.setValue(mlplatform.Secret(plainValue), time.Unix(1900000000, 0), &diags)
		if diags.HasError() || value.Token.IsNull() == value.EncryptedToken.IsNull() || value.TokenVersion.ValueInt64() != 1900000000 {
			t.Errorf("%s: %v", name, diags)
		}
		if !recipients.IsNull() && value.Token.ValueString() != "" || strings.Contains(value.EncryptedToken.ValueString(), plainValue) {
			t.Errorf("%s: the value is held as text", name)
		}
		planned := value
		planned.Token, planned.EncryptedToken = types.StringUnknown(), types.StringUnknown()
		planned.updateValue(tokenValue{Token: types.StringValue(plainValue)}, &diags)
		if diags.HasError() || planned.Token.IsNull() == planned.EncryptedToken.IsNull() {
			t.Errorf("%s: after an update: %v", name, diags)
		}
	}
	var diags diag.Diagnostics
	tokenValue{Recipients: recipientList("ssh-dss AAAA")}.checkRecipients(&diags)
	if !diags.HasError() {
		t.Error("a key that cannot be used is found only when the value has arrived")
	}
}

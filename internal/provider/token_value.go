// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

// tokenValue is how a state holds the value of a token: as text, or encrypted to recipients. Both resources embed it.
type tokenValue struct {
	Recipients     types.List   `tfsdk:"recipients"`
	Token          types.String `tfsdk:"token"`
	EncryptedToken types.String `tfsdk:"encrypted_token"`
	TokenVersion   types.Int64  `tfsdk:"token_version"`
}

// addTokenValue adds the attributes of tokenValue to a schema.
func addTokenValue(attributes map[string]schema.Attribute, tokenText string) {
	attributes["recipients"] = schema.ListAttribute{
		Optional:    true,
		ElementType: types.StringType,
		MarkdownDescription: "Public keys to which the value is encrypted: keys of [age](https://age-encryption.org) (`age1…`, also " +
			"post-quantum ones) and SSH keys (`ssh-ed25519`, `ssh-rsa`). `encrypted_token` then holds the value, and `token` is " +
			"null. Setting it on a token whose value is in the state encrypts that value in place. After that, adding, changing " +
			"or removing a key replaces the token, because the value cannot be encrypted again. The order of the keys and the " +
			"comments of SSH keys do not matter.",
		Validators: []validator.List{recipientsValidator{}},
	}
	attributes["token"] = secretText(tokenText + " Null with `recipients`.")
	attributes["encrypted_token"] = computedText("Value of the token, encrypted to `recipients`, as armored text of age. Null without " +
		"`recipients`. It can be shown to anybody.")
	attributes["token_version"] = schema.Int64Attribute{
		Computed: true,
		MarkdownDescription: "Number that grows with each new value: when the value was issued, in Unix seconds by the service's " +
			"clock; 0 after an import. For arguments such as `data_wo_revision`, which tell a provider to write again.",
	}
}

// plainValue returns the value; it is empty if the state holds it encrypted or not at all.
func (v tokenValue) plainValue() mlplatform.Secret { return mlplatform.Secret(v.Token.ValueString()) }

// planNewValue plans the value of a token that does not exist yet.
func (v *tokenValue) planNewValue() {
	v.TokenVersion = types.Int64Unknown()
	v.planHolder()
}

// planHolder plans which attribute will hold the value. While the recipients are unknown, it can be either.
func (v *tokenValue) planHolder() {
	v.Token, v.EncryptedToken = types.StringUnknown(), types.StringUnknown()
	switch {
	case v.Recipients.IsNull():
		v.EncryptedToken = types.StringNull()
	case !v.Recipients.IsUnknown():
		v.Token = types.StringNull()
	}
}

// planValue plans the value of an existing token for the configured recipients. It reports whether they force a
// replacement: the value can be encrypted only while the state holds it as text.
func (v *tokenValue) planValue(prior tokenValue) (replace bool) {
	recipients := v.Recipients
	*v = prior
	v.Recipients = recipients
	switch {
	case !prior.EncryptedToken.IsNull():
		return !sameRecipients(recipients, prior.Recipients)
	case !prior.Token.IsNull() && !recipients.IsNull():
		v.planHolder()
	}
	return false
}

// setValue stores the value of a new token, issued at a time of the service's clock.
func (v *tokenValue) setValue(value mlplatform.Secret, issuedAt time.Time, diags *diag.Diagnostics) {
	v.TokenVersion = types.Int64Value(issuedAt.Unix())
	v.hold(value, diags)
}

// updateValue finishes an update in place, which encrypts the value if recipients were added.
func (v *tokenValue) updateValue(prior tokenValue, diags *diag.Diagnostics) {
	if v.Token.IsUnknown() || v.EncryptedToken.IsUnknown() {
		v.hold(prior.plainValue(), diags)
	}
}

// checkRecipients encrypts a sample. The value of a new token that could not be encrypted would be lost.
func (v tokenValue) checkRecipients(diags *diag.Diagnostics) {
	v.hold("sample", diags)
}

// hold stores the value as text, or encrypted.
func (v *tokenValue) hold(value mlplatform.Secret, diags *diag.Diagnostics) {
	v.Token, v.EncryptedToken = types.StringNull(), types.StringNull()
	if v.Recipients.IsNull() {
		v.Token = types.StringValue(value.Reveal())
		return
	}
	recipients, failures := parseRecipients(textsOf(v.Recipients))
	for _, failure := range failures {
		failure.addTo(path.Root("recipients"), diags)
	}
	if len(failures) > 0 {
		return
	}
	encrypted, err := encryptValue(value, recipients)
	if err != nil {
		diags.AddAttributeError(path.Root("recipients"), "Unable to encrypt the token", sentence(err.Error())+" Check the public keys.")
		return
	}
	v.EncryptedToken = types.StringValue(encrypted)
}

// sameRecipients reports whether two lists have the same keys. The order and the comments of keys do not matter.
func sameRecipients(a, b types.List) bool {
	if a.IsUnknown() || b.IsUnknown() || hasUnknown(a) || hasUnknown(b) {
		return false
	}
	return slices.Equal(recipientKeys(a), recipientKeys(b))
}

func hasUnknown(list types.List) bool {
	for _, element := range list.Elements() {
		if element.IsUnknown() {
			return true
		}
	}
	return false
}

// recipientKeys returns the sorted keys of a list without white space and comments.
func recipientKeys(list types.List) []string {
	var keys []string
	for _, text := range textsOf(list) {
		fields := strings.Fields(text)
		keys = append(keys, strings.Join(fields[:min(len(fields), keyFields(text))], " "))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// keyFields returns how many words of a public key are the key: an SSH key has its type before it.
func keyFields(text string) int {
	if strings.HasPrefix(strings.TrimSpace(text), "age1") {
		return 1
	}
	return 2
}

// textsOf returns the elements of a list of strings; an unknown or null one is empty.
func textsOf(list types.List) []string {
	var texts []string
	for _, element := range list.Elements() {
		text, _ := element.(types.String)
		texts = append(texts, text.ValueString())
	}
	return texts
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/mlplatform/terraform-provider-mlplatform/internal/mlplatform"
)

const exampleRecipient = "For example: `recipients = [file(\"anna.pub\")]` with the line of an `ssh-ed25519` or `ssh-rsa` public key, " +
	"or the `age1…` public key that `age-keygen -y` prints."

// recipientError says what is wrong with an element of a list of recipients. It never repeats the element.
type recipientError struct {
	index  int
	reason string
	// secret is set if the element looks like a private key, so that not even the line that sets it may be shown.
	secret bool
}

// parseRecipients parses age and SSH public keys. There is one error for each invalid element, or for each element that cannot
// be combined with the first one; the recipients can be used only if there is none.
func parseRecipients(texts []string) ([]age.Recipient, []recipientError) {
	var recipients []age.Recipient
	var failures []recipientError
	var firstHybrid bool
	for i, text := range texts {
		text = strings.TrimSpace(text)
		if looksPrivate(text) {
			failures = append(failures, recipientError{i, "it looks like a private key, which belongs in no configuration", true})
			continue
		}
		recipient, err := parseRecipient(text)
		if err != nil {
			failures = append(failures, recipientError{index: i, reason: err.Error()})
			continue
		}
		_, hybrid := recipient.(*age.HybridRecipient)
		if len(recipients) == 0 {
			firstHybrid = hybrid
		}
		if hybrid != firstHybrid {
			failures = append(failures, recipientError{index: i, reason: "post-quantum keys (age1pq1…) cannot be combined with other " +
				"keys, which would make the value as weak as the others"})
		}
		recipients = append(recipients, recipient)
	}
	return recipients, failures
}

// base64Text is what the inside of a private key looks like.
var base64Text = regexp.MustCompile(`^[A-Za-z0-9+/=\s]{40,}$`)

func looksPrivate(text string) bool {
	upper := strings.ToUpper(text)
	return strings.Contains(upper, "PRIVATE KEY") || strings.Contains(upper, "AGE-SECRET-KEY-") || strings.Contains(upper, "AGE-PLUGIN-") ||
		base64Text.MatchString(text) && !strings.HasPrefix(text, "age1")
}

// parseRecipient parses one public key. The errors of the libraries are not used because they repeat the text.
func parseRecipient(text string) (age.Recipient, error) {
	kind, _, _ := strings.Cut(text, " ")
	var recipient age.Recipient
	var err error
	switch {
	case text == "":
		return nil, fmt.Errorf("it is empty")
	case strings.ContainsAny(text, "\r\n"):
		return nil, fmt.Errorf("it has more than one line; each element is one public key")
	case strings.HasPrefix(text, "age1pq1"):
		recipient, err = age.ParseHybridRecipient(text)
	case isPluginRecipient(text):
		return nil, fmt.Errorf("keys of age plugins are not supported")
	case strings.HasPrefix(text, "age1"):
		recipient, err = age.ParseX25519Recipient(text)
	case kind == "ssh-ed25519", kind == "ssh-rsa":
		recipient, err = agessh.ParseRecipient(text)
	case strings.HasPrefix(kind, "sk-"):
		return nil, fmt.Errorf("SSH keys on security keys (sk-…) cannot decrypt")
	case strings.HasPrefix(kind, "ecdsa-"):
		return nil, fmt.Errorf("ECDSA keys of SSH cannot decrypt")
	case strings.HasPrefix(kind, "ssh-"):
		return nil, fmt.Errorf("SSH keys of this type are not supported")
	default:
		return nil, fmt.Errorf("it is not a public key of age or SSH")
	}
	if err != nil {
		return nil, fmt.Errorf("it is not a complete, valid key")
	}
	return recipient, nil
}

// isPluginRecipient reports whether the text has the form age1NAME1DATA. X25519 keys have no second "1", because their
// encoding does not use it.
func isPluginRecipient(text string) bool {
	rest, found := strings.CutPrefix(text, "age1")
	return found && strings.Contains(rest, "1")
}

// encryptValue encrypts the value of a token to the recipients and returns armored text.
func encryptValue(value mlplatform.Secret, recipients []age.Recipient) (string, error) {
	var out bytes.Buffer
	armored := armor.NewWriter(&out)
	plain, err := age.Encrypt(armored, recipients...)
	if err == nil {
		_, err = io.WriteString(plain, value.Reveal())
	}
	if err == nil {
		err = plain.Close()
	}
	if err == nil {
		err = armored.Close()
	}
	if err != nil {
		return "", fmt.Errorf("encrypting the value: %w", err)
	}
	return out.String(), nil
}

// recipientsValidator validates a list of public keys. Unknown elements are accepted.
type recipientsValidator struct{}

func (recipientsValidator) Description(context.Context) string {
	return "must be public keys of age or SSH"
}

func (v recipientsValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (recipientsValidator) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	elements := req.ConfigValue.Elements()
	if len(elements) == 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "No recipients", fmt.Sprintf("`%s` is an empty list, so nobody could decrypt the "+
			"value. Remove it, or add a public key. %s", lastStep(req.Path), exampleRecipient))
		return
	}
	var texts []string
	var indexes []int
	for i, element := range elements {
		text, ok := element.(types.String)
		switch {
		case !ok || text.IsUnknown():
		case text.IsNull():
			recipientError{index: i, reason: "it is null"}.addTo(req.Path, &resp.Diagnostics)
		default:
			texts, indexes = append(texts, text.ValueString()), append(indexes, i)
		}
	}
	_, failures := parseRecipients(texts)
	for _, failure := range failures {
		failure.index = indexes[failure.index]
		failure.addTo(req.Path, &resp.Diagnostics)
	}
}

func (e recipientError) addTo(list path.Path, diags *diag.Diagnostics) {
	detail := fmt.Sprintf("Element %d of `%s` cannot be used: %s. %s", e.index, lastStep(list), e.reason, exampleRecipient)
	if e.secret {
		// Not on the element, because Terraform would print the line of the configuration that sets it.
		diags.AddError("Invalid recipient", detail+" The element is not shown here. If the key was stored anywhere, replace it.")
		return
	}
	diags.AddAttributeError(list.AtListIndex(e.index), "Invalid recipient", detail)
}

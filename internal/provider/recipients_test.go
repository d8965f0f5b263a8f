// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const plainValue = "the-value-of-a-token"

// keyPair is a recipient and its identity.
type keyPair struct{ public, private string }

// sshKey creates a key with the real program.
func sshKey(t *testing.T, arguments ...string) keyPair {
	t.Helper()
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("requires ssh-keygen")
	}
	file := filepath.Join(t.TempDir(), "key")
	if output, err := exec.Command(keygen, append([]string{"-q", "-C", "anna@example.com", "-f", file}, arguments...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return keyPair{readFile(t, file+".pub"), readFile(t, file)}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func classicKey(t *testing.T) keyPair {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{key.Recipient().String(), "# created: 2031-03-01\n# public key: age1\n" + key.String() + "\n"}
}

func hybridKey(t *testing.T) keyPair {
	t.Helper()
	key, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{key.Recipient().String(), key.String()}
}

func encryptTo(t *testing.T, keys ...keyPair) string {
	t.Helper()
	var texts []string
	for _, key := range keys {
		texts = append(texts, key.public)
	}
	recipients, failures := parseRecipients(texts)
	if len(failures) > 0 {
		t.Fatal(failures)
	}
	encrypted, err := encryptValue(plainValue, recipients)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(encrypted, plainValue) || !strings.HasPrefix(encrypted, "-----BEGIN AGE ENCRYPTED FILE-----\n") {
		t.Errorf("not encrypted, armored text:\n%s", encrypted)
	}
	return encrypted
}

// Each holder of a key decrypts the value, and nobody else does.
func TestEncryptToRecipients(t *testing.T) {
	t.Parallel()
	ed25519, rsa := sshKey(t, "-t", "ed25519", "-N", ""), sshKey(t, "-t", "rsa", "-b", "2048", "-N", "")
	pem := sshKey(t, "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "")
	for name, keys := range map[string][]keyPair{
		"classic": {classicKey(t), classicKey(t), ed25519, rsa, pem},
		"hybrid":  {hybridKey(t), hybridKey(t)},
	} {
		encrypted := encryptTo(t, keys...)
		for i, key := range append(keys, classicKey(t)) {
			identities, err := parseIdentity(key.private)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decryptValue(encrypted, identities)
			if i < len(keys) && (err != nil || got != plainValue) {
				t.Errorf("%s: the holder of key %d gets an error: %v", name, i, err)
			}
			if i == len(keys) && (err == nil || !strings.Contains(err.Error(), "not encrypted to this identity")) {
				t.Errorf("%s: somebody else gets %v", name, err)
			}
		}
	}
}

// The age program decrypts the value with an age identity and with a key of ssh-keygen.
func TestAgeProgramDecrypts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the age program: not with -short")
	}
	program := filepath.Join(t.TempDir(), "age")
	if output, err := exec.Command("go", "build", "-o", program, "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for name, key := range map[string]keyPair{
		"age": classicKey(t), "post-quantum": hybridKey(t), "ssh-ed25519": sshKey(t, "-t", "ed25519", "-N", ""),
	} {
		cmd := exec.Command(program, "-d", "-i", textFile(t, key.private))
		cmd.Stdin = strings.NewReader(encryptTo(t, key))
		if output, err := cmd.CombinedOutput(); err != nil || string(output) != plainValue {
			t.Errorf("%s: got %q, %v", name, output, err)
		}
	}
}

// Each invalid recipient is an error on its element with the reason and an example; a private key is not shown.
func TestRecipientsValidator(t *testing.T) {
	t.Parallel()
	classic, hybrid, person := classicKey(t), hybridKey(t), sshKey(t, "-t", "ed25519", "-N", "")
	secretLine := strings.Split(person.private, "\n")[1]
	for name, test := range map[string]struct {
		recipients []string
		// at is the invalid element; -1 is the list, -2 neither.
		at   int
		want string
	}{
		"valid":                  {recipients: []string{classic.public, person.public, " " + classic.public + "\n"}},
		"valid, post-quantum":    {recipients: []string{hybrid.public}},
		"empty list":             {[]string{}, -1, "is an empty list"},
		"not a key":              {[]string{classic.public, "anna@example.com"}, 1, "it is not a public key of age or SSH"},
		"empty":                  {[]string{""}, 0, "it is empty"},
		"truncated":              {[]string{classic.public[:30]}, 0, "it is not a complete, valid key"},
		"truncated, SSH":         {[]string{person.public[:40]}, 0, "it is not a complete, valid key"},
		"two lines":              {[]string{person.public + classic.public}, 0, "it has more than one line"},
		"plugin":                 {[]string{"age1yubikey1q2w7u3vpya839jxxuq8g0sedh3d740d4xvn639sqhr95ejj8vu3hyfumptt"}, 0, "keys of age plugins"},
		"ECDSA":                  {[]string{sshKey(t, "-t", "ecdsa", "-N", "").public}, 0, "ECDSA keys of SSH cannot decrypt"},
		"security key":           {[]string{"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t anna"}, 0, "sk-"},
		"DSA":                    {[]string{"ssh-dss AAAAB3NzaC1kc3MAAACBAP anna"}, 0, "of this type"},
		"mixed":                  {[]string{classic.public, hybrid.public}, 1, "cannot be combined"},
		"mixed with SSH":         {[]string{hybrid.public, person.public}, 1, "cannot be combined"},
		"private key":            {[]string{strings.TrimSpace(classic.private)}, -2, "it looks like a private key"},
		"private key, lower":     {[]string{strings.ToLower(classic.private)}, -2, "it looks like a private key"},
		"private key of SSH":     {[]string{person.private}, -2, "it looks like a private key"},
		"line of an SSH key":     {[]string{secretLine}, -2, "it looks like a private key"},
		"private key, hybrid":    {[]string{hybrid.private}, -2, "it looks like a private key"},
		"private key, truncated": {[]string{classic.private[len(classic.private)-60:]}, -2, "it looks like a private key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, diags := types.ListValueFrom(t.Context(), types.StringType, test.recipients)
			if diags.HasError() {
				t.Fatal(diags)
			}
			var resp validator.ListResponse
			recipientsValidator{}.ValidateList(t.Context(), validator.ListRequest{Path: path.Root("recipients"), ConfigValue: list}, &resp)
			if test.want == "" {
				if resp.Diagnostics.HasError() {
					t.Error(resp.Diagnostics)
				}
				return
			}
			at := map[int]path.Path{-1: path.Root("recipients"), -2: path.Empty()}[test.at]
			if test.at >= 0 {
				at = path.Root("recipients").AtListIndex(test.at)
			}
			wantDiagnostic(t, resp.Diagnostics, at, test.want, "`recipients = [file(\"anna.pub\")]`")
			if test.at == -2 && strings.Contains(strings.ToUpper(resp.Diagnostics[0].Detail()), strings.ToUpper(test.recipients[0][:12])) {
				t.Errorf("the error shows the element: %s", resp.Diagnostics[0].Detail())
			}
		})
	}
}

// Unknown recipients are accepted, and the known ones beside them are validated.
func TestRecipientsValidatorUnknown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		list types.List
		at   int
	}{
		"null":    {types.ListNull(types.StringType), -1},
		"list":    {types.ListUnknown(types.StringType), -1},
		"element": {types.ListValueMust(types.StringType, []attr.Value{types.StringUnknown()}), -1},
		"beside":  {types.ListValueMust(types.StringType, []attr.Value{types.StringUnknown(), types.StringValue("x")}), 1},
		"no text": {types.ListValueMust(types.StringType, []attr.Value{types.StringUnknown(), types.StringNull()}), 1},
	} {
		var resp validator.ListResponse
		recipientsValidator{}.ValidateList(t.Context(), validator.ListRequest{Path: path.Root("recipients"), ConfigValue: test.list}, &resp)
		if test.at < 0 && resp.Diagnostics.HasError() {
			t.Errorf("%s: %v", name, resp.Diagnostics)
		}
		if test.at >= 0 {
			wantDiagnostic(t, resp.Diagnostics, path.Root("recipients").AtListIndex(test.at), "Element 1")
		}
	}
}

// openDecrypted opens the ephemeral resource on a provider that is not configured, and returns the token.
func openDecrypted(t *testing.T, config map[string]any) (string, []*tfprotov6.Diagnostic) {
	t.Helper()
	const kind = "mlplatform_decrypted_token"
	server := newProtocolServer(t, nil)
	schema := server.schemas.EphemeralResourceSchemas[kind]
	encoded := dynamic(t, schema, config)
	validated, err := server.ValidateEphemeralResourceConfig(t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: kind, Config: encoded})
	if err != nil {
		t.Fatal(err)
	}
	if len(validated.Diagnostics) > 0 {
		return "", validated.Diagnostics
	}
	opened, err := server.OpenEphemeralResource(t.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: kind, Config: encoded})
	if err != nil {
		t.Fatal(err)
	}
	if len(opened.Diagnostics) > 0 {
		return "", opened.Diagnostics
	}
	result, err := opened.Result.Unmarshal(schema.ValueType())
	if err != nil {
		t.Fatal(err)
	}
	attributes := map[string]tftypes.Value{}
	if err := result.As(&attributes); err != nil {
		t.Fatal(err)
	}
	var token *string
	if err := attributes["token"].As(&token); err != nil {
		t.Fatal(err)
	}
	if token == nil {
		return "", nil
	}
	return *token, nil
}

// The value is decrypted without a provider token and without a request.
func TestDecryptedToken(t *testing.T) {
	t.Parallel()
	person := sshKey(t, "-t", "ed25519", "-N", "")
	for name, key := range map[string]keyPair{"classic": classicKey(t), "hybrid": hybridKey(t), "SSH": person} {
		encrypted := encryptTo(t, key)
		for argument, value := range map[string]string{"identity": key.private, "identity_file": textFile(t, key.private)} {
			got, found := openDecrypted(t, map[string]any{"encrypted_token": encrypted, argument: value})
			if len(found) > 0 || got != plainValue {
				t.Errorf("%s, %s: %v", name, argument, details(found, tfprotov6.DiagnosticSeverityError))
			}
		}
	}
	unknown := tftypes.UnknownValue
	for name, config := range map[string]map[string]any{
		"value":    {"encrypted_token": unknown, "identity": person.private},
		"identity": {"encrypted_token": "x", "identity": unknown},
		"file":     {"encrypted_token": "x", "identity_file": unknown},
	} {
		if got, found := openDecrypted(t, config); len(found) > 0 || got != "" {
			t.Errorf("unknown %s: %v", name, details(found, tfprotov6.DiagnosticSeverityError))
		}
	}
}

// Errors say what to do and repeat neither the identity nor the value.
func TestDecryptedTokenErrors(t *testing.T) {
	t.Parallel()
	const secret = "SECRET-THING"
	key, other := classicKey(t), classicKey(t)
	encrypted := encryptTo(t, key)
	locked := sshKey(t, "-t", "ed25519", "-N", "a passphrase")
	damaged := strings.Replace(encrypted, encrypted[60:70], "AAAAAAAAAA", 1)
	for name, test := range map[string]struct {
		config map[string]any
		want   string
	}{
		"no identity":     {map[string]any{"encrypted_token": encrypted}, "Exactly one of `identity` and `identity_file`"},
		"two identities":  {map[string]any{"encrypted_token": encrypted, "identity": key.private, "identity_file": "f"}, "Exactly one of"},
		"null":            {map[string]any{"identity": key.private}, "`encrypted_token` is null"},
		"other identity":  {map[string]any{"encrypted_token": encrypted, "identity": other.private}, "not encrypted to this identity"},
		"plain value":     {map[string]any{"encrypted_token": secret, "identity": key.private}, "not armored age text"},
		"damaged":         {map[string]any{"encrypted_token": damaged, "identity": key.private}, "damaged"},
		"truncated":       {map[string]any{"encrypted_token": encrypted[:200], "identity": key.private}, "damaged"},
		"not an identity": {map[string]any{"encrypted_token": encrypted, "identity": secret}, "neither an age identity"},
		"bad identity":    {map[string]any{"encrypted_token": encrypted, "identity": "AGE-SECRET-KEY-1" + secret}, "neither an age identity"},
		"empty identity":  {map[string]any{"encrypted_token": encrypted, "identity": " \n"}, "it is empty"},
		"public key":      {map[string]any{"encrypted_token": encrypted, "identity": key.public}, "it is a public key"},
		"passphrase":      {map[string]any{"encrypted_token": encrypted, "identity": locked.private}, "has a passphrase"},
		"encrypted key":   {map[string]any{"encrypted_token": encrypted, "identity": encrypted}, "itself encrypted"},
		"bad SSH key": {
			map[string]any{"encrypted_token": encrypted, "identity": "-----BEGIN OPENSSH PRIVATE KEY-----\n" + secret + "\n-----END OPENSSH PRIVATE KEY-----"},
			"not a complete ed25519 or RSA private key",
		},
		"ECDSA":        {map[string]any{"encrypted_token": encrypted, "identity": sshKey(t, "-t", "ecdsa", "-N", "").private}, "other types cannot decrypt"},
		"missing file": {map[string]any{"encrypted_token": encrypted, "identity_file": filepath.Join(t.TempDir(), "none")}, "existing, readable file"},
		"tilde":        {map[string]any{"encrypted_token": encrypted, "identity_file": "~/none"}, "pathexpand"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, found := openDecrypted(t, test.config)
			got := details(found, tfprotov6.DiagnosticSeverityError)
			if token != "" || !strings.Contains(got, test.want) {
				t.Errorf("%q is not in the error:\n%s", test.want, got)
			}
			for _, hidden := range []string{secret, plainValue, strings.Split(key.private, "\n")[2], strings.Split(other.private, "\n")[2]} {
				if strings.Contains(got, hidden) {
					t.Errorf("the error repeats what it was given:\n%s", got)
				}
			}
			for _, each := range found {
				if each.Attribute != nil && strings.Contains(each.Attribute.String(), `"identity"`) {
					t.Error("the error is on the attribute, whose line Terraform prints")
				}
			}
		})
	}
}

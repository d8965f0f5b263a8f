// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// modelFields lets cmp compare the embedded value of a token.
var modelFields = cmp.AllowUnexported(accessTokenModel{})

var planNow = time.Date(2030, time.June, 1, 0, 0, 0, 0, time.UTC)

// baseConfig has only the required arguments.
func baseConfig(changes ...func(*accessTokenModel)) accessTokenModel {
	config := accessTokenModel{
		Name: types.StringValue("etl"), TTL: lifetimeNull(), RotateBefore: lifetimeNull(), Keepers: types.MapNull(types.StringType),
		tokenValue: tokenValue{Recipients: types.ListNull(types.StringType)},
	}
	for _, change := range changes {
		change(&config)
	}
	return config
}

// baseState is the state of a token that baseConfig made; it lives 10 more days if withExpiry is among the changes.
func baseState(changes ...func(*accessTokenModel)) accessTokenModel {
	state := baseConfig()
	state.setDefaults(state, types.StringNull())
	state.ID, state.IssuerName, state.Token = types.StringValue("id-1"), types.StringValue("anna"), types.StringValue("value")
	state.ExpiresAt, state.Status = types.StringNull(), types.StringValue(statusActive)
	for _, change := range changes {
		change(&state)
	}
	return state
}

func with(ttl string) func(*accessTokenModel) {
	return func(m *accessTokenModel) { m.TTL = newLifetime(ttl) }
}

func withExpiry(m *accessTokenModel) { m.ExpiresAt = timeValue(planNow.Add(10 * day)) }

func withRotation(before string) func(*accessTokenModel) {
	return func(m *accessTokenModel) { m.RotateBefore = newLifetime(before) }
}

func withStatus(status string) func(*accessTokenModel) {
	return func(m *accessTokenModel) { m.Status = types.StringValue(status) }
}

func withRole(role string) func(*accessTokenModel) {
	return func(m *accessTokenModel) { m.Role = types.StringValue(role) }
}

func withPrefix(prefix string) func(*accessTokenModel) {
	return func(m *accessTokenModel) { m.Name, m.NamePrefix = types.StringNull(), types.StringValue(prefix) }
}

func withKeepers(value string) func(*accessTokenModel) {
	return func(m *accessTokenModel) {
		m.Keepers = types.MapValueMust(types.StringType, map[string]attr.Value{"k": types.StringValue(value)})
	}
}

func neverRecreated(m *accessTokenModel) { m.RecreateIfInvalid = types.StringValue(recreateNever) }

func redeeming(m *accessTokenModel) {
	m.Name, m.RegisterTokenWO = types.StringNull(), types.StringValue("register")
}

const day = 24 * time.Hour

func TestDecideAccessToken(t *testing.T) {
	t.Parallel()
	type facts = accessTokenFacts
	unknownTTL := func(m *accessTokenModel) { m.TTL.StringValue = types.StringUnknown() }
	for name, test := range map[string]struct {
		facts accessTokenFacts
		// replace names the attributes that force a replacement.
		replace []string
		// inPlace is set if the token is updated in place.
		inPlace  bool
		status   string
		warnings int
	}{
		"nothing changed": {facts: facts{state: baseState(), config: baseConfig()}},

		"name":                          {facts: facts{state: baseState(), config: baseConfig(func(m *accessTokenModel) { m.Name = types.StringValue("x") })}, replace: []string{"name"}},
		"name unknown":                  {facts: facts{state: baseState(), config: baseConfig(func(m *accessTokenModel) { m.Name = types.StringUnknown() })}, replace: []string{"name"}},
		"prefix that the name has":      {facts: facts{state: baseState(), config: baseConfig(withPrefix("et"))}, inPlace: true},
		"prefix that the name lacks":    {facts: facts{state: baseState(), config: baseConfig(withPrefix("ci-"))}, replace: []string{"name_prefix"}},
		"prefix removed, name the same": {facts: facts{state: baseState(func(m *accessTokenModel) { m.NamePrefix = types.StringValue("et") }), config: baseConfig()}, inPlace: true},

		"role":                           {facts: facts{state: baseState(), config: baseConfig(withRole("ADMIN"))}, replace: []string{"role"}},
		"role spelled out":               {facts: facts{state: baseState(), config: baseConfig(withRole("USER"))}},
		"role removed":                   {facts: facts{state: baseState(withRole("ADMIN")), config: baseConfig()}, replace: []string{"role"}},
		"role of an imported token":      {facts: facts{state: baseState(withRole("ADMIN")), config: baseConfig(), tokenHistory: tokenHistory{origin: originImported}}, warnings: 1},
		"other role of an imported one":  {facts: facts{state: baseState(withRole("ADMIN")), config: baseConfig(withRole("USER")), tokenHistory: tokenHistory{origin: originImported}}, replace: []string{"role"}},
		"role of a redeemed token":       {facts: facts{state: baseState(withRole("ADMIN"), neverRecreated), config: baseConfig(redeeming), tokenHistory: tokenHistory{origin: originRedeemed}}},
		"redeemed, then described by it": {facts: facts{state: baseState(withRole("ADMIN"), neverRecreated), config: baseConfig(neverRecreated), tokenHistory: tokenHistory{origin: originRedeemed}}, warnings: 1},

		"ttl spelled otherwise":    {facts: facts{state: baseState(with("60m")), config: baseConfig(with("1h"))}},
		"ttl spelled in days":      {facts: facts{state: baseState(with("24h")), config: baseConfig(with("1d"))}},
		"ttl changed":              {facts: facts{state: baseState(with("1h")), config: baseConfig(with("2h"))}, replace: []string{"ttl"}},
		"ttl removed":              {facts: facts{state: baseState(with("1h")), config: baseConfig()}, replace: []string{"ttl"}},
		"ttl added":                {facts: facts{state: baseState(), config: baseConfig(with("1h"))}, replace: []string{"ttl"}},
		"ttl unknown":              {facts: facts{state: baseState(with("1h")), config: baseConfig(unknownTTL)}, replace: []string{"ttl"}},
		"ttl of an imported token": {facts: facts{state: baseState(withExpiry), config: baseConfig(with("1h")), tokenHistory: tokenHistory{origin: originImported}}, inPlace: true},
		"ttl unknown, imported":    {facts: facts{state: baseState(withExpiry), config: baseConfig(unknownTTL), tokenHistory: tokenHistory{origin: originImported}}, inPlace: true},
		"ttl of an eternal import": {facts: facts{state: baseState(), config: baseConfig(with("1h")), tokenHistory: tokenHistory{origin: originImported}}, inPlace: true, warnings: 1},
		"imported, ttl changed":    {facts: facts{state: baseState(withExpiry, with("1h")), config: baseConfig(with("2h")), tokenHistory: tokenHistory{origin: originImported}}, replace: []string{"ttl"}},

		"keepers set first":   {facts: facts{state: baseState(), config: baseConfig(withKeepers("a"))}, inPlace: true},
		"keepers changed":     {facts: facts{state: baseState(withKeepers("a")), config: baseConfig(withKeepers("b"))}, replace: []string{"keepers"}},
		"keepers removed":     {facts: facts{state: baseState(withKeepers("a")), config: baseConfig()}, replace: []string{"keepers"}},
		"keepers, then equal": {facts: facts{state: baseState(withKeepers("a")), config: baseConfig(withKeepers("a"))}},

		"window far":            {facts: facts{state: baseState(with("20d"), withExpiry), config: baseConfig(with("20d"), withRotation("9d")), readAt: planNow}, inPlace: true},
		"window reached":        {facts: facts{state: baseState(with("20d"), withExpiry), config: baseConfig(with("20d"), withRotation("10d")), readAt: planNow}, replace: []string{"rotate_before"}},
		"window, not read":      {facts: facts{state: baseState(with("20d"), withExpiry), config: baseConfig(with("20d"), withRotation("10d"))}, inPlace: true},
		"window, spelling":      {facts: facts{state: baseState(with("20d"), withExpiry, withRotation("24h")), config: baseConfig(with("20d"), withRotation("1d")), readAt: planNow}},
		"due":                   {facts: facts{state: baseState(with("20d"), withExpiry, withRotation("10d"), withStatus(statusRotationDue)), config: baseConfig(with("20d"), withRotation("10d"))}, replace: []string{"status"}},
		"due, window smaller":   {facts: facts{state: baseState(with("20d"), withExpiry, withRotation("10d"), withStatus(statusRotationDue)), config: baseConfig(with("20d"), withRotation("1d")), readAt: planNow}, inPlace: true, status: statusActive},
		"due, window removed":   {facts: facts{state: baseState(with("20d"), withExpiry, withRotation("10d"), withStatus(statusRotationDue)), config: baseConfig(with("20d"))}, inPlace: true, status: statusActive},
		"due, window larger":    {facts: facts{state: baseState(with("20d"), withExpiry, withRotation("10d"), withStatus(statusRotationDue)), config: baseConfig(with("20d"), withRotation("11d")), readAt: planNow}, replace: []string{"rotate_before"}},
		"never expires, window": {facts: facts{state: baseState(), config: baseConfig(with("20d"), withRotation("10d")), tokenHistory: tokenHistory{origin: originImported}, readAt: planNow}, inPlace: true, warnings: 1},

		"expired":              {facts: facts{state: baseState(withStatus(statusExpired)), config: baseConfig()}, replace: []string{"status"}},
		"missing":              {facts: facts{state: baseState(withStatus(statusMissing)), config: baseConfig()}, replace: []string{"status"}},
		"missing, never":       {facts: facts{state: baseState(withStatus(statusMissing), neverRecreated), config: baseConfig(neverRecreated)}, warnings: 1},
		"missing, now always":  {facts: facts{state: baseState(withStatus(statusMissing), neverRecreated), config: baseConfig(), readAt: planNow}, replace: []string{"status"}},
		"missing, now never":   {facts: facts{state: baseState(withStatus(statusMissing)), config: baseConfig(neverRecreated)}, inPlace: true, warnings: 1},
		"missing and redeemed": {facts: facts{state: baseState(withStatus(statusMissing), neverRecreated), config: baseConfig(redeeming), tokenHistory: tokenHistory{origin: originRedeemed}}, warnings: 1},
		"conflict":             {facts: facts{state: baseState(withStatus(statusConflict)), config: baseConfig()}, warnings: 1},

		"policy":            {facts: facts{state: baseState(), config: baseConfig(neverRecreated)}, inPlace: true},
		"delete_on_destroy": {facts: facts{state: baseState(with("1h"), withExpiry), config: baseConfig(with("1h"), func(m *accessTokenModel) { m.DeleteOnDestroy = types.BoolValue(false) })}, inPlace: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.facts.origin == "" {
				test.facts.origin = originCreated
			}
			got := decideAccessToken(test.facts)
			if !slices.Equal(got.replace, test.replace) {
				t.Errorf("it is replaced for %v instead of %v", got.replace, test.replace)
			}
			if len(got.warnings) != test.warnings {
				t.Errorf("there are the warnings %v instead of %d", got.warnings, test.warnings)
			}
			changed := !cmp.Equal(got.plan, test.facts.state, modelFields)
			if want := test.inPlace || len(test.replace) > 0; changed != want {
				t.Errorf("something changes: %v instead of %v: %s", changed, want, cmp.Diff(test.facts.state, got.plan, modelFields))
			}
			if len(test.replace) > 0 {
				checkReplacement(t, test.facts, got)
				return
			}
			if got.plan.Token != test.facts.state.Token || got.plan.ID != test.facts.state.ID {
				t.Error("a change in place touches the token itself")
			}
			if test.status != "" && got.plan.Status.ValueString() != test.status {
				t.Errorf("the status becomes %s instead of %s", got.plan.Status, test.status)
			}
		})
	}
}

// checkReplacement checks what Terraform asks for: the value at a path that forces a replacement must change.
func checkReplacement(t *testing.T, facts accessTokenFacts, got accessTokenDecision) {
	t.Helper()
	if !got.plan.Token.IsUnknown() || !got.plan.ID.IsUnknown() || !got.plan.ExpiresAt.IsUnknown() || !got.plan.Status.IsUnknown() {
		t.Error("a replacement foretells what only the new token will have")
	}
	pairs := map[string][2]attr.Value{
		"name":          {facts.state.Name, got.plan.Name},
		"name_prefix":   {facts.state.NamePrefix, got.plan.NamePrefix},
		"role":          {facts.state.Role, got.plan.Role},
		"ttl":           {facts.state.TTL, got.plan.TTL},
		"rotate_before": {facts.state.RotateBefore, got.plan.RotateBefore},
		"keepers":       {facts.state.Keepers, got.plan.Keepers},
		"status":        {facts.state.Status, got.plan.Status},
	}
	for _, attribute := range got.replace {
		pair, there := pairs[attribute]
		if !there || pair[0].Equal(pair[1]) {
			t.Errorf("%s forces a replacement without changing", attribute)
		}
	}
}

func TestPlanNewAccessToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config               accessTokenModel
		name, role, recreate types.String
	}{
		"named":    {baseConfig(), types.StringValue("etl"), types.StringValue("USER"), types.StringValue("always")},
		"prefixed": {baseConfig(withPrefix("x-")), types.StringUnknown(), types.StringValue("USER"), types.StringValue("always")},
		"redeemed": {baseConfig(redeeming), types.StringUnknown(), types.StringUnknown(), types.StringValue("never")},
		"explicit": {baseConfig(withRole("ADMIN"), neverRecreated), types.StringValue("etl"), types.StringValue("ADMIN"), types.StringValue("never")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := planNewAccessToken(test.config)
			if plan.Name != test.name || plan.Role != test.role || plan.RecreateIfInvalid != test.recreate {
				t.Errorf("planned are name %s, role %s, recreate_if_invalid %s", plan.Name, plan.Role, plan.RecreateIfInvalid)
			}
			if !plan.RegisterTokenWO.IsNull() {
				t.Error("the write-only value is in the plan")
			}
			if !plan.ExpiresAt.IsUnknown() || !plan.Token.IsUnknown() || !plan.Status.IsUnknown() {
				t.Error("the plan foretells what only the creation can tell")
			}
		})
	}
}

func BenchmarkDecideAccessToken(b *testing.B) {
	facts := accessTokenFacts{
		state:        baseState(with("90d"), withExpiry, withRotation("7d"), withKeepers("a")),
		config:       baseConfig(with("90d"), withRotation("7d"), withKeepers("a")),
		tokenHistory: tokenHistory{origin: originCreated}, readAt: planNow,
	}
	b.ReportAllocs()
	for b.Loop() {
		if decision := decideAccessToken(facts); len(decision.replace) != 0 {
			b.Fatal("there is something to do")
		}
	}
}

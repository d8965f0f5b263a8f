// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Every combination of naming, origin, status, policy, settings and change obeys the rules that hold for all of them.
func TestDecideAccessTokenCrossings(t *testing.T) {
	t.Parallel()
	type change = func(*accessTokenModel)
	none := func(*accessTokenModel) {}
	namings := map[string]change{
		"name": none, "other name": named("other"), "prefix": withPrefix("et"), "other prefix": withPrefix("ci-"),
		"unknown name": func(m *accessTokenModel) { m.Name = types.StringUnknown() },
		"redeems":      redeeming,
		"null":         func(m *accessTokenModel) { m.Name = types.StringNull() },
	}
	ages := map[string]change{"eternal": none, "expires": withExpiry}
	settings := map[string]change{
		"plain": none, "ttl": with("20d"), "window": func(m *accessTokenModel) { with("20d")(m); withRotation("15d")(m) },
		"unknown window": func(m *accessTokenModel) { with("20d")(m); m.RotateBefore.StringValue = types.StringUnknown() },
	}
	keepers := map[string]change{"none": none, "a": withKeepers("a"), "b": withKeepers("b")}
	roles := map[string]change{"default": none, "ADMIN": withRole("ADMIN")}
	ends := map[string]change{"delete": none, "leave": leftToExpire}
	policies := map[string]change{"always": none, "never": neverRecreated}
	count := 0
	check := func(label string, facts accessTokenFacts) {
		count++
		got := decideAccessToken(facts)
		state, config := facts.state, facts.config
		if len(got.replace) == 0 {
			if len(got.errors) > 0 {
				t.Errorf("%s: an error without a replacement: %v", label, got.errors)
			}
			if got.plan.Token != state.Token || got.plan.ID != state.ID || got.plan.Name != state.Name && config.Name.IsNull() {
				t.Errorf("%s: an update in place changes the token itself", label)
			}
			facts.readAt = time.Time{}
			later := decideAccessToken(facts)
			if len(later.replace) > 0 || !cmp.Equal(later.plan, got.plan, modelFields) {
				t.Errorf("%s: the apply plans something else: replaced for %v, %s", label, later.replace, cmp.Diff(got.plan, later.plan, modelFields))
			}
			return
		}
		// A value is lost if the token is valid, not deleted, and its name is needed again.
		loses := state.live() && !state.DeleteOnDestroy.ValueBool() &&
			(config.redeems() || !config.Name.IsNull() && (config.Name.IsUnknown() || config.Name.Equal(state.Name)))
		// Another token is made if the configuration leaves out what an imported one has.
		differs := facts.origin != originCreated && !config.redeems() &&
			(config.Role.IsNull() && state.Role.ValueString() != "USER" || config.TTL.IsNull() && !state.ExpiresAt.IsNull())
		if want := loses || differs; len(got.errors) > 0 != want {
			t.Errorf("%s: replaced for %v with the errors %v, want an error: %v", label, got.replace, got.errors, want)
		}
		if state.Status.ValueString() == statusConflict && slices.Contains(got.replace, "status") {
			t.Errorf("%s: a conflict is replaced", label)
		}
	}
	for _, status := range []string{statusActive, statusRotationDue, statusExpired, statusMissing, statusConflict} {
		for _, origin := range []tokenOrigin{originCreated, originImported, originRedeemed} {
			for n1, naming := range namings {
				for n2, age := range ages {
					for n3, setting := range settings {
						for n4, keeper := range keepers {
							for n5, role := range roles {
								for n6, end := range ends {
									for n7, policy := range policies {
										for n8, priorRole := range roles {
											state := baseState(age, withKeepers("a"), end, withStatus(status), policy, priorRole)
											if state.Role.IsNull() {
												state.Role = types.StringValue("USER")
											}
											config := baseConfig(naming, setting, keeper, role, end)
											label := fmt.Sprint(status, " ", origin, " ", n1, " ", n2, " ", n3, " ", n4, " ", n5, " ", n6, " ", n7, " ", n8)
											for _, readAt := range []time.Time{{}, planNow} {
												check(label, accessTokenFacts{state: state, config: config, readAt: readAt, tokenHistory: tokenHistory{origin: origin}})
											}
										}
									}
								}
							}
						}
					}
				}
			}
		}
	}
	if count < 10000 {
		t.Errorf("only %d combinations were checked", count)
	}
}

// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func leftToExpire(m *accessTokenModel) { m.DeleteOnDestroy = types.BoolValue(false) }

func named(name string) func(*accessTokenModel) {
	return func(m *accessTokenModel) { m.Name = types.StringValue(name) }
}

// A replacement that first forgets a valid token and then finds its name taken is refused while planning.
func TestHardening01ReplacementThatLosesAValue(t *testing.T) {
	t.Parallel()
	unknownName := func(m *accessTokenModel) { m.Name = types.StringUnknown() }
	created, redeemed := tokenHistory{origin: originCreated}, tokenHistory{origin: originRedeemed}
	for name, test := range map[string]struct {
		state, config []func(*accessTokenModel)
		history       tokenHistory
		refused       bool
	}{
		"keepers":                {[]func(*accessTokenModel){withKeepers("a"), leftToExpire}, []func(*accessTokenModel){withKeepers("b"), leftToExpire}, created, true},
		"ttl":                    {[]func(*accessTokenModel){leftToExpire}, []func(*accessTokenModel){with("2h"), leftToExpire}, created, true},
		"rotation":               {[]func(*accessTokenModel){withRotation("1h"), withStatus(statusRotationDue), leftToExpire}, []func(*accessTokenModel){withRotation("1h"), leftToExpire}, created, true},
		"true only in the plan":  {[]func(*accessTokenModel){withKeepers("a"), leftToExpire}, []func(*accessTokenModel){withKeepers("b")}, created, true},
		"false only in the plan": {[]func(*accessTokenModel){withKeepers("a")}, []func(*accessTokenModel){withKeepers("b"), leftToExpire}, created, false},
		"unknown name":           {[]func(*accessTokenModel){leftToExpire}, []func(*accessTokenModel){unknownName, leftToExpire}, created, true},
		"other name":             {[]func(*accessTokenModel){leftToExpire}, []func(*accessTokenModel){named("other"), leftToExpire}, created, false},
		"prefix":                 {[]func(*accessTokenModel){withKeepers("a"), leftToExpire}, []func(*accessTokenModel){withPrefix("et"), withKeepers("b"), leftToExpire}, created, false},
		"expired":                {[]func(*accessTokenModel){withStatus(statusExpired), leftToExpire}, []func(*accessTokenModel){leftToExpire}, created, false},
		"missing":                {[]func(*accessTokenModel){withStatus(statusMissing), leftToExpire}, []func(*accessTokenModel){leftToExpire}, created, false},
		"redeemed":               {[]func(*accessTokenModel){withKeepers("a"), neverRecreated, leftToExpire}, []func(*accessTokenModel){redeeming, withKeepers("b"), leftToExpire}, redeemed, true},
		"redeemed and revoked":   {[]func(*accessTokenModel){withKeepers("a"), neverRecreated, leftToExpire, withStatus(statusMissing)}, []func(*accessTokenModel){redeeming, withKeepers("b"), leftToExpire}, redeemed, false},
		"null in an old state":   {[]func(*accessTokenModel){withKeepers("a"), func(m *accessTokenModel) { m.DeleteOnDestroy = types.BoolNull() }}, []func(*accessTokenModel){withKeepers("b")}, created, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decideAccessToken(accessTokenFacts{state: baseState(test.state...), config: baseConfig(test.config...), tokenHistory: test.history})
			if len(got.replace) == 0 {
				t.Fatal("nothing is replaced, so the test shows nothing")
			}
			if refused := len(got.errors) > 0; refused != test.refused {
				t.Errorf("refused: %v, want %v: %v", refused, test.refused, got.errors)
			}
		})
	}
}

// A replacement of an imported token never changes its role or lifetime unless the configuration says so.
func TestHardening06ImportedTokenIsNotRemade(t *testing.T) {
	t.Parallel()
	imported := tokenHistory{origin: originImported}
	admin := withRole("ADMIN")
	for name, test := range map[string]struct {
		state, config    []func(*accessTokenModel)
		history          tokenHistory
		errors, warnings int
	}{
		"nothing said":        {[]func(*accessTokenModel){admin, withExpiry}, nil, imported, 0, 1},
		"nothing to say":      {nil, nil, imported, 0, 0},
		"all said":            {[]func(*accessTokenModel){admin, withExpiry}, []func(*accessTokenModel){admin, with("20d")}, imported, 0, 0},
		"replaced, not said":  {[]func(*accessTokenModel){admin, withExpiry, withKeepers("a")}, []func(*accessTokenModel){withKeepers("b")}, imported, 1, 0},
		"replaced, no role":   {[]func(*accessTokenModel){admin, withKeepers("a")}, []func(*accessTokenModel){withKeepers("b")}, imported, 1, 0},
		"replaced, no ttl":    {[]func(*accessTokenModel){withExpiry, withKeepers("a")}, []func(*accessTokenModel){withKeepers("b")}, imported, 1, 0},
		"replaced, all said":  {[]func(*accessTokenModel){admin, withExpiry, withKeepers("a")}, []func(*accessTokenModel){admin, with("20d"), withKeepers("b")}, imported, 0, 0},
		"expired, not said":   {[]func(*accessTokenModel){admin, withExpiry, withStatus(statusExpired)}, nil, imported, 1, 0},
		"renamed, not said":   {[]func(*accessTokenModel){admin}, []func(*accessTokenModel){named("other")}, imported, 1, 0},
		"other role said":     {[]func(*accessTokenModel){admin}, []func(*accessTokenModel){withRole("USER")}, imported, 0, 0},
		"redeemed, now named": {[]func(*accessTokenModel){admin, withKeepers("a")}, []func(*accessTokenModel){withKeepers("b")}, tokenHistory{origin: originRedeemed}, 1, 0},
		"redeemed once more":  {[]func(*accessTokenModel){admin, withKeepers("a")}, []func(*accessTokenModel){redeeming, withKeepers("b")}, tokenHistory{origin: originRedeemed}, 0, 0},
		"created with less":   {[]func(*accessTokenModel){admin, withKeepers("a")}, []func(*accessTokenModel){withKeepers("b")}, tokenHistory{origin: originCreated}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decideAccessToken(accessTokenFacts{state: baseState(test.state...), config: baseConfig(test.config...), tokenHistory: test.history})
			if len(got.errors) != test.errors || len(got.warnings) != test.warnings {
				t.Errorf("errors %v, warnings %v; want %d and %d", got.errors, got.warnings, test.errors, test.warnings)
			}
		})
	}
}

// It is said in each plan, not only in the one that sets ttl.
func TestHardening07EternalImportWithTTL(t *testing.T) {
	t.Parallel()
	got := decideAccessToken(accessTokenFacts{
		state: baseState(with("20d"), withRotation("10d")), config: baseConfig(with("20d"), withRotation("10d")),
		tokenHistory: tokenHistory{origin: originImported}, readAt: planNow,
	})
	if len(got.warnings) != 1 || len(got.replace) != 0 {
		t.Errorf("warnings %v, replaced for %v", got.warnings, got.replace)
	}
}

// A token that never had rotate_before left is not due: its replacement would be due at once as well.
func TestHardening08ShorterLifeIsNotDueForEver(t *testing.T) {
	t.Parallel()
	history := tokenHistory{origin: originCreated, mintedAt: planNow}
	state := baseState(with("90d"), withRotation("14d"), func(m *accessTokenModel) { m.ExpiresAt = timeValue(planNow.Add(7 * day)) })
	if got := history.statusFound(state, planNow.Add(day)); got != statusActive {
		t.Errorf("after a day it is %s", got)
	}
	if got := history.statusFound(state, planNow.Add(7*day)); got != statusExpired {
		t.Errorf("after its life it is %s", got)
	}
	config := baseConfig(with("90d"), withRotation("14d"))
	got := decideAccessToken(accessTokenFacts{state: state, config: config, tokenHistory: history, readAt: planNow.Add(day)})
	if len(got.replace) != 0 || len(got.warnings) != 1 {
		t.Errorf("replaced for %v, warnings %v", got.replace, got.warnings)
	}
	state.RotateBefore = newLifetime("1d")
	if got := history.statusFound(state, planNow.Add(6*day)); got != statusRotationDue {
		t.Errorf("with a window that it can reach, it is %s", got)
	}
}

// Terraform plans an update in place again while applying it, with known values and without a read. That answer must be
// an update in place too.
func TestHardening11UnknownNeverReplacesLater(t *testing.T) {
	t.Parallel()
	statuses := []string{statusActive, statusRotationDue, statusExpired, statusMissing, statusConflict}
	windows := []lifetimeValue{lifetimeNull(), newLifetime("1d"), newLifetime("10d")}
	policies := []types.String{types.StringNull(), types.StringValue(recreateAlways), types.StringValue(recreateNever)}
	keepers := []types.Map{types.MapNull(types.StringType), baseConfig(withKeepers("a")).Keepers}
	for _, status := range statuses {
		for _, origin := range []tokenOrigin{originCreated, originImported, originRedeemed} {
			for _, prior := range windows {
				for _, policy := range policies[1:] {
					state := baseState(with("20d"), withExpiry, withStatus(status))
					state.RotateBefore, state.RecreateIfInvalid = prior, policy
					planned := baseConfig(with("20d"))
					planned.RotateBefore = lifetimeValue{StringValue: types.StringUnknown()}
					planned.RecreateIfInvalid = types.StringUnknown()
					planned.Keepers = types.MapUnknown(types.StringType)
					facts := accessTokenFacts{state: state, config: planned, tokenHistory: tokenHistory{origin: origin}, readAt: planNow}
					first := decideAccessToken(facts)
					if len(first.replace) > 0 {
						continue // it was shown; while applying, Terraform plans a creation
					}
					facts.readAt = time.Time{}
					for _, window := range windows {
						for _, now := range policies {
							for _, keep := range keepers {
								facts.config.RotateBefore, facts.config.RecreateIfInvalid, facts.config.Keepers = window, now, keep
								second := decideAccessToken(facts)
								if len(second.replace) > 0 || !second.plan.Status.Equal(first.plan.Status) {
									t.Errorf("%s %s, window %s to %s, policy %s to %s: replaced for %v, status %s to %s", origin, status,
										prior, window, policy, now, second.replace, first.plan.Status, second.plan.Status)
								}
							}
						}
					}
				}
			}
		}
	}
}

func TestHardening14EmptyKeepersEqualNone(t *testing.T) {
	t.Parallel()
	empty := func(m *accessTokenModel) { m.Keepers = types.MapValueMust(types.StringType, map[string]attr.Value{}) }
	none := func(*accessTokenModel) {}
	for name, test := range map[string]struct {
		state, config func(*accessTokenModel)
		replace       []string
	}{
		"none, then empty":  {none, empty, nil},
		"empty, then none":  {empty, none, nil},
		"empty, then first": {empty, withKeepers("a"), nil},
		"changed to empty":  {withKeepers("a"), empty, []string{"keepers"}},
		"changed to none":   {withKeepers("a"), none, []string{"keepers"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := decideAccessToken(accessTokenFacts{
				state: baseState(test.state), config: baseConfig(test.config), tokenHistory: tokenHistory{origin: originCreated},
			})
			if !slices.Equal(got.replace, test.replace) {
				t.Errorf("replaced for %v, want %v", got.replace, test.replace)
			}
		})
	}
}

// An unknown value that decides between a name and a register token leaves open what depends on it.
func TestHardening11UnknownNaming(t *testing.T) {
	t.Parallel()
	config := baseConfig(func(m *accessTokenModel) { m.Name, m.RegisterTokenWO = types.StringUnknown(), types.StringUnknown() })
	plan := planNewAccessToken(config)
	if !plan.Role.IsUnknown() || !plan.RecreateIfInvalid.IsUnknown() || !plan.Name.IsUnknown() {
		t.Errorf("planned are name %s, role %s, recreate_if_invalid %s", plan.Name, plan.Role, plan.RecreateIfInvalid)
	}
}

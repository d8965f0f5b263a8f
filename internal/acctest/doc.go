// SPDX-License-Identifier: MPL-2.0

// Package acctest helps to test the provider with a real Terraform or OpenTofu CLI against the emulator.
//
// There are two kinds of tests. With [Run], the test framework runs the provider inside the test, step by step; use it
// for plans, states and errors:
//
//	func TestExpiredTokenIsReplaced(t *testing.T) {
//		t.Parallel()
//		svc := acctest.NewService(t)
//		config := svc.Config(`
//	resource "mlplatform_access_token" "test" {
//	  name = "nightly"
//	  ttl  = "1h"
//	}
//	`)
//		acctest.Run(t,
//			resource.TestStep{Config: config},
//			resource.TestStep{
//				PreConfig: svc.Later(2 * time.Hour),
//				Config:    config,
//				ConfigPlanChecks: acctest.PlanChecks(
//					acctest.ExpectPrior("mlplatform_access_token.test", "status", "expired"),
//					plancheck.ExpectResourceAction("mlplatform_access_token.test", plancheck.ResourceActionReplace),
//				),
//				Check: svc.CheckWrites(emulator.OpDeleteAccessToken, emulator.OpCreateRegisterToken, emulator.OpRedeemRegisterToken),
//			},
//			resource.TestStep{Config: config, ConfigPlanChecks: acctest.EmptyPlan()},
//		)
//	}
//
// With a [Workspace], the CLI runs the provider's own program as a user does; use it for output, logs, exit codes and
// files:
//
//	func TestDestroyOfARevokedToken(t *testing.T) {
//		t.Parallel()
//		svc := acctest.NewService(t)
//		w := acctest.NewWorkspace(t, svc)
//		w.Write("main.tf", `
//	resource "mlplatform_access_token" "test" {
//	  name = "nightly"
//	}
//	`)
//		w.Apply()
//		svc.Emulator.Revoke("nightly")
//		w.Destroy()
//		svc.ExpectLiveTokens(t)
//	}
//
// Functions named Check and Expect with a resource.TestCheckFunc or a plancheck.PlanCheck as a result are for steps.
// Methods named Expect without a result fail the test at once. [Needs] skips a test for a CLI that lacks a feature, and
// [Long] skips a slow one with -short.
package acctest

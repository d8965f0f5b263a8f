# Run with `terraform test`. Creates and deletes access tokens at MLPLATFORM_ENDPOINT, with MLPLATFORM_TOKEN.

variables {
  name_prefix = "module-test-"
}

run "creates_a_token" {
  assert {
    condition     = startswith(output.name, "module-test-") && length(output.name) > length("module-test-")
    error_message = "The name ${output.name} is not the prefix with a suffix."
  }

  assert {
    condition     = output.status == "active"
    error_message = "The status is ${output.status}."
  }

  assert {
    condition     = mlplatform_access_token.this.role == "USER" && output.expires_at != null
    error_message = "By default, a token has the USER role and a lifetime."
  }

  assert {
    condition     = length(output.token) > 0
    error_message = "The value is missing."
  }
}

run "keeps_it" {
  variables {
    id_before = run.creates_a_token.id
  }

  assert {
    condition     = output.id == var.id_before
    error_message = "A second apply replaced the token."
  }
}

run "keeps_it_under_another_spelling_of_the_lifetime" {
  variables {
    ttl       = "2160h"
    id_before = run.keeps_it.id
  }

  assert {
    condition     = output.id == var.id_before
    error_message = "90d and 2160h are the same duration, but the token was replaced."
  }
}

run "replaces_it_on_demand" {
  variables {
    generation  = 2
    id_before   = run.keeps_it_under_another_spelling_of_the_lifetime.id
    name_before = run.keeps_it_under_another_spelling_of_the_lifetime.name
  }

  assert {
    condition     = output.id != var.id_before && output.name != var.name_before
    error_message = "The token was not replaced."
  }
}

run "encrypts_the_value" {
  variables {
    generation = 2
    recipients = ["age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq"]
    id_before  = run.replaces_it_on_demand.id
  }

  assert {
    condition     = output.id == var.id_before
    error_message = "Adding recipients replaced the token."
  }

  assert {
    condition     = output.token == null && startswith(output.encrypted_token, "-----BEGIN AGE ENCRYPTED FILE-----")
    error_message = "The value is not encrypted."
  }
}

run "rejects_another_role" {
  command = plan

  variables {
    role = "OWNER"
  }

  expect_failures = [var.role]
}

run "rejects_an_empty_prefix" {
  command = plan

  variables {
    name_prefix = ""
  }

  expect_failures = [var.name_prefix]
}

module github.com/mlplatform/terraform-provider-mlplatform/tools/sbom

go 1.26.0

resource "mlplatform_access_token" "job" {
  name_prefix = "spark-job-"
  ttl         = "1d"
}

# sc://spark.example.com:15002/;spark-token=... for SparkSession.builder.remote(). It contains the token, so it is a secret.
output "spark_connect_url" {
  value     = provider::mlplatform::spark_connect_url("spark.example.com", mlplatform_access_token.job.token)
  sensitive = true
}

"""Amazon SES, by way of an SNS topic."""

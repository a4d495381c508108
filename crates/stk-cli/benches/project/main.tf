# Version VERSION.
terraform {
  required_version = ">= 1.5"
}

{% set attempts = max_receive_count|default(5) %}
resource "aws_sqs_queue" "this" {
  name                       = "{{ full_name|replace('_', '-')|lower }}"
  visibility_timeout_seconds = {{ visibility_timeout_seconds }}
{% if dead_letter %}
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = {{ attempts }}
  })
{% endif %}
  tags = {
{% for key, value in {'team': team, 'environment': environment}.items() %}
    "{{ key }}" = "{{ value }}"
{% endfor %}
  }
}

{% if dead_letter %}
resource "aws_sqs_queue" "dead" {
  name = "{{ full_name }}-dead"
}
{% endif %}

{% if connections.source is defined %}
resource "aws_sns_topic_subscription" "source" {
  topic_arn = "{{ connections.source.arn }}"
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.this.arn
}
{% endif %}

output "queue-arn" {
  value = aws_sqs_queue.this.arn
}

output "queue-url" {
  value = aws_sqs_queue.this.url
}

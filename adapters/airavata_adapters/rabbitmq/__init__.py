"""The connection to RabbitMQ that the task queue and the event bus share: options, reconnection, channels, errors."""

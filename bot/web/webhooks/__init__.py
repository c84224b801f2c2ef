"""What providers call: /webhooks/<channel>/<kind>, one registry, one file for all of them."""

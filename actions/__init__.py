"""Custom actions for the rasa-sdk server: thin doors over bot.core and bot.store, one module a family."""

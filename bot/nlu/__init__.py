"""Rasa graph components: cleaner, sentence encoder, label classifier, entity rules, gate, red-flag detector."""

"""What happens to a turn inside Rasa: our tracker store, and the few places where Rasa itself is changed."""

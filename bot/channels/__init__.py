"""Channels: how people reach the bot, and the one renderer that turns a reply into what each channel shows."""

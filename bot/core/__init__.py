"""The pure core: text, dates and ids in, values out. No Rasa, no web, no SQL; the clock is always an argument."""

"""`make bench`: turn cost beside a stock Rasa bot, long conversations, widget size."""

import gzip

from benchmarks import long_conversation, turns
from bot.core.settings import ROOT

if __name__ == "__main__":
    turns.main()
    long_conversation.main()
    parts = [
        path
        for path in (ROOT / "widget").glob("*")
        if path.name.startswith(("widget", "api", "store", "render", "locales"))
    ]
    size = sum(len(gzip.compress(path.read_bytes(), 9)) for path in parts)
    print(f"widget: {size} bytes gzipped ({', '.join(sorted(path.name for path in parts))})")

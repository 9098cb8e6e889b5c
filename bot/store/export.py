"""Export: everything that is stored of one conversation, as JSON, for the person it belongs to."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from bot.core.settings import load_settings
from bot.store.database import make_engine, utc_now
from bot.store.erasure import existing_places

FORMAT = "sma-companion-export/1"


def export(engine: sa.engine.Engine, conversation_id: str, *, now: datetime) -> dict[str, Any]:
    """Every row of every place that erasure knows, Rasa's events included; tables without rows are left out."""
    tables: dict[str, list[dict[str, Any]]] = {}
    with engine.connect() as connection:
        for place in existing_places(connection):
            table = sa.Table(place.table, sa.MetaData(), autoload_with=connection)
            query = sa.select(table).where(table.c[place.column] == conversation_id)
            rows = connection.execute(query.order_by(*table.primary_key.columns)).all()
            if rows:
                tables[place.table] = [{key: _plain(value) for key, value in row._mapping.items()} for row in rows]
    for event in tables.get("events", []):
        event["data"] = json.loads(event["data"])
    return {"format": FORMAT, "conversation": conversation_id, "exported_at": f"{now.isoformat()}Z", "tables": tables}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"({len(value)} encrypted bytes)"
    return value


def main(conversation_id: str) -> int:
    """`python -m bot export`: print one conversation of the settings' database; the exit code."""
    data = export(make_engine(load_settings().database), conversation_id, now=utc_now())
    if not data["tables"]:
        sys.stderr.write(f"Nothing is stored of a conversation {conversation_id!r}.\n")
        return 1
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
    return 0

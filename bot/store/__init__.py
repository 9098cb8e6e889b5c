"""Our tables, the queries over them and their migrations. Rasa's own `events` table is never altered."""

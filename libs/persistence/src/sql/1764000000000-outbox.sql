-- What every service has: messages that must leave, and messages that nobody could handle.

CREATE TABLE outbox (
  id            uuid PRIMARY KEY,
  topic         text NOT NULL,
  consumer      text NOT NULL DEFAULT '',
  key           text NOT NULL,
  headers       jsonb NOT NULL,
  body          jsonb NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  claimed_until timestamptz
);
-- The relay asks for the oldest rows; the table is nearly empty at all times.
CREATE INDEX outbox_by_age ON outbox (created_at);

CREATE TABLE dead_letter (
  id         uuid NOT NULL,
  consumer   text NOT NULL DEFAULT '',
  topic      text NOT NULL,
  key        text NOT NULL,
  headers    jsonb NOT NULL,
  body       jsonb NOT NULL,
  reason     text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (id, consumer)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, dead_letter TO {{worker}};

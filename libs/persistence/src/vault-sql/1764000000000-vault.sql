-- Secrets, encrypted before they come here. Nobody but the gateway puts any in; each provider reads its own.

CREATE TABLE data_key (
  id            uuid PRIMARY KEY,
  owner         text NOT NULL UNIQUE,
  wrapped       bytea NOT NULL,
  master_key_id text NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE credential (
  id           text PRIMARY KEY,
  owner_tenant uuid,
  provider     text NOT NULL,
  cipher       bytea NOT NULL,
  not_after    timestamptz NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE credential ENABLE ROW LEVEL SECURITY;
ALTER TABLE credential FORCE ROW LEVEL SECURITY;

-- A credential is replaced without a restart: its versions lie side by side, and exactly one of them is used.
--   key:     a private key that nobody has issued a certificate for yet
--   ready:   a whole pair that waits until the provider has answered under it
--   active:  used by the next request
--   retired: was used once, or was overtaken by a later version before it was
--   failed:  the provider does not take it
ALTER TABLE credential
  ADD COLUMN version     integer NOT NULL DEFAULT 1 CHECK (version > 0),
  ADD COLUMN state       text NOT NULL DEFAULT 'active' CHECK (state IN ('key', 'ready', 'active', 'retired', 'failed')),
  -- SHA-256 of the certificate; null for what has none.
  ADD COLUMN fingerprint text,
  -- Raised with every change that others are told of.
  ADD COLUMN seq         integer NOT NULL DEFAULT 0,
  ADD COLUMN updated_at  timestamptz NOT NULL DEFAULT now(),
  ALTER COLUMN not_after DROP NOT NULL,
  DROP CONSTRAINT credential_pkey,
  ADD PRIMARY KEY (id, version);
CREATE UNIQUE INDEX credential_active ON credential (id) WHERE state = 'active';
-- What services look through every few seconds; hardly ever is anything in it.
CREATE INDEX credential_ready ON credential (provider, updated_at) WHERE state = 'ready';

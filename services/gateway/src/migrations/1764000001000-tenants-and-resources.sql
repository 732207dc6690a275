-- Who uses the house and what they own. Money is bigint minor units, ids are UUIDv7, every row says its tenant and its
-- mode (test keys see test rows only). Composite keys (id, tenant_id, mode) let child rows prove by foreign key that
-- they belong to the same tenant and mode as their parent.

-- What row-level security compares with; an unset tenant is null and sees nothing.
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('tolem.tenant', true), '')::uuid $$;

CREATE TABLE tenant (
  id         uuid PRIMARY KEY,
  name       text NOT NULL,
  status     text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_key (
  id            uuid PRIMARY KEY,
  tenant_id     uuid NOT NULL REFERENCES tenant,
  mode          text NOT NULL CHECK (mode IN ('test', 'live')),
  name          text,
  secret_hash   bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
  scopes        text[] NOT NULL,
  -- Null means every organization of the tenant, every address.
  organizations uuid[],
  ips           text[],
  rotated_from  uuid REFERENCES api_key,
  expires_at    timestamptz,
  revoked_at    timestamptz,
  last_used_at  timestamptz,
  created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX api_key_by_tenant ON api_key (tenant_id, id);

-- Who did what, when, from where. Nobody may change or delete a row. Null tenant: it concerns the house, not a tenant.
CREATE TABLE audit_log (
  id         uuid PRIMARY KEY,
  tenant_id  uuid,
  mode       text,
  at         timestamptz NOT NULL DEFAULT now(),
  actor      text NOT NULL CHECK (actor IN ('operator', 'api_key')),
  actor_key  uuid,
  action     text NOT NULL,
  subject    text NOT NULL,
  ip         text,
  request_id text,
  detail     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_by_tenant ON audit_log (tenant_id, id);

-- What a key of a POST has made, besides money. Null tenant and mode: the operator's own posts.
CREATE TABLE idempotency (
  tenant_id  uuid,
  mode       text,
  route      text NOT NULL,
  key        text NOT NULL,
  hash       bytea NOT NULL,
  resource   uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_key UNIQUE NULLS NOT DISTINCT (tenant_id, mode, route, key)
);

CREATE TABLE organization (
  id          uuid PRIMARY KEY,
  tenant_id   uuid NOT NULL REFERENCES tenant,
  mode        text NOT NULL CHECK (mode IN ('test', 'live')),
  country     text NOT NULL CHECK (country IN ('KZ', 'RU')),
  tax_id      text NOT NULL,
  tax_id_kind text NOT NULL,
  name        text NOT NULL,
  timezone    text NOT NULL,
  max_amount  bigint NOT NULL CHECK (max_amount > 0),
  archived_at timestamptz,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT organization_tax_id UNIQUE (tenant_id, mode, tax_id),
  UNIQUE (id, tenant_id, mode)
);
CREATE INDEX organization_by_tenant ON organization (tenant_id, mode, id);

-- A client certificate of the operator that serves many organizations. The secret itself is in the vault, under crt_….
CREATE TABLE certificate (
  id          uuid PRIMARY KEY,
  provider    text NOT NULL,
  scheme      text NOT NULL,
  name        text NOT NULL,
  subject     text NOT NULL,
  issuer      text NOT NULL,
  serial      text NOT NULL,
  fingerprint text NOT NULL,
  not_before  timestamptz NOT NULL,
  not_after   timestamptz NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);

-- Which tenant may act for which tax id under a shared certificate: at most one, over all tenants.
CREATE TABLE credential_grant (
  credential_id uuid NOT NULL REFERENCES certificate,
  tenant_id     uuid NOT NULL REFERENCES tenant,
  tax_id        text NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT credential_grant_tax_id PRIMARY KEY (credential_id, tax_id)
);
CREATE INDEX credential_grant_by_tenant ON credential_grant (tenant_id, credential_id);

CREATE TABLE connection (
  id              uuid PRIMARY KEY,
  tenant_id       uuid NOT NULL,
  mode            text NOT NULL,
  organization_id uuid NOT NULL,
  provider        text NOT NULL,
  scheme          text NOT NULL,
  credential_id   uuid REFERENCES certificate,
  base_url        text NOT NULL,
  options         jsonb NOT NULL DEFAULT '{}',
  -- Raised with every change of settings; commands name the version that they were made for.
  version         integer NOT NULL DEFAULT 1,
  enabled         boolean NOT NULL DEFAULT true,
  health          text NOT NULL DEFAULT 'unknown' CHECK (health IN ('unknown', 'up', 'down', 'refused')),
  -- True from a request to verify until the provider service has answered.
  verifying       boolean NOT NULL DEFAULT true,
  verifications   integer NOT NULL DEFAULT 1,
  -- {code, provider_code, provider_message, cashier_key} as the provider service told it.
  reason          jsonb,
  provider_seq    bigint NOT NULL DEFAULT 0,
  checked_at      timestamptz,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (organization_id, tenant_id, mode) REFERENCES organization (id, tenant_id, mode),
  UNIQUE (id, tenant_id, mode)
);
CREATE UNIQUE INDEX connection_enabled ON connection (organization_id, provider) WHERE enabled;
CREATE INDEX connection_by_organization ON connection (organization_id, id);

-- Trade points as the provider lists them; they outlive a connection that is replaced, because desks stand in them.
CREATE TABLE trade_point (
  id              uuid PRIMARY KEY,
  tenant_id       uuid NOT NULL,
  mode            text NOT NULL,
  organization_id uuid NOT NULL,
  connection_id   uuid NOT NULL,
  provider        text NOT NULL,
  provider_ref    text NOT NULL,
  name            text NOT NULL,
  address         text,
  active          boolean NOT NULL DEFAULT true,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (organization_id, tenant_id, mode) REFERENCES organization (id, tenant_id, mode),
  FOREIGN KEY (connection_id, tenant_id, mode) REFERENCES connection (id, tenant_id, mode),
  CONSTRAINT trade_point_ref UNIQUE (organization_id, provider, provider_ref),
  UNIQUE (id, tenant_id, mode)
);

-- A cash desk under the chain's own name. A deleted desk keeps its row; the same name used again is another desk, so
-- that a provider's device that was deleted is never mistaken for the one of today.
CREATE TABLE desk (
  id              uuid PRIMARY KEY,
  tenant_id       uuid NOT NULL,
  mode            text NOT NULL,
  organization_id uuid NOT NULL,
  trade_point_id  uuid,
  external_id     text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 128),
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  deleted_at      timestamptz,
  FOREIGN KEY (organization_id, tenant_id, mode) REFERENCES organization (id, tenant_id, mode),
  FOREIGN KEY (trade_point_id, tenant_id, mode) REFERENCES trade_point (id, tenant_id, mode),
  UNIQUE (id, tenant_id, mode)
);
CREATE UNIQUE INDEX desk_external_id ON desk (tenant_id, mode, external_id) WHERE deleted_at IS NULL;
CREATE INDEX desk_by_organization ON desk (organization_id, id);

-- The device behind a desk at one provider, as the provider service tells it; on the bus it goes by the desk's own id.
CREATE TABLE desk_device (
  desk_id       uuid NOT NULL,
  provider      text NOT NULL,
  tenant_id     uuid NOT NULL,
  mode          text NOT NULL,
  status        text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'registered', 'failed', 'deleted')),
  failure       jsonb,
  -- Counts the registrations that were asked for, so that each has an operation id of its own.
  registrations integer NOT NULL DEFAULT 0,
  provider_seq  bigint NOT NULL DEFAULT 0,
  updated_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (desk_id, provider),
  FOREIGN KEY (desk_id, tenant_id, mode) REFERENCES desk (id, tenant_id, mode)
);

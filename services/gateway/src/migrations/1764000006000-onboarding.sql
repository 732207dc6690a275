-- A connection that was made together with its organization finishes its set-up by itself: once the provider has listed
-- the trade points, the first desk's device is registered. Null: the connection was made alone, nothing follows.
ALTER TABLE connection
  ADD COLUMN onboarding text CHECK (onboarding IN ('verifying', 'registering_device', 'ready', 'failed')),
  ADD COLUMN onboarding_desk_id uuid,
  -- The failure that keeps it from going on, in the form of `reason`.
  ADD COLUMN onboarding_reason jsonb,
  -- The verification after which the device was asked for: a device that was refused is asked for once per verification.
  ADD COLUMN onboarding_asked integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT connection_onboarding_desk FOREIGN KEY (onboarding_desk_id, tenant_id, mode) REFERENCES desk (id, tenant_id, mode);
CREATE INDEX connection_by_onboarding_desk ON connection (onboarding_desk_id) WHERE onboarding_desk_id IS NOT NULL;

-- The provider's own id of the trade point that the desk shall stand in as soon as the provider lists it.
ALTER TABLE desk ADD COLUMN wanted_trade_point text CHECK (length(wanted_trade_point) BETWEEN 1 AND 64);

-- What providers tell puts desks into their trade points.
GRANT UPDATE (trade_point_id, updated_at) ON desk TO {{worker}};

-- A key may be limited to some organizations; a tombstone belongs to none of them and hides nothing.
CREATE OR REPLACE FUNCTION key_may_see(organization uuid, organizations jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT organization IS NULL OR coalesce(organizations, 'null') = 'null' OR organizations ? organization::text
$$;

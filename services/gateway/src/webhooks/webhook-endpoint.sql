CREATE OR REPLACE FUNCTION webhook_endpoint_row(w webhook_endpoint) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(w) - '{secret,secret_before}'::text[]
$$;

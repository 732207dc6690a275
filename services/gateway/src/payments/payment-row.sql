-- The row as the program reads it and as events keep it; what only the database needs stays behind.
CREATE OR REPLACE FUNCTION payment_row(p payment) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(p) - '{tenant_id,idem_key,idem_hash,provider_seq,connection_version,trade_point_ref,asked_at,cancel_reason,reference_lock,items,refreshed_at,sealed,doubt_digest}'::text[]
$$;

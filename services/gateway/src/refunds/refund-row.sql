-- The row as the program reads it and as events keep it; what only the database needs stays behind.
CREATE OR REPLACE FUNCTION refund_row(r refund) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(r) - '{tenant_id,idem_key,idem_hash,provider_seq,connection_version,desk_id,trade_point_ref,start_by,choose_by,asked_at,cancel_reason,alarms}'::text[]
$$;

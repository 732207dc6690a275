-- The commands about a payment as providers get them. A spec holds them to the contracts.

CREATE OR REPLACE FUNCTION rfc3339(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- PostgreSQL breaks base64 into lines; the contracts want one.
CREATE OR REPLACE FUNCTION base64(bytes bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT translate(encode(bytes, 'base64'), E'\n', '')
$$;

-- What every command about a payment carries (contracts: commandShape).
CREATE OR REPLACE FUNCTION payment_command(p payment, op text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  WITH it AS MATERIALIZED (SELECT public_id('pay', p.id) AS id)
  SELECT jsonb_build_object(
    'op_id', it.id || '.' || op,
    'subject_id', it.id,
    'connection_id', public_id('con', p.connection_id),
    'connection_version', p.connection_version,
    'device_id', public_id('dsk', p.desk_id),
    'lane', it.id)
    FROM it
$$;

-- The start, the same whenever it is sent: everything in it is fixed when the payment is created.
CREATE OR REPLACE FUNCTION payment_start_body(p payment) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT payment_command(p, 'start') || jsonb_build_object(
    'method', p.method, 'amount', p.amount, 'currency', p.currency, 'reference', p.reference,
    'trade_point_ref', p.trade_point_ref, 'start_by', rfc3339(p.start_by))
    || CASE WHEN p.sealed IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('sealed', base64(p.sealed)) END
$$;

-- Every cancel that is sent has an operation id of its own: a provider drops what it knows.
CREATE OR REPLACE FUNCTION payment_cancel_body(p payment) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT payment_command(p, 'cancel.' || floor(extract(epoch FROM p.cancel_requested_at) * 1000)::bigint)
         || jsonb_build_object('reason', p.cancel_reason)
$$;

-- Every report is asked anew, so each has an operation id of its own.
CREATE OR REPLACE FUNCTION payment_report_body(p payment, asked_at timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT payment_command(p, 'report.' || floor(extract(epoch FROM asked_at) * 1000)::bigint)
         || jsonb_build_object('kind', 'payment', 'start_by', rfc3339(p.start_by))
$$;

CREATE OR REPLACE FUNCTION payment_refresh_body(p payment, asked_at timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT payment_command(p, 'refresh.' || floor(extract(epoch FROM asked_at) * 1000)::bigint)
$$;

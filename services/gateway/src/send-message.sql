-- Puts the rows of one message into the outbox; the program made everything but the body.
CREATE OR REPLACE FUNCTION send_message(rows jsonb, body jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO outbox (id, topic, consumer, key, headers, body)
  SELECT id, topic, consumer, key, headers, body
    FROM jsonb_to_recordset(rows) AS r (id uuid, topic text, consumer text, key text, headers jsonb)
$$;

-- Rows of a message whose subject and lane only the database learns: fills both in.
DROP FUNCTION IF EXISTS message_about(jsonb, uuid);
CREATE OR REPLACE FUNCTION message_about(rows jsonb, subject text, lane text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(r || jsonb_build_object(
           'key', lane, 'headers', r -> 'headers' || jsonb_build_object('ce_subject', subject)))
    FROM jsonb_array_elements(rows) AS r
$$;

-- Rows of a message that the program could not know of: it gave a pattern for any tenant, mode and subject.
CREATE OR REPLACE FUNCTION message_like(rows jsonb, tenant uuid, mode text, subject text, lane text, id_like uuid)
RETURNS jsonb LANGUAGE sql VOLATILE AS $$
  WITH it AS MATERIALIZED (SELECT public_id('msg', id_beside(id_like)) AS message_id)
  SELECT jsonb_agg(r || jsonb_build_object('id', id_beside(id_like), 'headers', r -> 'headers' || jsonb_build_object(
           'ce_id', it.message_id, 'tenant', public_id('ten', tenant), 'mode', mode)))
    FROM it, jsonb_array_elements(message_about(rows, subject, lane)) AS r
$$;

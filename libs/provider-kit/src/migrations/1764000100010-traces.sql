-- The trace of the request that asked for it (W3C traceparent), so that what is found out seconds or a restart later
-- still belongs to that request's trace.
ALTER TABLE subject ADD COLUMN traceparent text;
ALTER TABLE operation ADD COLUMN traceparent text;

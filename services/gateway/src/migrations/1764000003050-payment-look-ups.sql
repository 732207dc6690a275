-- The look-ups on the way of every payment, so that none of them goes through more rows than it needs, whatever the
-- planner knows about a table that has just begun to fill.

-- A reference is looked for by an index that no other can stand in for: with equal signs alone a planner without
-- statistics may take one that goes through all payments of the tenant. other_payments_of_reference compares for it.
CREATE INDEX payment_of_reference ON payment (reference, tenant_id, mode) WHERE reference IS NOT NULL;
DROP INDEX payment_by_reference;

-- Rows of these tables change several times within seconds. Statistics and dead rows must keep up from the beginning.
ALTER TABLE payment SET (autovacuum_analyze_threshold = 500, autovacuum_analyze_scale_factor = 0.02,
                         autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02);

-- Nearly empty at all times, and written for every message: dead rows must not wait for a share of a table that has none.
ALTER TABLE outbox SET (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0,
                        autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 5000);

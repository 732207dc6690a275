-- Rows of these tables change several times within seconds. Statistics and dead rows must keep up from the beginning.
ALTER TABLE subject SET (autovacuum_analyze_threshold = 500, autovacuum_analyze_scale_factor = 0.02,
                         autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE operation SET (autovacuum_analyze_threshold = 500, autovacuum_analyze_scale_factor = 0.02,
                           autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0.02);

/** What `npm run bench -- --help` shows. */
export const HELP = `npm run bench -- <name> [options]

Measures Tolem on this machine: starts PostgreSQL, Kafka, Redis, the sandbox bank and a process per service for itself
(own ports, own data, fsync on, mutual TLS on, logs at info), loads them from this process and takes everything down
again. Kafka needs Java 17 and Maven; --embedded needs neither.

Names
  payments    whole payments: tills create, show the QR, wait and see the money. The rate rises until an aim or an
              answer breaks; then the latencies are measured at half of the last good rate
  create      the create alone: POST without waiting, buyers stay away
  read        GET of payments that are paid
  poll        open payments that the house asks the bank about; one operation is one question
  startup     how long each service takes from its start until it serves and is ready
  idle        what a house costs that has nothing to do, after a few payments
  rolling     payments go on while the processes of kaspi (two) are restarted in order, one after the other

Options
  --embedded          every service in one process, bus and schedule in its memory (not for startup and rolling)
  --replicas LIST     how many processes of a service run, such as kaspi=2,gateway=2 (default one of each; rolling:
                      kaspi=2). The tills ask the gateways in turn
  --rate N            operations per second. payments: one run at this rate, no steps; with --steps the first step's.
                      Default: create 50, read 200, rolling 50; idle 5, for the payments before
  --seconds S         length of the measured run (default 60; create, read and poll 20)
  --steps             payments: let the rate rise (the default without --rate)
  --step-by N         by how much it rises, payments/s (default 25)
  --step-seconds S    how long each step lasts (default 20, which fits into the default --minutes; 60 for the record)
  --minutes M         the whole run, set-up included, takes no longer than about this (default 6; payments 8, with
                      --embedded 6)
  --desks N           cash desks that the tills stand at (default 200; idle 20)
  --open N            poll: how many payments are open (default 200)
  --times N           startup: how often each service is started (default 5)
  --flame             profiles every service in a further run of the same rate: a .cpuprofile of each beside the result
                      (Chrome's developer tools and speedscope read it) and a table of what costs most (not for startup
                      and rolling)
  --help              show this text

TOLEM_ variables that are set reach the services (pool sizes, for example); the log level is info whatever is set.

Results are written to .tolem/bench/ as JSON and as the table that was shown. They hold for this machine and for what
else it did meanwhile.
`;

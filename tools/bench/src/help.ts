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
  refunds     refunds without the buyer (scheme 3) of payments made before; then the same while answers of the bank are
              lost, until all have ended: the books of both sides are compared
  waiting     payments that wait for their buyers, many at once, put into the tables with SQL: memory and CPU for asking
              about them, how late, and what PostgreSQL writes meanwhile. --no-call: the scheduler and its Redis alone
  certificate payments go on while the certificate that they are made under is replaced
  startup     how long each service takes from its start until it serves and is ready
  idle        what a house costs that has nothing to do, after a few payments
  rolling     payments go on while the processes of kaspi (two) are restarted in order, one after the other

Options
  --embedded          every service in one process, bus and schedule in its memory (not for startup and rolling)
  --replicas LIST     how many processes of a service run, such as kaspi=2,gateway=2 (default one of each; rolling:
                      kaspi=2). The tills ask the gateways in turn
  --rate N            operations per second. payments: one run at this rate, no steps; with --steps the first step's.
                      Default: create 50, read 200, refunds 10, certificate 100, rolling 50; idle 5, for the payments
                      before
  --seconds S         length of the measured run (default 60; create, read and poll 20, refunds and certificate
                      30, waiting 120)
  --steps             payments: let the rate rise (the default without --rate)
  --step-by N         by how much it rises, payments/s (default 25)
  --step-seconds S    how long each step lasts (default 20, which fits into the default --minutes; 60 for the record)
  --minutes M         the whole run, set-up included, takes no longer than about this (default 6; payments 8, with
                      --embedded 6; refunds 9, waiting 10)
  --desks N           cash desks that the tills stand at (default 200; refunds 50, idle 20)
  --open N            poll: how many payments are open (default 200)
  --times N           startup: how often each service is started (default 5); certificate: how often it is replaced
                      (default 2)
  --lost N            refunds: how many answers are lost, at most 100 (default 20)
  --payments N        waiting: how many wait at once (default 100000; with --no-call 1000000)
  --interval S        waiting: how often each is asked about (default 60; with --no-call 600)
  --no-call           waiting: nobody is asked and no house is started; Redis alone
  --flame             profiles every service in a further run of the same rate: a .cpuprofile of each beside the result
                      (Chrome's developer tools and speedscope read it) and a table of what costs most (not for
                      startup, rolling, refunds and certificate)
  --help              show this text

TOLEM_ variables that are set reach the services (pool sizes, for example); the log level is info whatever is set.

Results are written to .tolem/bench/ as JSON and as the table that was shown. They hold for this machine and for what
else it did meanwhile.
`;

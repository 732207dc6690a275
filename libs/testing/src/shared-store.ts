const VARIABLES = { kafka: 'TOLEM_TEST_KAFKA', redis: 'TOLEM_TEST_REDIS' } as const;

/**
 * The Kafka (`host:port`, several with commas) or the Redis (`redis://…`) that all specs of this run share: the one that
 * TOLEM_TEST_KAFKA (which must allow sessions of a second: `group.min.session.timeout.ms`) or TOLEM_TEST_REDIS names, else
 * the one that the run starts for whoever asks first. Other workers use it at the same moment, so names and keys need a
 * prefix of one's own, and what a spec kills or empties must be its own.
 * Throws with the reason where there is none; a first fetch of Kafka may take minutes.
 */
export async function sharedStore(store: keyof typeof VARIABLES): Promise<string> {
  const given = process.env[VARIABLES[store]] ?? '';
  if (given !== '') return given;
  const desk = process.env['TOLEM_TEST_STORES'] ?? '';
  if (desk === '') throw new Error('TOLEM_TEST_STORES is not set: run specs through jest of this workspace');
  const response = await fetch(`${desk}/${store}`);
  const said = await response.text();
  if (!response.ok) throw new Error(`this run has no ${store}: ${said}`);
  return said;
}

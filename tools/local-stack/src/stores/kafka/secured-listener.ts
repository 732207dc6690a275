/** A second way into a broker: over TLS, for whoever has a certificate of ours and a password besides. */
export interface SecuredListener {
  /** PEM file of the broker: its key (PKCS #8), then its certificate with the address 127.0.0.1. */
  keystore: string;
  /** PEM file of the authority of the clients' certificates. */
  truststore: string;
  /** May sign in by PLAIN and by SCRAM-SHA-512. Letters and digits: they stand in settings unquoted. */
  user: { name: string; password: string };
}

/** What is added to the settings of a broker, and takes the place of what stands there. */
export function securedSettings(
  { keystore, truststore, user }: SecuredListener,
  ports: { port: number; controllerPort: number; securedPort: number },
): string {
  const { port, controllerPort, securedPort } = ports;
  const login = 'org.apache.kafka.common.security';
  const own = 'listener.name.secured';
  return `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort},SECURED://127.0.0.1:${securedPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port},SECURED://127.0.0.1:${securedPort}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL
${own}.ssl.keystore.type=PEM
${own}.ssl.keystore.location=${keystore}
${own}.ssl.truststore.type=PEM
${own}.ssl.truststore.location=${truststore}
${own}.ssl.client.auth=required
${own}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
${own}.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required user_${user.name}="${user.password}";
${own}.scram-sha-512.sasl.jaas.config=${login}.scram.ScramLoginModule required;
`;
}

/** For the formatting of the storage, which is where the first passwords of SCRAM are kept. */
export const scramArguments = ({ user }: SecuredListener): string[] => [
  '--add-scram',
  `SCRAM-SHA-512=[name=${user.name},password=${user.password}]`,
];

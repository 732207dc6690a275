/** Where the parts of a house listen if nobody is there already; the schemes of Kaspi QR where the bank itself has them. */
export const USUAL_PORTS = {
  gateway: 8080,
  management: 9090,
  sandboxControl: 8540,
  kaspi: { r1: 8543, r2: 8544, r3: 8545 },
  egressProxy: 3128,
} as const;

type Numbers<T> = { readonly [Key in keyof T]: T[Key] extends number ? number : Numbers<T[Key]> };

export type PreferredPorts = Numbers<typeof USUAL_PORTS>;
export type KaspiPorts = PreferredPorts['kaspi'];
export type KaspiScheme = keyof KaspiPorts;

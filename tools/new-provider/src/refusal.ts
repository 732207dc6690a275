/** Something that cannot be done, told as one sentence. Nothing has been written. */
export class Refusal extends Error {}

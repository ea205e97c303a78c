// Samples a second of all sound that the gateway sends here.
export const RATE = 24000;

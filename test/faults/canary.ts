/** In every key and value that a harness produces; wherever else it is found, record content leaked. */
export const CANARY = 'canary7f3e';

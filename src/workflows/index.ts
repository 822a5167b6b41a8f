export { runDrain } from './run-drain.js';

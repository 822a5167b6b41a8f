import { runDrainThread } from './thread.js';

await runDrainThread();

// Loaded into Carillon's own roles by `--import`: they end with the bench, however that ends.
import { isMainThread } from 'node:worker_threads';

if (isMainThread) process.on('disconnect', () => process.exit(1));

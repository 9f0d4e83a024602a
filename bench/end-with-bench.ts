// Loaded with `--import` into Carillon's own processes, so that they end with the benchmark, however that ends.
import { isMainThread } from 'node:worker_threads';

if (isMainThread) process.on('disconnect', () => process.exit(1));

// A thread that judges one module and ends: started by syntax-check.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { moduleProblem } from './check-module.ts';

parentPort?.postMessage(await moduleProblem(String(workerData)));

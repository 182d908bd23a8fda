/** The machine that the figures are from, and whether it was quiet enough for them to mean something. */
import { availableParallelism, cpus, loadavg } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  /** Of the last minute, before anything was measured; 0 where the system does not know it (Windows). */
  readonly load: number;
  /** Too much load for the figures to be trusted. */
  readonly busy: boolean;
}

/** Load for each core from which on figures are not to be trusted. */
const BUSY = 0.25;

export function readMachine(): Machine {
  const cores = availableParallelism();
  const [load = 0] = loadavg();
  const cpu = cpus()[0]?.model.trim() ?? 'unknown';
  return { cpu, cores, node: process.version, load: Math.round(load * 100) / 100, busy: load > BUSY * cores };
}

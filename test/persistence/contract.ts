/**
 * What every backend does, whoever implements it: backendContract('memory', () => …). The parts of the contract stand in files
 * of their own.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import type { Backend } from '../../src/persistence/backend.ts';
import { detailsContract } from './contract-details.ts';
import { orderContract } from './contract-order.ts';
import { ownersContract } from './contract-owners.ts';

/** Where backends of one kind keep their details. */
export interface Place {
  open(): Backend;
  /** Several backends may be opened there, and each sees what the others keep. */
  readonly isShared: boolean;
  /** Called when all backends are closed. */
  remove(): void;
}

/** What a test works with, anew for each. */
export interface Bench {
  readonly backend: Backend;
  /** Another backend at the same place. */
  another(): Backend;
}

export function backendContract(name: string, make: () => Place): void {
  describe(`the contract of backends: ${name}`, () => {
    let place: Place;
    let opened: Backend[] = [];
    const open = (): Backend => {
      const backend = place.open();
      opened.push(backend);
      return backend;
    };
    beforeEach(() => {
      place = make();
      opened = [];
      open();
    });
    afterEach(async () => {
      for (const backend of opened) await backend.close();
      place.remove();
    });
    const bench: Bench = {
      get backend() {
        return opened[0]!;
      },
      another: open,
    };
    ownersContract(bench);
    detailsContract(bench);
    const probe = make();
    probe.remove();
    orderContract(bench, probe.isShared);
  });
}

import { memory } from '../../src/persistence/memory.ts';
import { backendContract } from './contract.ts';

backendContract('memory', () => ({ open: memory, isShared: false, remove() {} }));

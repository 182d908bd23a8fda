import { defineConfig } from 'vitest/config';
import { DURABILITY, SETTINGS } from './vitest.config.ts';

export default defineConfig({ test: { ...SETTINGS, include: DURABILITY } });

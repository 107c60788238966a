import { defineGovernance } from '../../../src/config/index.ts';
import base from './census.config.ts';

/** The same, where Directus's role stays the owner of the governed tables. */
export default defineGovernance({ ...base, strength: 'single-role' });

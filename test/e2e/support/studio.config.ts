import base from '../../../directus.config.ts';
import { defineGovernance } from '../../../src/config/index.ts';

/** This repository's own declaration, with a posture that only admins see. */
export default defineGovernance({ ...base, visibility: { posture: 'admin', evidence: 'admin' } });

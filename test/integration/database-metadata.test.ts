import { inject } from 'vitest';
import { useScene } from './support/scene.ts';
import { metadataSuite } from './support/suite-metadata.ts';

metadataSuite(useScene(() => inject('cluster')));

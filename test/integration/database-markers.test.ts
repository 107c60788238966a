import { inject } from 'vitest';
import { useScene } from './support/scene.ts';
import { markersSuite } from './support/suite-markers.ts';

markersSuite(useScene(() => inject('cluster')));

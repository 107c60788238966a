import { inject } from 'vitest';
import { useScene } from './support/scene.ts';
import { cascadeSuite, searchPathSuite, strengthSuite } from './support/suite-traps.ts';

const scene = useScene(() => inject('cluster'));

cascadeSuite(scene);
strengthSuite(scene);
searchPathSuite(scene);
